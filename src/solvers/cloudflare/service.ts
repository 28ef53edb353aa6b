import PQueue from 'p-queue';
import { plainName } from '../../dns/wire.js';
import type { HttpClient } from '../../http/client.js';
import type { HttpRequest } from '../../http/message.js';
import { CertError } from '../../model/errors.js';
import { Secret } from '../../model/secret.js';
import type { Change, DnsService, HostedZone, Kind, Standing, ZoneList } from '../hosted/service.js';
import { readTexts, writeTexts } from '../hosted/text.js';
import { oneLine, onTheWay } from '../hosted/trouble.js';
import {
  type Envelope,
  type RecordWire,
  readEnvelope,
  readRecords,
  readZones,
  type ZoneWire,
} from './wire.js';

const LABEL = 'Cloudflare';
/** The most a page of zones holds. https://developers.cloudflare.com/api/resources/zones/methods/list/ */
const ZONES_PER_PAGE = 50;
const RECORDS_PER_PAGE = 100;
/** More pages than these no account has: something counts wrong. */
const MOST_PAGES = 400;
/** Records of one batch in every plan. https://developers.cloudflare.com/dns/manage-dns-records/how-to/batch-record-changes/ */
const BATCH = 200;
const READERS = 4;
/** For people; every plan has room for 100 characters. https://developers.cloudflare.com/dns/manage-dns-records/reference/record-attributes/ */
const COMMENT = 'certwright: proof of control over a name, removed by itself';

/**
 * Codes that tell of the credentials rather than of the call: 6003 invalid request headers, 6111 invalid Authorization
 * header, 9109 invalid access token, or a resource it may not use, 10000 authentication error, 1000 invalid API token.
 * As they are reported publicly; the API reference does not list them.
 */
const CREDENTIAL_CODES = new Set([1000, 6003, 6111, 9109, 10_000]);

interface CloudflareStanding extends Standing {
  readonly records: readonly RecordWire[];
}

interface Zone extends HostedZone {
  readonly servers: readonly string[];
}

export interface CloudflareOptions {
  readonly http: HttpClient;
  readonly token: Secret;
  readonly ttl: number;
}

/** Cloudflare's API, version 4, with an API token. */
export function cloudflareService({ http, token, ttl }: CloudflareOptions): DnsService<CloudflareStanding> {
  const queue = new PQueue({ concurrency: READERS });

  /** Writing calls too: one that is repeated finds its records there, or gone, and says so. */
  async function call(
    request: HttpRequest,
    permission: string,
  ): Promise<{ readonly status: number; readonly body: Envelope }> {
    try {
      const reply = await http.read({
        ...request,
        headers: { authorization: bearer(token), accept: 'application/json' },
      });
      const body = readEnvelope(reply.text);
      const denied = reply.status === 401 || reply.status === 403;
      if (denied || body.errors.some(({ code }) => CREDENTIAL_CODES.has(code)))
        throw refusal(body, permission);
      return { status: reply.status, body };
    } catch (error) {
      throw onTheWay(error, LABEL);
    }
  }

  async function readAll<T>(
    path: string,
    query: Readonly<Record<string, string>>,
    perPage: number,
    permission: string,
    parse: (result: unknown) => readonly T[],
  ): Promise<readonly T[]> {
    const all: T[] = [];
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const { status, body } = await call(
        { method: 'GET', path, query: { ...query, page: String(page), per_page: String(perPage) } },
        permission,
      );
      if (!body.success) throw notDone(`answers ${status} to a read of ${path}`, body);
      try {
        all.push(...parse(body.result));
      } catch (error) {
        throw onTheWay(error, LABEL);
      }
      if (page >= body.totalPages) return all;
    }
    throw new CertError('solver.failed', `${LABEL} lists more than ${MOST_PAGES} pages under ${path}`);
  }

  const found: Zone[] = [];

  return {
    label: LABEL,
    zoneRemedy:
      'let the token use that zone (Zone:Read and DNS:Edit, with the zone among its resources), or prove the name in another way',
    batch: BATCH,

    async zones(): Promise<ZoneList> {
      const zones = await readAll('/zones', {}, ZONES_PER_PAGE, 'Zone:Read', readZones);
      const judged = zones.map((zone) => ({ zone, why: whyUnusable(zone) }));
      found.push(
        ...judged.flatMap(({ zone, why }) =>
          why === undefined ? [{ id: zone.id, name: plainName(zone.name), servers: zone.nameServers }] : [],
        ),
      );
      return {
        usable: found,
        unusable: judged.flatMap(({ zone, why }) =>
          why === undefined ? [] : [{ name: plainName(zone.name), why }],
        ),
      };
    },

    async standingAt(zone, owners) {
      const all = await Promise.all(
        owners.map((owner) =>
          queue.add(async () => {
            const records = await readAll(
              `/zones/${zone.id}/dns_records`,
              { 'name.exact': owner },
              RECORDS_PER_PAGE,
              `DNS:Edit for ${zone.name}`,
              readRecords,
            );
            return [owner, standingOf(records.filter(({ name }) => plainName(name) === owner))] as const;
          }),
        ),
      );
      return new Map(all);
    },

    async change(zone, kind, changes) {
      const { status, body } = await call(
        {
          method: 'POST',
          path: `/zones/${zone.id}/dns_records/batch`,
          body: { kind: 'json', value: batchOf(kind, changes, ttl) },
        },
        `DNS:Edit for ${zone.name}`,
      );
      if (body.success) return undefined;
      const error = notDone(`did not change ${zone.name}`, body);
      // Anything below 500 is about the records; above, nothing in them would help.
      if (status >= 500) throw error;
      return error;
    },

    nameServers: async (zone) => found.find(({ id }) => id === zone.id)?.servers ?? [],
    close: () => http.close(),
  };
}

