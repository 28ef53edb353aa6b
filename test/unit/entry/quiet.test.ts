import { chmod, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import * as apply from '../../../src/entry/cli/apply.js';
import { type Context, cacheFolder, spoolFolder } from '../../../src/entry/context.js';
import type { Status } from '../../../src/model/status.js';
import { DAY_MS, HOUR_MS } from '../../../src/model/time.js';
import { fileSpool } from '../../../src/repository/file-spool.js';
import type { TestContext } from '../../support/context.js';
import { commitToRemote, recordingGit, testBranches } from '../../support/git.js';
import { memoryLog } from '../../support/memory-log.js';
import { certificate, order, status } from '../../support/state.js';
import { openShop, type Shop } from './shop.js';

vi.setConfig({ testTimeout: 60_000 });

const atPaid = { provider: 'paid', environment: 'rehearsal' as const, product: 'paid-multi' };
const issued = (parts: Partial<Status> = {}): Status =>
  status('shop', { orders: [order('o-1', atPaid)], current: certificate('o-1'), ...parts });
const DOUBT = { provider: 'gone', environment: 'rehearsal', reference: 'cwk3v9x2-aaa' } as const;
const MANIFEST = 'domain: shop.example.com\n';
const KEPT = 'nothing changed since a run with nothing to do';

interface Place {
  readonly shop: Shop;
  readonly context: TestContext;
  readonly log: ReturnType<typeof memoryLog>;
  /** `apply`: what it gave, and whether it relied on what an earlier run had found. */
  run(options?: Record<string, unknown>, overrides?: Partial<Context>): Promise<Run>;
}

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly short: boolean;
}

async function placeOf(parts: { status?: Status; manifest?: string; configuration?: string } = {}) {
  const shop = await openShop({
    statuses: [parts.status ?? issued()],
    files: { 'certificates/shop.yaml': parts.manifest ?? MANIFEST },
  });
  if (parts.configuration !== undefined) {
    const text = await readFile(join(shop.clone, 'certwright.yaml'), 'utf8');
    await commitToRemote(shop.remote, 'main', { 'certwright.yaml': text + parts.configuration }, 'More');
    await writeFile(join(shop.clone, 'certwright.yaml'), text + parts.configuration);
  }
  const context = shop.context();
  const place: Place = {
    shop,
    context,
    log: memoryLog(),
    async run(options = {}, overrides = {}) {
      const log = memoryLog();
      const [out, err]: [string[], string[]] = [[], []];
      const own = {
        ...context,
        log,
        print: (text: string) => void out.push(text),
        say: (text: string) => void err.push(text),
        ...overrides,
      };
      const { json = false, ...rest } = options;
      const code = await apply.run(own, { json: json === true, identity: [] }, { wait: '0s', ...rest });
      const short = log.lines.some(({ message }) => message === KEPT);
      return { code, out: out.join(''), err: err.join(''), short };
    },
  };
  return place;
}

const recordOf = async ({ env }: Pick<Context, 'env'>): Promise<string> => {
  const folder = join(cacheFolder(env), 'quiet');
  const [name] = await readdir(folder).catch(() => []);
  return name === undefined ? '' : join(folder, name);
};

