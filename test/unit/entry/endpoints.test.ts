import { createHash } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import * as apply from '../../../src/entry/cli/apply.js';
import * as check from '../../../src/entry/cli/check.js';
import * as show from '../../../src/entry/cli/show.js';
import * as status from '../../../src/entry/cli/status.js';
import * as sync from '../../../src/entry/cli/sync.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/model/time.js';
import { refsOf, testBranches } from '../../support/git.js';
import { memoryLog } from '../../support/memory-log.js';
import { certificate, order, ready } from '../../support/state.js';
import { type Issued, issue, type TlsServer, tlsServer } from '../../support/tls-server.js';
import { failure } from '../keys/support.js';
import { openShop, type Shop } from './shop.js';

vi.setConfig({ testTimeout: 60_000 });

const NAME = 'shop.example.com';
const PUBLISHED = '2026-11-22T12:00:00Z';
const CACHE = 'refs/certwright/cache';

interface Stage {
  readonly shop: Shop;
  readonly server: TlsServer;
  /** What is published for it. */
  readonly ours: Issued;
  readonly other: Issued;
}

/** A certificate a root issued by itself was published just now; its server serves another one. */
async function stage(more: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const root = await issue({ subject: 'CN=Company Root', ca: true, till: 3650 });
  const ours = await issue({ subject: `CN=${NAME}`, issuer: root, names: [NAME] });
  const other = await issue({ subject: 'CN=old', issuer: root, names: [NAME], till: 60 });
  const server = await tlsServer(other);
  const sha256 = createHash('sha256').update(new Uint8Array(ours.certificate.rawData)).digest('hex');
  const place = { provider: 'paid', product: 'paid-multi', environment: 'test' } as const;
  const shop = await openShop(
    {
      statuses: [
        ready('shop', {
          orders: [order('o-1', place)],
          current: certificate('o-1', { sha256, serial: '0a0b', publishedAt: PUBLISHED }),
        }),
      ],
      files: {
        'certificates/shop.yaml': `domain: ${NAME}\nendpoints: ["${server.endpoint}"]\n`,
        ...more,
      },
    },
    {},
    'test',
  );
  return { shop, server, ours, other };
}

const CLOSED = /serves another certificate, 0[0-9a-f]+ of CN=Company Root, valid until [\d-]+/;

describe('check', () => {
  test('dials every endpoint of the checkout beside the accounts, and remembers nothing', async () => {
    const { shop, server, ours } = await stage();
    const refs = await refsOf(shop.remote);
    const { code, out } = await shop.call(check, {}, []);
    expect(out).toMatch(/^paid +paid-test .* fine /m);
    expect(out).toMatch(/^ENDPOINT +CERTIFICATE +RESULT$/m);
    expect(out).toContain(
      `${server.endpoint}  shop         not served\n\n${server.endpoint} (shop):\n  serves`,
    );
    expect(out).toMatch(CLOSED);
    expect(code).toBe(1);
    server.serves(ours);
    const fine = await shop.call(check, {}, []);
    expect(fine.out).toMatch(/shop +served$/m);
    expect(fine.code).toBe(0);
    expect(await refsOf(shop.remote)).toEqual(refs);
  });

  test('is an alarm when the certificate is not served in time', async () => {
    const { shop } = await stage();
    await shop.advance(DAY_MS);
    expect((await shop.call(check, { endpoints: true }, [])).code).toBe(4);
  });

  test('dials only, and only for some certificates, where that is asked for', async () => {
    const { shop, server } = await stage({
      'certificates/next.yaml': `domain: next.example.com\nendpoints: ["127.0.0.1:1"]\n`,
      'certificates/plain.yaml': 'domain: plain.example.com\n',
    });
    const all = await shop.call(check, { endpoints: true }, []);
    expect(all.out).not.toContain('paid-test');
    expect(all.out).toMatch(/^127\.0\.0\.1:1 +next +nothing published$/m);
    expect(server.asked).toHaveLength(1);
    const one = await shop.call(check, { endpoints: true }, ['ne*']);
    expect([one.code, server.asked.length]).toEqual([0, 1]);
    await failure(shop.call(check, { endpoints: true }, ['nobody']), 'usage');
    const none = await shop.call(check, { endpoints: true }, ['plain']);
    expect(none.out).toMatch(/^No manifest declares endpoints/);
    // Accounts that are named are asked alone.
    expect((await shop.call(check, {}, ['paid'])).out).not.toContain('ENDPOINT');
    expect(server.asked).toHaveLength(1);
  });

  test('prints one JSON document', async () => {
    const { shop, server } = await stage();
    const { out } = await shop.call(check, {}, [], true);
    expect(JSON.parse(out)).toMatchObject({
      accounts: [{ account: 'paid', result: 'fine' }],
      endpoints: [
        { certificate: 'shop', endpoint: server.endpoint, result: 'not served', lookedAt: PUBLISHED },
      ],
    });
  });
});

