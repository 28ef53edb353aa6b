/**
 * Route 53's API, 2013-04-01, as far as its public reference describes it
 * (https://docs.aws.amazon.com/Route53/latest/APIReference/): ListHostedZones, GetHostedZone, ListResourceRecordSets,
 * ChangeResourceRecordSets (all or nothing; DELETE needs the very set, CREATE none; a CNAME stands alone), GetChange
 * (PENDING, then INSYNC). Names carry a closing dot, sets are listed by labels from the right, errors come as
 * ErrorResponse. What it does not know fails the test.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import type { ServedRecord } from './name-server.js';

export interface FakeHostedZone {
  readonly id: string;
  readonly name: string;
  readonly private?: boolean;
}

export interface FakeSet {
  readonly zone: string;
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly values: readonly string[];
  /** Lines of XML beside them. */
  readonly more?: string;
}

export const KEYS = {
  accessKeyId: 'AKIACANARY0123456789',
  secretAccessKey: 'secret/canary+0123456789',
  sessionToken: 'session-canary',
} as const;

export interface Route53Api {
  readonly url: string;
  readonly sets: FakeSet[];
  readonly calls: string[];
  fail(match: RegExp, reply: { readonly status: number; readonly code: string }, times?: number): void;
  /** Runs right before the next batch is carried out: somebody else is faster. */
  beforeBatch(task: () => void): void;
  /** Changes are at all servers from now on. */
  settle(): void;
  served(): readonly ServedRecord[];
}

const XMLNS = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"';
const xml = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
const plain = (text: string): string =>
  text
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
const inside = (text: string, tag: string): string =>
  new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(text)?.[1] ?? '';
const each = (text: string, tag: string): readonly string[] =>
  [...text.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))].map((match) => match[1] ?? '');
const fromTheRight = (name: string): string => name.replace(/\.$/, '').split('.').reverse().join('.');

