import { describe, expect, test } from 'vitest';
import { run } from '../../../src/entry/cli/status.js';
import type { Context } from '../../../src/entry/context.js';
import { CertError } from '../../../src/model/errors.js';
import type { Status } from '../../../src/model/status.js';
import { DAY_MS } from '../../../src/model/time.js';
import { testContext } from '../../support/context.js';
import { cloneOf, commitToRemote, fileRemote, git, refsOf, setRef } from '../../support/git.js';
import { manualClock } from '../../support/manual-clock.js';
import {
  CONFIGURATION,
  certificate,
  intended,
  order,
  placed,
  ready,
  stateFiles,
  status,
  unknown,
  worldOf,
} from '../../support/state.js';

interface ShownCertificate {
  readonly name: string;
  readonly state: string;
  readonly reason?: string;
  readonly conditions: readonly { readonly level: string }[];
}

const GLOBALS = { json: false, identity: [] };
const NOW = Date.UTC(2026, 10, 22, 12);

async function statusIn(
  clone: string,
  options: Readonly<Record<string, unknown>> = {},
  names: readonly string[] = [],
  overrides: Partial<Context> = {},
) {
  const context = testContext({ cwd: clone, clock: manualClock(NOW), ...overrides });
  const code = await run(context, { ...GLOBALS, json: options.json === true }, options, names);
  return { code, out: context.out(), err: context.err() };
}

/** The words of a certificate's line, column by column. */
const lineOf = (out: string, name: string): readonly string[] =>
  out
    .split('\n')
    .find((line) => line.startsWith(`${name} `))
    ?.split(/\s{2,}/) ?? [];

const manifest = (name: string, more = ''): Record<string, string> => ({
  [`certificates/${name}.yaml`]: `domain: ${name}.example.com\n${more}`,
});

const mine = (name: string) => ({ names: [`${name}.example.com`] });
const own = (name: string, parts: Partial<Status> = {}): Status =>
  ready(name, {
    orders: [order(`o-${name}`, mine(name))],
    current: certificate(`o-${name}`, mine(name)),
    ...parts,
  });