describe('a run after one that had nothing to do', () => {
  it('says the same, and reads neither manifests nor state', async () => {
    const { run, context, shop } = await placeOf();
    const full = await run();
    const recorder = await recordingGit();
    const short = await run({}, { env: { ...context.env, PATH: recorder.env.PATH } });
    expect([full.short, short.short]).toEqual([false, true]);
    expect(short).toEqual({ ...full, short: true });
    expect(full.out).toMatch(/^No changes. 1 certificate is as declared/);
    const pipe = { color: false, width: Number.POSITIVE_INFINITY };
    expect(await run({}, { render: pipe })).toEqual(short);
    const calls = await recorder.calls();
    expect(calls.filter((call) => /^(fetch|push|ls-remote|clone|pull) /.test(call))).toHaveLength(1);
    expect(calls.filter((call) => /^(ls-tree|cat-file|ls-files|status) /.test(call))).toEqual([]);
    expect(await shop.control.purchases()).toBe(0);
  });

  it('prints the same JSON', async () => {
    const { run } = await placeOf();
    const full = await run({ json: true });
    expect(await run({ json: true })).toEqual({ ...full, short: true });
  });

  it('leaves a file of its own, which holds no credential', async () => {
    const { run, context } = await placeOf();
    await run();
    const file = await recordOf(context);
    const text = await readFile(file, 'utf8');
    expect(text).toContain('PAID_TOKEN');
    expect(text).not.toContain('canary-token');
  });

  const otherwise: Readonly<Record<string, (place: Place) => Promise<Partial<Context> | undefined>>> = {
    'the manifests moved': async ({ shop }) => {
      await commitToRemote(shop.remote, 'main', { README: 'x' }, 'A word');
      return undefined;
    },
    'the state moved': async ({ shop }) => {
      await commitToRemote(shop.remote, testBranches.state, { 'issued/x': 'x' }, 'By hand');
      return undefined;
    },
    'six hours are over': async ({ shop }) => {
      await shop.advance(6 * HOUR_MS);
      return undefined;
    },
    'the clock was put back': async ({ shop }) => {
      shop.clock.advance(-1000);
      return undefined;
    },
    'the configuration of the checkout changed': async ({ shop }) => {
      const file = join(shop.clone, 'certwright.yaml');
      await writeFile(file, `${await readFile(file, 'utf8')}# a word\n`);
      return undefined;
    },
    'the configuration is a link now': async ({ shop }) => {
      const file = join(shop.clone, 'certwright.yaml');
      await rename(file, `${file}.real`);
      await symlink(`${file}.real`, file);
      return undefined;
    },
    'an outcome waits to be pushed': async ({ context }) => {
      await fileSpool(spoolFolder(context.env)).write({
        repositoryId: 'other1',
        certificate: 'shop',
        intentId: 'i-1',
        nonce: 'n',
        step: 'place',
      } as never);
      return undefined;
    },
    'a credential is gone': async ({ context }) => {
      const { PAID_TOKEN: _, ...env } = context.env;
      return { env };
    },
    'it is another folder': async ({ shop }) => ({ cwd: join(shop.clone, 'certificates') }),
    'the file is cut off': async ({ context }) => {
      const file = await recordOf(context);
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.slice(0, -20));
      return undefined;
    },
    'the file was altered': async ({ context }) => {
      const file = await recordOf(context);
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace(/"fromMs":\d+/, '"fromMs":1'));
      return undefined;
    },
    'the file is of another build': async ({ context }) => {
      const file = await recordOf(context);
      const text = await readFile(file, 'utf8');
      await writeFile(
        file,
        text.replace(/^./, (first) => (first === '0' ? '1' : '0')),
      );
      return undefined;
    },
    'the file is no text': async ({ context }) => {
      await writeFile(await recordOf(context), Buffer.from([0, 255, 10, 123]));
      return undefined;
    },
    'others can write the file': async ({ context }) => {
      await chmod(await recordOf(context), 0o666);
      return undefined;
    },
    'the file is a link': async ({ context }) => {
      const file = await recordOf(context);
      await rename(file, `${file}.real`);
      await symlink(`${file}.real`, file);
      return undefined;
    },
    'the file is gone': async ({ context }) => {
      await rm(await recordOf(context));
      return undefined;
    },
  };

  it.each(Object.entries(otherwise))('looks at everything again when %s', async (_, change) => {
    const place = await placeOf();
    await place.run();
    const overrides = await change(place);
    const { short, code } = await place.run({}, overrides ?? {});
    expect({ short, code }).toEqual({ short: false, code: 0 });
  });

  it('looks again when a plan is named', async () => {
    const { run } = await placeOf();
    await run();
    await expect(run({ digest: 'f'.repeat(64) })).rejects.toThrow('the plan is no longer');
  });

  it('sees a manifest that is wrong', async () => {
    const { run, shop } = await placeOf();
    await run();
    await commitToRemote(shop.remote, 'main', { 'certificates/shop.yaml': 'domian: x\n' }, 'Wrong');
    expect(await run()).toMatchObject({ short: false, code: 1 });
    expect(await run()).toMatchObject({ short: false, code: 1 });
  });

  it('sees the day on which a certificate is due', async () => {
    const { run, shop } = await placeOf();
    await shop.advance(Date.UTC(2027, 4, 17) - shop.clock.now());
    expect((await run()).out).toContain('reissue');
  });
});

describe('a run keeps nothing', () => {
  const open: Readonly<Record<string, Parameters<typeof placeOf>[0]>> = {
    'where a line is held': { status: issued({ current: certificate('o-1', { ownKey: false }) }) },
    'where a lane failed': {
      status: issued({
        failures: { free: { count: 1, lastAt: '2026-11-01T10:00:00Z', code: 'x', message: 'no' } },
      }),
    },
    'where a look at a purchase that was in doubt is due and its account cannot be searched': {
      status: issued({
        doubts: [{ ...DOUBT, since: '2026-11-01T10:00:00Z', lookedAt: '2026-11-20T10:00:00Z', extra: [] }],
      }),
    },
    'where a record of ours may stand at a solver that is gone': {
      status: issued({
        published: [
          {
            name: 'shop.example.com',
            provider: 'paid',
            order: 'o-1',
            solver: 'gone',
            record: { type: 'TXT', owner: '_x.shop.example.com', value: 'x' },
            wantedAt: '2026-11-01T10:00:00Z',
          },
        ],
      }),
    },
    'where something is said': {
      status: issued({ breaker: { trippedAt: '2026-11-01T10:00:00Z', why: 'three in a day' } }),
    },
    'where manifests take values from the environment': { configuration: 'manifestVariables: [STAGE]\n' },
  };

  it.each(Object.entries(open))('%s', async (_, parts) => {
    const { run, context } = await placeOf(parts);
    await run();
    expect(await recordOf(context)).toBe('');
  });

  it('where its folder cannot be written, and says so at debug level only', async () => {
    const { run, context } = await placeOf();
    await mkdir(cacheFolder(context.env), { recursive: true });
    await writeFile(join(cacheFolder(context.env), 'quiet'), '');
    const log = memoryLog();
    const first = await run({}, { log });
    expect([first.code, first.err]).toEqual([0, '']);
    const told = log.lines.filter(({ message }) => message.includes('cannot be kept'));
    expect(told.map(({ level }) => level)).toEqual(['debug']);
    expect((await run()).short).toBe(false);
  });
});

it('two runs at once leave one good record', async () => {
  const { run, context, shop } = await placeOf();
  await Promise.all([run(), run()]);
  expect(await readdir(join(cacheFolder(context.env), 'quiet'))).toHaveLength(1);
  expect((await run()).short).toBe(true);
  await shop.advance(DAY_MS);
  expect((await run()).short).toBe(false);
});