export async function startRoute53(
  zones: readonly FakeHostedZone[],
  standing: readonly FakeSet[] = [],
  /** Zones a page holds at most. */
  largestPage = 100,
): Promise<Route53Api> {
  let sets: FakeSet[] = [...standing];
  const calls: string[] = [];
  const violations: string[] = [];
  const failures: {
    readonly match: RegExp;
    readonly status: number;
    readonly code: string;
    times: number;
  }[] = [];
  let before: (() => void) | undefined;
  let settled = false;
  let changes = 0;

  const answer = (response: ServerResponse, status: number, body: string): void => {
    response.writeHead(status, { 'content-type': 'text/xml' });
    response.end(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`);
  };
  const fails = (
    response: ServerResponse,
    status: number,
    code: string,
    message = `${code} for a test`,
  ): void =>
    answer(
      response,
      status,
      `<ErrorResponse ${XMLNS}><Error><Type>Sender</Type><Code>${code}</Code><Message>${xml(message)}</Message></Error><RequestId>r1</RequestId></ErrorResponse>`,
    );
  const zoneXml = ({ id, name, private: hidden = false }: FakeHostedZone): string =>
    `<HostedZone><Id>/hostedzone/${id}</Id><Name>${name}.</Name><CallerReference>c</CallerReference><Config><PrivateZone>${hidden}</PrivateZone></Config></HostedZone>`;
  const setXml = ({ name, type, ttl, values, more = '' }: FakeSet): string =>
    `<ResourceRecordSet><Name>${xml(name)}</Name><Type>${type}</Type>${more}${
      values.length === 0
        ? ''
        : `<TTL>${ttl}</TTL><ResourceRecords>${values
            .map((value) => `<ResourceRecord><Value>${xml(value)}</Value></ResourceRecord>`)
            .join('')}</ResourceRecords>`
    }</ResourceRecordSet>`;

  /** @returns what is wrong with the batch */
  function change(zone: FakeHostedZone, body: string): readonly string[] {
    before?.();
    before = undefined;
    let next = [...sets];
    const wrong: string[] = [];
    const all = each(inside(body, 'Changes'), 'Change');
    const characters = all.flatMap((one) => each(one, 'Value')).join('').length;
    if (all.length === 0 || all.length > 1_000 || characters > 32_000) violations.push('batch size');
    for (const one of all) {
      const action = inside(one, 'Action');
      const set: FakeSet = {
        zone: zone.id,
        name: inside(one, 'Name'),
        type: inside(one, 'Type'),
        ttl: Number(inside(one, 'TTL')),
        values: each(one, 'Value').map(plain),
      };
      if (!set.name.endsWith(`${zone.name}.`)) violations.push(`name ${set.name}`);
      if (
        set.type === 'TXT' &&
        set.values.some((value) => !/^"(?:[^"\\]|\\.){0,1020}"( "(?:[^"\\]|\\.)*")*$/.test(value))
      )
        wrong.push(
          'Invalid Resource Record: InvalidCharacterString (Value should be enclosed in quotation marks)',
        );
      const same = next.find(
        ({ zone: id, name, type }) => id === zone.id && name === set.name && type === set.type,
      );
      const label = `[name='${set.name}', type='${set.type}']`;
      if (action === 'DELETE') {
        if (!same) wrong.push(`Tried to delete resource record set ${label} but it was not found`);
        else if (same.ttl !== set.ttl || same.values.join('|') !== set.values.join('|'))
          wrong.push(
            `Tried to delete resource record set ${label} but the values provided do not match the current values`,
          );
        next = next.filter((other) => other !== same);
      } else if (action === 'CREATE') {
        if (same) wrong.push(`Tried to create resource record set ${label} but it already exists`);
        const here = next.filter(({ zone: id, name }) => id === zone.id && name === set.name);
        if (here.some(({ type }) => (type === 'CNAME') !== (set.type === 'CNAME')))
          wrong.push(
            `RRSet of type ${set.type} with DNS name ${set.name} is not permitted as it conflicts with other records`,
          );
        next.push(set);
      } else violations.push(`action ${action}`);
    }
    if (wrong.length === 0) sets = next;
    return wrong;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://api');
    const label = `${request.method} ${url.pathname.replace('/2013-04-01', '').replace(/\/$/, '')}`;
    calls.push(label);
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const failure = failures.find(({ match, times }) => times > 0 && match.test(label));
    if (failure) {
      failure.times -= 1;
      return fails(response, failure.status, failure.code);
    }
    const scope = new RegExp(
      `^AWS4-HMAC-SHA256 Credential=${KEYS.accessKeyId}/\\d{8}/us-east-1/route53/aws4_request, SignedHeaders=[^,]*host[^,]*, Signature=[0-9a-f]{64}$`,
    );
    if (!scope.test(request.headers.authorization ?? ''))
      return fails(
        response,
        403,
        'InvalidClientTokenId',
        'The security token included in the request is invalid.',
      );
    if (request.headers['x-amz-security-token'] !== KEYS.sessionToken) violations.push('no session token');
    const query = url.searchParams;
    if (label === 'GET /hostedzone') {
      const most = Math.min(Number(query.get('maxitems') ?? 100), largestPage);
      const from = Math.max(
        0,
        zones.findIndex(({ id }) => id === query.get('marker')),
      );
      const shown = zones.slice(from, from + most);
      const following = zones[from + most];
      return answer(
        response,
        200,
        `<ListHostedZonesResponse ${XMLNS}><HostedZones>${shown.map(zoneXml).join('')}</HostedZones><IsTruncated>${following !== undefined}</IsTruncated>${following ? `<NextMarker>${following.id}</NextMarker>` : ''}<MaxItems>${most}</MaxItems></ListHostedZonesResponse>`,
      );
    }
    if (/^GET \/change\/C\d+$/.test(label)) {
      const status = settled ? 'INSYNC' : 'PENDING';
      return answer(
        response,
        200,
        `<GetChangeResponse ${XMLNS}><ChangeInfo><Id>/change/C1</Id><Status>${status}</Status><SubmittedAt>2026-11-29T00:00:00Z</SubmittedAt></ChangeInfo></GetChangeResponse>`,
      );
    }
    const [, id, rest] = /^\w+ \/hostedzone\/(Z[A-Z0-9]+)(\/rrset)?$/.exec(label) ?? [];
    const zone = zones.find((one) => one.id === id);
    if (!zone) {
      if (id === undefined) violations.push(label);
      return fails(response, 404, 'NoSuchHostedZone', `No hosted zone found with ID: ${id}`);
    }
    if (rest === undefined) {
      return answer(
        response,
        200,
        `<GetHostedZoneResponse ${XMLNS}>${zoneXml(zone)}<DelegationSet><NameServers><NameServer>ns-1.awsdns.test</NameServer></NameServers></DelegationSet></GetHostedZoneResponse>`,
      );
    }
    if (request.method === 'GET') {
      const start = fromTheRight(query.get('name') ?? '');
      const most = Number(query.get('maxitems') ?? 100);
      const all = sets
        .filter((set) => set.zone === zone.id && fromTheRight(set.name) >= start)
        .sort((a, b) => (fromTheRight(a.name) < fromTheRight(b.name) ? -1 : 1));
      return answer(
        response,
        200,
        `<ListResourceRecordSetsResponse ${XMLNS}><ResourceRecordSets>${all.slice(0, most).map(setXml).join('')}</ResourceRecordSets><IsTruncated>${all.length > most}</IsTruncated><MaxItems>${most}</MaxItems></ListResourceRecordSetsResponse>`,
      );
    }
    const wrong = change(zone, body);
    if (wrong.length > 0) return fails(response, 400, 'InvalidChangeBatch', `[${wrong.join(', ')}]`);
    settled = false;
    changes += 1;
    answer(
      response,
      200,
      `<ChangeResourceRecordSetsResponse ${XMLNS}><ChangeInfo><Id>/change/C${changes}</Id><Status>PENDING</Status><SubmittedAt>2026-11-29T00:00:00Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>`,
    );
  }

  const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    if (violations.length > 0) throw new Error(`not as Route 53 documents it: ${violations.join('; ')}`);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    get sets() {
      return sets;
    },
    calls,
    fail: (match, { status, code }, times = 1) => {
      failures.push({ match, status, code, times });
    },
    beforeBatch: (task) => {
      before = task;
    },
    settle: () => {
      settled = true;
    },
    served: () =>
      sets.flatMap(({ name, type, values }) =>
        type === 'TXT' || type === 'CNAME'
          ? values.map((value) => ({
              name: name.replace(/\.$/, ''),
              type,
              value: type === 'TXT' ? value.replace(/" "|"/g, '') : value.replace(/\.$/, ''),
            }))
          : [],
      ),
  };
}
