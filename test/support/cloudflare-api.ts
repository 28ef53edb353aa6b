/**
 * Cloudflare's API as far as its public documentation describes it, strict about everything else: an unknown path, query
 * parameter or field is a failure of the test. Sources: developers.cloudflare.com/api (zones list, dns records list and
 * batch), /dns/manage-dns-records/how-to/batch-record-changes (limits, all or nothing, deletes before posts),
 * /fundamentals/api/reference/limits (429 with retry-after). Error codes as they are reported publicly: 81058 identical
 * record, 81053 and 81054 CNAME beside others, 81044 no such record, 10000 authentication error, 9109 not authorised.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import type { ServedRecord } from './name-server.js';

export interface FakeZone {
  readonly id: string;
  readonly name: string;
  readonly status?: string;
  readonly type?: string;
}

export interface FakeRecord {
  readonly id: string;
  readonly zone: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly proxied?: boolean;
  readonly comment?: string;
}

export const TOKEN = 'cf-token-canary-0123456789';

export interface CloudflareApi {
  readonly url: string;
  readonly records: FakeRecord[];
  /** `GET /zones` and the like, in order. */
  readonly calls: string[];
  /** Answers the next calls that match with this instead. */
  fail(match: RegExp, reply: FakeReply, times?: number): void;
  /** Runs right before the next batch is carried out: somebody else is faster. */
  beforeBatch(task: () => void): void;
  /** As name servers would show them. */
  served(): readonly ServedRecord[];
}

export interface FakeReply {
  readonly status: number;
  readonly code?: number;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
}

const ZONE_QUERY = new Set(['page', 'per_page']);
const RECORD_QUERY = new Set(['page', 'per_page', 'name.exact']);
const POST_FIELDS = new Set(['type', 'name', 'content', 'ttl', 'comment', 'proxied']);