describe('sync', () => {
  test('dials, tells what it found, and commits nothing for it', async () => {
    const { shop, server, ours } = await stage();
    const state = async () => (await refsOf(shop.remote))[`refs/heads/${testBranches.state}`];
    await shop.call(sync, {}, []);
    const before = await state();
    const { out, code } = await shop.call(sync, {}, []);
    expect(out).toMatch(/^1 endpoint dialled, 1 not as published$/m);
    expect(out).toContain(`  ${server.endpoint} (shop): serves another certificate`);
    expect(code).not.toBe(4);
    await shop.advance(DAY_MS);
    expect((await shop.call(sync, {}, ['shop'])).code).toBe(4);
    server.serves(ours);
    expect((await shop.call(sync, {}, [])).out).toMatch(/^1 endpoint dialled, all as published$/m);
    expect(await state()).toBe(before);
  });
});

describe('what the last look found', () => {
  const look = async ({ shop }: Stage, afterMs: number) => {
    await shop.advance(afterMs);
    await shop.call(sync, {}, []);
  };

  test('stands in the table, in its wide form, as Markdown and as JSON', async () => {
    const all = await stage();
    const { shop, server, ours } = all;
    await look(all, HOUR_MS);
    const early = await shop.call(status, {}, []);
    expect(early.out).toMatch(new RegExp(`^shop +Waiting +not served yet at ${server.endpoint} `, 'm'));
    expect(early.code).toBe(0);
    await shop.advance(DAY_MS);
    const late = await shop.call(status, {}, []);
    expect(late.out).toMatch(new RegExp(`^shop +Attention +not served at ${server.endpoint} `, 'm'));
    expect(late.code).toBe(4);
    const wide = await shop.call(status, { output: 'wide' }, []);
    expect(wide.out).toMatch(/SERVED/);
    expect(wide.out).toMatch(/ not served( |$)/m);
    const markdown = await shop.call(status, { output: 'markdown' }, []);
    expect(markdown.out).toContain('## A person has to look');
    expect(markdown.out).toMatch(
      new RegExp(`^- \`shop\`: .* is not served: ${server.endpoint} serves another certificate`, 'm'),
    );
    const [json] = JSON.parse((await shop.call(status, {}, [], true)).out).certificates;
    expect(json).toMatchObject({
      endpoints: [{ endpoint: server.endpoint, result: 'not served', lookedAt: '2026-11-22T13:00:00Z' }],
      conditions: expect.arrayContaining([
        expect.objectContaining({ reason: 'NotServed', level: 'attention', since: PUBLISHED }),
      ]),
    });
    server.serves(ours);
    await look(all, 0);
    const fine = await shop.call(status, { output: 'wide' }, []);
    expect(fine.out).toMatch(/^shop +Ready /m);
    expect(fine.out).toMatch(/ yes( |$)/m);
  });

  test('stands in show', async () => {
    const all = await stage();
    const { shop, server } = all;
    expect((await shop.call(show, {}, ['shop'])).out).toContain(
      `Endpoints\n  ${server.endpoint} not looked at\n`,
    );
    await look(all, 3 * HOUR_MS);
    await shop.advance(2 * HOUR_MS);
    const { out } = await shop.call(show, {}, ['shop']);
    expect(out).toContain(`${server.endpoint} not served, seen 2 h ago: serves another`);
    const shown = JSON.parse((await shop.call(show, {}, ['shop'], true)).out);
    expect(shown.endpoints).toMatchObject([{ endpoint: server.endpoint, result: 'not served' }]);
  });

  test('of a server that says what a terminal would obey is harmless', async () => {
    const all = await stage();
    const evil = await issue({ subject: 'CN=\u001b[31mred | @everyone <script>' });
    all.server.serves(evil);
    await look(all, HOUR_MS);
    const texts = await Promise.all([
      all.shop.call(show, {}, ['shop']),
      all.shop.call(status, { output: 'markdown' }, []),
      all.shop.call(check, { endpoints: true }, []),
    ]);
    for (const { out } of texts) {
      expect(out).toContain('serves a self-signed certificate');
      expect(out).not.toContain('\u001b');
    }
    expect(texts[1]?.out).not.toContain('<script>');
    expect(texts[1]?.out).not.toContain('@everyone');
  });
});

describe('runs with nothing to do', () => {
  test('fetch once and dial nobody, while what is published is served', async () => {
    const { shop, server, ours } = await stage();
    server.serves(ours);
    await shop.advance(20 * MINUTE_MS);
    const base = shop.context();
    const run = async () => {
      const log = memoryLog();
      const context = { ...base, log };
      const code = await apply.run(context, { json: false, identity: [] }, { wait: '0s', yes: true });
      return { code, short: log.lines.some(({ message }) => /^nothing changed since/.test(message)) };
    };
    // The first looks, the second reads what the first left, the third has nothing to read.
    expect([await run(), await run(), await run()]).toEqual([
      { code: 0, short: false },
      { code: 0, short: false },
      { code: 0, short: true },
    ]);
    expect(server.asked).toHaveLength(1);
    const cache = (await refsOf(shop.remote))[CACHE];
    expect(cache).toBeDefined();
    await shop.advance(HOUR_MS);
    expect(await run()).toEqual({ code: 0, short: true });
    expect((await refsOf(shop.remote))[CACHE]).toBe(cache);
    expect(server.asked).toHaveLength(1);
  });
});