describe('the state of one certificate', () => {
  interface Case {
    /** Facts of the certificate `name`. */
    readonly facts: (name: string) => Status;
    /** Keys beside the domain; absent: no manifest. */
    readonly manifest?: string;
    /** State, reason, and whether it makes the exit code 4. */
    readonly expected: readonly [state: string, reason: string | undefined, attention: boolean];
  }
  const ending = (name: string, notAfter: string) => ({
    current: certificate(`o-${name}`, { ...mine(name), notAfter }),
  });
  const cases: Readonly<Record<string, Case>> = {
    'a valid one is ready': {
      facts: (name) => own(name),
      manifest: '',
      expected: ['Ready', undefined, false],
    },
    'a declared one without order is new': {
      facts: (name) => status(name),
      manifest: '',
      expected: ['New', 'not ordered yet', false],
    },
    'one being sent is issuing': {
      facts: (name) => status(name, { intents: [intended('order', mine(name))] }),
      manifest: '',
      expected: ['Issuing', 'order under way', false],
    },
    'a placed one that nobody has to act on is issuing': {
      facts: (name) =>
        status(name, {
          orders: [order(`o-${name}`, { ...mine(name), state: 'pending' })],
          intents: [placed('order', `o-${name}`, mine(name))],
        }),
      manifest: '',
      expected: ['Issuing', 'order under way', false],
    },
    'one that waits says for whom': {
      facts: (name) =>
        status(name, {
          orders: [order(`o-${name}`, { ...mine(name), state: 'pending', waitingFor: 'dcv' })],
          intents: [placed('order', `o-${name}`, mine(name))],
        }),
      manifest: '',
      expected: ['Waiting', 'waiting for domain validation', false],
    },
    'an unknown outcome needs a person': {
      facts: (name) => status(name, { intents: [unknown('order', mine(name))] }),
      manifest: '',
      expected: ['Attention', 'outcome unknown, a person must look', true],
    },
    'an unknown outcome needs a person even when the manifest is gone': {
      facts: (name) => status(name, { intents: [unknown('order', mine(name))] }),
      expected: ['Attention', 'outcome unknown, a person must look', true],
    },
    'one that should have been replaced is overdue': {
      facts: (name) => own(name, ending(name, '2026-11-25T23:59:59Z')),
      manifest: '',
      expected: ['Attention', 'overdue, no successor', true],
    },
    'one that ended is expired': {
      facts: (name) => own(name, ending(name, '2026-11-20T23:59:59Z')),
      manifest: '',
      expected: ['Expired', 'expired', true],
    },
    'one that fails, and is not urgent, is a warning': {
      facts: (name) =>
        own(name, {
          failures: {
            free: {
              count: 2,
              lastAt: '2026-11-22T11:30:00Z',
              code: 'provider.timeout',
              message: 'no answer',
            },
          },
        }),
      manifest: '',
      expected: ['Warning', 'failing: no answer', false],
    },
    'a paid term that nobody renews is a warning': {
      facts: (name) =>
        own(name, { orders: [order(`o-${name}`, { ...mine(name), paidTill: '2026-12-15T10:00:00Z' })] }),
      manifest: '',
      expected: ['Warning', 'paid term ends, autoRenew is off', false],
    },
    'a tripped breaker stops it': {
      facts: (name) => own(name, { breaker: { trippedAt: '2026-11-22T10:00:00Z', why: 'three in a day' } }),
      manifest: '',
      expected: ['Attention', 'stopped: three in a day', true],
    },
    'a suspended one says so': {
      facts: (name) => own(name),
      manifest: 'suspend: true\n',
      expected: ['Ready', 'suspended', false],
    },
    'one without a manifest says so': {
      facts: (name) => own(name),
      expected: ['Ready', 'no manifest any more', false],
    },
    'an archived one is listed while it is valid': {
      facts: (name) => own(name, { archived: { at: '2026-11-20T10:00:00Z' } }),
      expected: ['Archived', undefined, false],
    },
    'an order that died waits for the approval that names it': {
      facts: (name) => status(name, { orders: [order('dead-1', { ...mine(name), state: 'rejected' })] }),
      manifest: '',
      expected: [
        'Held',
        'merge an approval file for this order; order dead-1 came to nothing, so it has to name it',
        false,
      ],
    },
  };

  test('follows from its facts and the clock', async () => {
    const named = Object.entries(cases).map(([title, one], i) => ({ title, name: `c${i}`, ...one }));
    const { clone } = await worldOf({
      files: Object.assign(
        {},
        ...named.map(({ name, manifest: text }) => (text === undefined ? {} : manifest(name, text))),
      ),
      statuses: named.map(({ name, facts }) => facts(name)),
    });
    const shown = await statusIn(clone, { json: true });
    const { certificates }: { certificates: readonly ShownCertificate[] } = JSON.parse(shown.out);
    const found = named.map(({ title, name }) => {
      const row = certificates.find((one) => one.name === name);
      return [title, [row?.state, row?.reason, row?.conditions.some(({ level }) => level === 'attention')]];
    });
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(named.map(({ title, expected }) => [title, expected])),
    );
    expect(shown.code).toBe(4);
  });

  test('an archived one that ended is listed only when it is named', async () => {
    const current = certificate('o-a', { ...mine('a'), notAfter: '2026-11-20T23:59:59Z' });
    const old = own('a', { current, archived: { at: '2026-11-10T10:00:00Z' } });
    const { clone } = await worldOf({ statuses: [old] });
    expect((await statusIn(clone)).out).toContain('No certificate matches');
    expect(lineOf((await statusIn(clone, {}, ['a'])).out, 'a')).toEqual(
      expect.arrayContaining(['a', 'Archived']),
    );
  });
});