const bearer = (token: Secret): Secret => new Secret(`Bearer ${token.reveal()}`);

/** Only proofs in zones that Cloudflare itself serves to everybody can be seen. */
function whyUnusable({ status, type }: ZoneWire): string | undefined {
  if (status !== 'active') return `is ${status} at Cloudflare: its name servers are not Cloudflare's yet`;
  return type === 'full' ? undefined : `is of type ${type} at Cloudflare: its records are kept elsewhere`;
}

function standingOf(records: readonly RecordWire[]): CloudflareStanding {
  const alias = records.find(({ type }) => type === 'CNAME');
  return {
    records,
    texts: records.flatMap(({ type, content }) => (type === 'TXT' ? [readTexts(content, 'decimal')] : [])),
    others: records.flatMap(({ type }) => (type === 'TXT' || type === 'CNAME' ? [] : [type])),
    ...(alias === undefined ? {} : { alias: plainName(alias.content) }),
    ...(alias?.proxied ? { special: 'a CNAME that Cloudflare proxies' } : {}),
  };
}

/** Deletes are carried out before posts, all in one transaction. */
function batchOf(kind: Kind, changes: readonly Change<CloudflareStanding>[], ttl: number) {
  if (kind === 'clean-up') return { deletes: changes.flatMap(idsOf).map((id) => ({ id })) };
  return {
    posts: changes.map(({ owner, record }) => ({
      type: record.type,
      name: owner,
      content: record.type === 'CNAME' ? plainName(record.value) : writeTexts(record.value, 'decimal'),
      ttl,
      comment: COMMENT,
      ...(record.type === 'CNAME' ? { proxied: false } : {}),
    })),
  };
}

const idsOf = ({ record, standing }: Change<CloudflareStanding>): readonly string[] =>
  standing.records.flatMap(({ id, type, content }) => {
    if (type !== record.type) return [];
    const same =
      record.type === 'CNAME'
        ? plainName(content) === plainName(record.value)
        : readTexts(content, 'decimal') === record.value;
    return same ? [id] : [];
  });

const wordsOf = ({ errors }: Envelope): string =>
  oneLine(errors.map(({ code, message }) => `${message.replace(/\.$/, '')} (${code})`).join('; ')) ||
  'no reason';

const notDone = (what: string, body: Envelope): CertError =>
  new CertError('solver.failed', `${LABEL} ${what}: ${wordsOf(body)}`);

const refusal = (body: Envelope, permission: string): CertError =>
  new CertError('solver.refused', `${LABEL} refuses the token: ${wordsOf(body)}`, {
    remedy: `give the token the permission ${permission}, or correct the token if it is mistyped or over`,
  });