export async function startCloudflare(
  zones: readonly FakeZone[],
  standing: readonly Omit<FakeRecord, 'id'>[] = [],
  /** Zones a page holds at most, so that few zones make several pages. */
  largestPage = 50,
): Promise<CloudflareApi> {
  let nextId = 1;
  const newId = () => `rec${String(nextId++).padStart(4, '0')}`;
  const records: FakeRecord[] = standing.map((record) => ({ ...record, id: newId() }));
  const calls: string[] = [];
  const violations: string[] = [];
  const failures: { readonly match: RegExp; readonly reply: FakeReply; times: number }[] = [];
  let before: (() => void) | undefined;

  function answer(response: ServerResponse, status: number, body: object, headers = {}): void {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ errors: [], messages: [], ...body }));
  }
  const fails = (response: ServerResponse, { status, code = 0, message = '', headers, text }: FakeReply) => {
    if (text === undefined)
      answer(response, status, { success: false, result: null, errors: [{ code, message }] }, headers);
    else response.writeHead(status, headers).end(text);
  };
  const violate = (what: string): void => void violations.push(what);

  function page<T>(all: readonly T[], query: URLSearchParams, most: number) {
    const perPage = Math.min(Number(query.get('per_page') ?? 20), most);
    const number = Number(query.get('page') ?? 1);
    const info = {
      page: number,
      per_page: perPage,
      total_count: all.length,
      total_pages: Math.max(1, Math.ceil(all.length / perPage)),
    };
    return { result: all.slice((number - 1) * perPage, number * perPage), result_info: info };
  }

  /** @returns why nothing of it happens */
  function batch(zone: FakeZone, body: Record<string, unknown>): FakeReply | undefined {
    before?.();
    before = undefined;
    for (const key of Object.keys(body)) if (key !== 'posts' && key !== 'deletes') violate(`field ${key}`);
    const deletes = (body.deletes ?? []) as readonly { readonly id: string }[];
    const posts = (body.posts ?? []) as readonly Record<string, unknown>[];
    if (deletes.length + posts.length === 0 || deletes.length + posts.length > 200) violate('batch size');
    let next = [...records];
    for (const { id } of deletes) {
      if (!next.some((record) => record.id === id && record.zone === zone.name))
        return { status: 404, code: 81_044, message: 'Record does not exist.' };
      next = next.filter((record) => record.id !== id);
    }
    for (const post of posts) {
      const wrong = Object.keys(post).filter((key) => !POST_FIELDS.has(key));
      if (wrong.length > 0) violate(`fields ${wrong.join(', ')}`);
      const { type, name, content, ttl, comment } = post as Record<string, string>;
      if (typeof comment !== 'string' || comment.length > 100) violate('comment');
      if (Number(ttl) < 60 && Number(ttl) !== 1) violate('ttl');
      if (type === 'TXT' && !/^"[^"]{0,255}"( "[^"]{0,255}")*$/.test(String(content)))
        violate('TXT unquoted');
      if (!(name === zone.name || String(name).endsWith(`.${zone.name}`))) violate(`name ${name}`);
      const here = next.filter((record) => record.name === name);
      if (here.some((record) => record.type === type && record.content === content))
        return { status: 400, code: 81_058, message: 'An identical record already exists.' };
      if (type === 'CNAME' && here.length > 0)
        return {
          status: 400,
          code: 81_053,
          message: 'An A, AAAA, or CNAME record with that host already exists.',
        };
      if (here.some((record) => record.type === 'CNAME'))
        return {
          status: 400,
          code: 81_054,
          message: 'A CNAME record with that host already exists.',
        };
      if (String(content).length > 2_048)
        // The code is nobody's: any refusal of a single record.
        return { status: 400, code: 9_207, message: 'Content is too long.' };
      next.push({ id: newId(), zone: zone.name, ...post } as unknown as FakeRecord);
    }
    records.splice(0, records.length, ...next);
    return undefined;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://api');
    const label = `${request.method} ${url.pathname.replace('/client/v4', '')}`;
    calls.push(label);
    const failure = failures.find(({ match, times }) => times > 0 && match.test(label));
    if (failure) {
      failure.times -= 1;
      fails(response, failure.reply);
      return;
    }
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      fails(response, { status: 401, code: 1000, message: 'Invalid API Token' });
      return;
    }
    const query = url.searchParams;
    const unknown = (allowed: ReadonlySet<string>): void => {
      for (const key of query.keys()) if (!allowed.has(key)) violate(`query ${key}`);
    };
    if (label === 'GET /zones') {
      unknown(ZONE_QUERY);
      const shown = zones.map(({ id, name, status = 'active', type = 'full' }) => ({
        id,
        name,
        status,
        type,
        name_servers: [`ada.ns.test`, `bob.ns.test`],
      }));
      answer(response, 200, { success: true, ...page(shown, query, largestPage) });
      return;
    }
    const [, id, rest] = /^\w+ \/zones\/([a-z0-9]+)\/dns_records(\/batch)?$/.exec(label) ?? [];
    const zone = zones.find((one) => one.id === id);
    if (!zone) {
      violate(label);
      fails(response, { status: 404, code: 7003, message: 'Could not route to that.' });
      return;
    }
    if (rest === undefined && request.method === 'GET') {
      unknown(RECORD_QUERY);
      const name = query.get('name.exact');
      const shown = records.filter((one) => one.zone === zone.name && (name === null || one.name === name));
      answer(response, 200, { success: true, ...page(shown, query, 100) });
      return;
    }
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const refused = batch(zone, JSON.parse(text));
    if (refused) fails(response, refused);
    else answer(response, 200, { success: true, result: {} });
  }

  const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    if (violations.length > 0) throw new Error(`not as Cloudflare documents it: ${violations.join('; ')}`);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/client/v4`,
    records,
    calls,
    fail: (match, reply, times = 1) => void failures.push({ match, reply, times }),
    beforeBatch: (task) => {
      before = task;
    },
    served: () =>
      records.flatMap(({ name, type, content }) =>
        type === 'TXT' || type === 'CNAME'
          ? [{ name, type, value: type === 'TXT' ? content.replace(/" "|"/g, '') : content }]
          : [],
      ),
  };
}