describe('the table', () => {
  test('shows the paid-till date only where the certificate does not last as long', async () => {
    const whole = order('o-b', { ...mine('b'), paidTill: '2027-05-19T00:00:00Z' });
    const { clone } = await worldOf({
      files: { ...manifest('a'), ...manifest('b') },
      statuses: [own('a'), own('b', { orders: [whole] })],
    });
    const { out } = await statusIn(clone);
    expect(lineOf(out, 'a')).toEqual([
      'a',
      'Ready',
      '2027-05-18 177d',
      '2027-11-01',
      'shop',
      'platform-team',
    ]);
    expect(lineOf(out, 'b')).toEqual(['b', 'Ready', '2027-05-18 177d', 'shop', 'platform-team']);
  });

  test('shouts the environment of what is not ordered yet', async () => {
    const { clone } = await worldOf({ files: manifest('a', 'provider: internal\n') });
    expect(lineOf((await statusIn(clone)).out, 'a')).toEqual([
      'a',
      'New',
      'not ordered yet',
      'internal (TEST)',
      'platform-team',
    ]);
  });

  test('takes owner, provider, state and globs as selectors, all of which must fit', async () => {
    const { clone } = await worldOf({
      files: {
        'certificates/team-a/www.yaml': 'domain: www.example.com\nowner: web\n',
        'certificates/team-a/vpn.yaml': 'domain: vpn.example.com\nprovider: internal\n',
        'certificates/mail.yaml': 'domain: mail.example.com\n',
      },
      statuses: [own('mail')],
    });
    const names = async (options: Record<string, unknown>, globs: readonly string[] = []) =>
      (await statusIn(clone, { output: 'name', ...options }, globs)).out.split('\n').filter(Boolean);
    expect(await names({})).toEqual(['mail', 'team-a/vpn', 'team-a/www']);
    expect(await names({}, ['team-a/**'])).toEqual(['team-a/vpn', 'team-a/www']);
    expect(await names({ owner: 'web' })).toEqual(['team-a/www']);
    expect(await names({ provider: 'internal' })).toEqual(['team-a/vpn']);
    expect(await names({ state: 'ready' })).toEqual(['mail']);
    expect(await names({ state: 'ready' }, ['team-a/**'])).toEqual([]);
  });

  test('refuses a name that fits nothing', async () => {
    const { clone } = await worldOf({ files: manifest('a') });
    await expect(statusIn(clone, {}, ['b'])).rejects.toThrow('no certificate is called "b"');
  });

  test('prints the wide columns, and JSON with conditions', async () => {
    const { clone } = await worldOf({ files: manifest('a'), statuses: [own('a')] });
    expect((await statusIn(clone, { output: 'wide' })).out).toMatch(/private-server .* o-a .* 10\.00 USD/);
    const { certificates } = JSON.parse((await statusIn(clone, { output: 'json' })).out);
    expect(certificates[0]).toMatchObject({
      notAfter: '2027-05-18T23:59:59Z',
      paidTill: '2027-11-01T10:00:00Z',
      conditions: [{ type: 'Ready', reason: 'CertificateValid' }],
    });
  });

  test('is a page of Markdown for any forge', async () => {
    const { clone } = await worldOf({
      files: { ...manifest('a'), ...manifest('b') },
      statuses: [own('a'), status('b', { intents: [unknown('order', mine('b'))] })],
    });
    const { out } = await statusIn(clone, { output: 'markdown' });
    expect(out).toMatch(
      /^\*\*2 certificates: 1 ready, 1 not\.\*\* Last run on 2026-11-22\.\n\n## A person has to look\n\n- `b`: /,
    );
    expect(out).not.toContain('[ ]');
    expect((await statusIn(clone, { output: 'markdown' }, ['a'])).out).toContain('1 certificate: 1 ready.');
  });

  test('says what credit purchases ahead need, asking nobody', async () => {
    const { clone } = await worldOf({
      files: { 'certificates/new.yaml': 'domain: new.example.com\n', ...manifest('a') },
      statuses: [own('a')],
    });
    const { out } = await statusIn(clone, { output: 'markdown' });
    expect(out).toContain('## Credit that purchases ahead need, by the prices last seen\n\n');
    expect(out).toContain('- `shop`: next 30 days need 10.00 USD; next 90 days need 10.00 USD\n');
  });

  test('only what is shown decides the exit code', async () => {
    const { clone } = await worldOf({
      files: { ...manifest('a'), ...manifest('b') },
      statuses: [own('a'), status('b', { intents: [unknown('order', mine('b'))] })],
    });
    expect((await statusIn(clone)).code).toBe(4);
    expect((await statusIn(clone, {}, ['a'])).code).toBe(0);
  });
});

