import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from '@aws-sdk/client-route-53';
import PQueue from 'p-queue';
import { plainName } from '../../dns/wire.js';
import { CertError } from '../../model/errors.js';
import type { Secret } from '../../model/secret.js';
import { SECOND_MS } from '../../model/time.js';
import type { DnsService, HostedZone, ZoneList } from '../hosted/service.js';
import { callFailure, changeRefusal, isChangeRefused, LABEL } from './errors.js';
import { changesOf, type Route53Standing, standingOf } from './sets.js';

/** https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZones.html */
const ZONES_PER_PAGE = 100;
const MOST_PAGES = 200;
/** Sets of other types that may stand at one name before ours comes. */
const SETS_PER_READ = 100;
/**
 * A batch holds 1000 changes and 32000 characters of values, and a set that is changed counts twice and carries all its
 * values: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
 */
const BATCH = 40;
/** Five calls a second are allowed for an account. https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html */
const READERS = 3;
const ATTEMPTS = 3;
const COMMENT = 'certwright: proof of control over a name';

export interface Route53Options {
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: Secret;
  readonly region: string;
  readonly url?: string;
  readonly ttl: number;
  /** Ids of hosted zones; empty: all of the account. */
  readonly hostedZones: readonly string[];
  /** The last change of each zone by its id; outlives one session. */
  readonly sent: Map<string, string>;
  readonly signal: AbortSignal;
}

/** Route 53's API, 2013-04-01. */
export function route53Service(options: Route53Options): DnsService<Route53Standing> {
  const { signal, ttl, hostedZones, sent } = options;
  const client = new Route53Client({
    region: options.region,
    ...(options.url === undefined ? {} : { endpoint: options.url }),
    // Given here, so that neither ~/.aws nor a metadata service is asked.
    credentials: {
      accessKeyId: options.accessKeyId.reveal(),
      secretAccessKey: options.secretAccessKey.reveal(),
      ...(options.sessionToken === undefined ? {} : { sessionToken: options.sessionToken.reveal() }),
    },
    maxAttempts: ATTEMPTS,
    retryMode: 'standard',
    defaultsMode: 'standard',
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    requestHandler: { connectionTimeout: 10 * SECOND_MS, requestTimeout: 30 * SECOND_MS },
  });
  const queue = new PQueue({ concurrency: READERS });
  const late = new Map<string, Promise<string | undefined>>();

  async function call<T>(action: string, where: string, send: () => Promise<T>): Promise<T> {
    try {
      return await queue.add(send);
    } catch (error) {
      throw callFailure(error, action, where, signal);
    }
  }
  const abort = { abortSignal: signal };

  async function zoneOf(id: string) {
    return call('GetHostedZone', ` ${id}`, () => client.send(new GetHostedZoneCommand({ Id: id }), abort));
  }

  async function allZones() {
    const all = [];
    let marker: string | undefined;
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const reply = await call('ListHostedZones', '', () =>
        client.send(
          new ListHostedZonesCommand({
            MaxItems: ZONES_PER_PAGE,
            ...(marker === undefined ? {} : { Marker: marker }),
          }),
          abort,
        ),
      );
      all.push(...(reply.HostedZones ?? []));
      if (!reply.IsTruncated || reply.NextMarker === undefined) return all;
      marker = reply.NextMarker;
    }
    throw new CertError('solver.failed', `${LABEL} lists more than ${MOST_PAGES} pages of hosted zones`);
  }

  async function standing(zone: HostedZone, owner: string): Promise<Route53Standing> {
    const reply = await call('ListResourceRecordSets', ` on ${zone.name}`, () =>
      client.send(
        new ListResourceRecordSetsCommand({
          HostedZoneId: zone.id,
          StartRecordName: owner,
          MaxItems: SETS_PER_READ,
        }),
        abort,
      ),
    );
    return standingOf((reply.ResourceRecordSets ?? []).filter(({ Name = '' }) => plainName(Name) === owner));
  }

  /** Keys that may not ask leave it to the name servers to tell. */
  async function look(id: string): Promise<string | undefined> {
    try {
      const { ChangeInfo } = await call('GetChange', '', () =>
        client.send(new GetChangeCommand({ Id: id }), abort),
      );
      if (ChangeInfo?.Status === 'INSYNC') return undefined;
      return `${LABEL} has not brought the change to all its servers yet (${ChangeInfo?.Status ?? 'unknown'})`;
    } catch (error) {
      if (error instanceof CertError && error.code === 'solver.refused') return undefined;
      throw error;
    }
  }

  return {
    label: LABEL,
    zoneRemedy: 'use keys of the account that has its public hosted zone, or prove the name in another way',
    batch: BATCH,

    async zones(): Promise<ZoneList> {
      const zones =
        hostedZones.length === 0
          ? await allZones()
          : (await Promise.all(hostedZones.map(zoneOf))).flatMap(({ HostedZone: zone }) => zone ?? []);
      const named = zones.map(({ Id = '', Name = '', Config }) => ({
        id: Id.replace(/^\/hostedzone\//, ''),
        name: plainName(Name),
        isPrivate: Config?.PrivateZone === true,
      }));
      return {
        usable: named.flatMap(({ isPrivate, ...zone }) => (isPrivate ? [] : [zone])),
        unusable: named.flatMap(({ isPrivate, name }) =>
          isPrivate ? [{ name, why: 'is private: nobody outside its networks sees its records' }] : [],
        ),
      };
    },

    async standingAt(zone, owners) {
      const all = await Promise.all(
        owners.map(async (owner) => [owner, await standing(zone, owner)] as const),
      );
      return new Map(all);
    },

    async change(zone, kind, changes) {
      const command = new ChangeResourceRecordSetsCommand({
        HostedZoneId: zone.id,
        ChangeBatch: { Comment: COMMENT, Changes: [...changesOf(kind, changes, ttl)] },
      });
      try {
        const { ChangeInfo } = await queue.add(() => client.send(command, abort));
        if (ChangeInfo?.Id !== undefined) sent.set(zone.id, ChangeInfo.Id);
        return undefined;
      } catch (error) {
        if (isChangeRefused(error)) return changeRefusal(error, zone.name);
        throw callFailure(error, 'ChangeResourceRecordSets', ` on ${zone.name}`, signal);
      }
    },

    async nameServers(zone) {
      const { DelegationSet } = await zoneOf(zone.id);
      return DelegationSet?.NameServers ?? [];
    },

    onItsWay(zone) {
      const id = sent.get(zone.id);
      if (id === undefined) return Promise.resolve(undefined);
      const known = late.get(id) ?? look(id);
      late.set(id, known);
      return known;
    },

    async close() {
      client.destroy();
    },
  };
}