describe('the repository as a whole', () => {
  test('that is empty says what to write', async () => {
    const { clone } = await worldOf();
    const { out, code } = await statusIn(clone);
    expect(out).toContain('put a manifest under certificates/');
    expect(out).toContain('merge it into main');
    expect(code).toBe(0);
  });

  test('that is not set up is told to run init', async () => {
    const clone = await cloneOf(await fileRemote({ 'certwright.yaml': CONFIGURATION }));
    const error = await statusIn(clone).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CertError);
    expect(error).toMatchObject({
      code: 'repository.not-initialised',
      remedy: expect.stringContaining('certwright init'),
    });
  });

  test('whose state was rewound shows what was written last, with the recipe', async () => {
    const { remote, clone } = await worldOf({ files: manifest('a') });
    const before = (await refsOf(remote))['refs/heads/certwright/state'] ?? '';
    const files = stateFiles(remote, { statuses: [own('a')] });
    const after = await commitToRemote(remote, 'certwright/state', files);
    await setRef(remote, 'refs/heads/certwright/seen', after);
    expect(await statusIn(clone)).toMatchObject({ code: 0 });
    await setRef(remote, 'refs/heads/certwright/state', before);
    const { out, err, code } = await statusIn(clone);
    expect(code).toBe(4);
    expect(err).toMatch(/attention: the state branch was rewound or lost: .*taken back/);
    expect(err).toContain('docs/recovery.md');
    expect(lineOf(out, 'a')).toEqual(expect.arrayContaining(['a', '2027-05-18 177d']));
  });

  test('whose state branch is gone still shows what was written last', async () => {
    const { remote, clone } = await worldOf({ files: manifest('a'), statuses: [own('a')] });
    await setRef(remote, 'refs/heads/certwright/state', null);
    const { out, err, code } = await statusIn(clone);
    expect(code).toBe(4);
    expect(err).toContain('is gone');
    expect(lineOf(out, 'a')).toEqual(expect.arrayContaining(['a', '2027-05-18 177d']));
  });

  test('takes manifests from the approval branch, not from the checkout', async () => {
    const { remote, clone } = await worldOf({ files: manifest('a') });
    await commitToRemote(remote, 'main', manifest('b'));
    expect((await statusIn(clone, { output: 'name' })).out).toBe('a\nb\n');
    expect(await git(clone, 'status', '--porcelain')).toBe('');
  });

  test('shows manifests with errors, and counts them', async () => {
    const { clone } = await worldOf({ files: manifest('a', 'colour: red\n'), statuses: [own('a')] });
    const { out, err } = await statusIn(clone);
    expect(lineOf(out, 'a')).toEqual(expect.arrayContaining(['a', 'Ready', 'the manifest has errors']));
    expect(err).toContain('1 error; certwright validate');
  });

  test('shows what is issued when the merged configuration cannot be used', async () => {
    const { clone } = await worldOf({ files: { 'certwright.yaml': 'version: 9\n' }, statuses: [own('a')] });
    const { out, err } = await statusIn(clone);
    expect(lineOf(out, 'a')).toEqual(['a', 'Ready', '2027-05-18 177d', '2027-11-01', 'shop']);
    expect(err).toContain('cannot be used');
  });

  test('that was moved is told to claim', async () => {
    const { clone } = await worldOf({ files: manifest('a'), header: { remote: 'example.com/other' } });
    const { err } = await statusIn(clone);
    expect(err).toContain('certwright claim --moved');
  });

  test('whose manifests were rewound needs attention', async () => {
    const { clone } = await worldOf({ header: { manifestCommit: 'f'.repeat(40) } });
    const { err, code } = await statusIn(clone);
    expect(err).toContain('attention: the manifests do not descend');
    expect(code).toBe(4);
  });

  test('needs no credential and asks no provider', async () => {
    const refuse = () => {
      throw new Error('a provider was made');
    };
    const definitions = testContext().definitions.map((one) => ({ ...one, create: refuse }));
    const { clone } = await worldOf({ files: manifest('a') });
    expect((await statusIn(clone, {}, [], { definitions })).err).toBe('');
  });
});

describe('what a plan without prices holds', () => {
  const gated = CONFIGURATION.replace('order: merge', 'order: pull-request');

  test('a first order that waits for its approval is held', async () => {
    const { clone } = await worldOf({ files: { 'certwright.yaml': gated, ...manifest('a') } });
    expect(lineOf((await statusIn(clone)).out, 'a')).toEqual(
      expect.arrayContaining(['Held', 'merge an approval file for this order']),
    );
  });

  test('an order is not held for what only its price could tell', async () => {
    const tight = CONFIGURATION.replace('perOrder: 100 USD', 'perDay: 30 USD');
    const { clone } = await worldOf({
      files: { 'certwright.yaml': tight, ...manifest('a'), ...manifest('b') },
    });
    const { out } = await statusIn(clone);
    expect([lineOf(out, 'a')[1], lineOf(out, 'b')[1]]).toEqual(['New', 'New']);
  });

  test('an order that no proven recipient could open is held', async () => {
    const { clone } = await worldOf({ files: manifest('a'), header: { provenRecipients: [] } });
    expect((await statusIn(clone)).out).toMatch(/a +Held +nobody has shown yet/);
  });

  test('names that the product added by itself are no change', async () => {
    const free = CONFIGURATION.replace('renew: auto', 'renew: auto, free: pull-request');
    const current = certificate('o-a', { names: ['a.example.com', 'www.a.example.com'] });
    const { clone } = await worldOf({
      files: { 'certwright.yaml': free, ...manifest('a') },
      statuses: [own('a', { current })],
    });
    expect(lineOf((await statusIn(clone)).out, 'a')[1]).toBe('Ready');
  });
});

describe('--watch', () => {
  test('looks again every five seconds and ends with Ctrl-C', async () => {
    const { remote, clone } = await worldOf({ files: manifest('a'), statuses: [own('a')] });
    const stop = new AbortController();
    const clock = manualClock(NOW);
    const pauses: number[] = [];
    const sleep = async (ms: number) => {
      pauses.push(ms);
      clock.advance(DAY_MS);
      if (pauses.length === 1) await commitToRemote(remote, 'main', manifest('b'));
      if (pauses.length === 2) stop.abort();
    };
    const shown = await statusIn(clone, { watch: true }, [], {
      interactive: true,
      signal: stop.signal,
      clock: { ...clock, sleep },
    });
    const screens = shown.out.split('\u001b[H\u001b[2J').slice(1);
    expect(screens).toHaveLength(2);
    expect(screens[0]).toContain('177d');
    expect(screens[0]).not.toMatch(/^b /m);
    expect(screens[1]).toContain('176d');
    expect(screens[1]).toMatch(/^b /m);
    expect(pauses).toEqual([5000, 5000]);
    expect(shown.code).toBe(0);
  });

  test('tells a look that fails and goes on', async () => {
    const { remote, clone } = await worldOf({ files: manifest('a'), statuses: [own('a')] });
    const stop = new AbortController();
    const clock = manualClock(NOW);
    const steps = [
      () => commitToRemote(remote, 'certwright/state', { 'issued/a/status.json': 'broken' }),
      () => commitToRemote(remote, 'certwright/state', stateFiles(remote, { statuses: [own('a')] })),
      async () => stop.abort(),
    ];
    const sleep = async () => {
      await steps.shift()?.();
      const { 'refs/heads/certwright/state': state = null } = await refsOf(remote);
      await setRef(remote, 'refs/heads/certwright/seen', state);
    };
    const shown = await statusIn(clone, { watch: true }, [], {
      interactive: true,
      signal: stop.signal,
      clock: { ...clock, sleep },
    });
    expect(shown.err).toMatch(/^warning: issued\/a\/status\.json is no JSON\..*trying again in 5 s$/m);
    expect(shown.out.split('\u001b[H\u001b[2J')).toHaveLength(3);
  });

  test('shows it once where there is no terminal', async () => {
    const { clone } = await worldOf({ files: manifest('a') });
    const { out, err } = await statusIn(clone, { watch: true });
    expect(out).toMatch(/^NAME/);
    expect(err).toContain('--watch needs a terminal');
  });
});
