import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as apply from '../../../../src/entry/cli/apply.js';
import * as sync from '../../../../src/entry/cli/sync.js';
import { createRecorder } from '../../../../src/entry/metrics/recorder.js';
import { createPinger, type Pinger } from '../../../../src/entry/ping.js';
import { CertError } from '../../../../src/model/errors.js';
import { Secret } from '../../../../src/model/secret.js';
import { DAY_MS, HOUR_MS } from '../../../../src/model/time.js';
import { testContext } from '../../../support/context.js';
import { commitAndPush, setRef } from '../../../support/git.js';
import { hookServer } from '../../../support/hook-server.js';
import { manualClock } from '../../../support/manual-clock.js';
import { pingServer } from '../../../support/ping-server.js';
import { closedPort } from '../../http/servers.js';
import { openShop, type Shop } from '../shop.js';

const seconds = (shop: Shop): number => Math.floor(shop.clock.now() / 1000);

/** A shop with a file of metrics beside its clone. */
async function watched(...given: Parameters<typeof openShop>) {
  const shop = await openShop(...given);
  const file = join(shop.context().env.HOME ?? '', 'certwright.prom');
  const options = { yes: true, wait: '0s', metricsFile: file };
  return {
    shop,
    file,
    options,
    apply: (more = {}) => shop.call(apply, { ...options, ...more }, []),
    text: () => readFileSync(file, 'utf8'),
    /** The value of one line; undefined where there is none. */
    value(line: string): number | undefined {
      const found = readFileSync(file, 'utf8')
        .split('\n')
        .find((one) => one.startsWith(`${line} `));
      return found === undefined ? undefined : Number(found.slice(line.length + 1));
    },
  };
}

const LAST = 'certwright_last_run_exit_code';
const SUCCESS = 'certwright_last_successful_run_timestamp_seconds';
const LOOKED = 'certwright_snapshot_timestamp_seconds';

describe('the file of metrics', () => {
  it('tells certificates, accounts, spending and the run, for a collector to read', async () => {
    const { shop, file, apply, text, value } = await watched(
      {},
      { settings: { pollsUntilIssued: 0, search: 'unique' } },
    );
    expect((await apply({ wait: '1s' })).code).toBe(0);
    const { current, orders } = await shop.status('shop');
    const at = (instant = ''): number => Date.parse(instant) / 1000;
    expect(value('certwright_certificate_not_after_timestamp_seconds{certificate="shop"}')).toBe(
      at(current?.notAfter),
    );
    expect(value('certwright_certificate_paid_till_timestamp_seconds{certificate="shop"}')).toBe(
      at(orders[0]?.paidTill),
    );
    expect(value('certwright_certificate_state{certificate="shop",state="ready"}')).toBe(1);
    expect(value('certwright_certificates{state="ready"}')).toBe(1);
    const due = value(
      'certwright_certificate_next_due_timestamp_seconds{certificate="shop",action="reissue"}',
    );
    expect(due).toBeGreaterThan(seconds(shop));
    expect(due).toBeLessThan(at(current?.notAfter));
    expect(value('certwright_account_balance{account="paid",currency="USD"}')).toBe(490);
    expect(value('certwright_spend{budget="all",period="month",currency="USD"}')).toBe(10);
    expect(value('certwright_spend_limit{budget="all",period="day",currency="USD"}')).toBe(5000);
    expect([value(LAST), value(SUCCESS)]).toEqual([0, seconds(shop)]);
    expect(text()).not.toContain(shop.token);
    expect(text()).not.toContain('platform-team');
    // Another user reads it, and no draft is left for it to read.
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(readdirSync(join(file, '..')).filter((name) => name.includes('prom'))).toEqual([
      'certwright.prom',
    ]);
  });

  it('keeps what was seen while runs fail, and when one last succeeded', async () => {
    const { shop, apply, value } = await watched();
    await apply();
    const before = seconds(shop);
    await shop.advance(2 * HOUR_MS);
    await commitAndPush(shop.clone, { 'certwright.yaml': 'version: 7\n' });
    expect((await apply()).code).toBe(1);
    expect([value(LAST), value(SUCCESS), value(LOOKED)]).toEqual([1, before, before]);
    expect(value('certwright_last_run_timestamp_seconds')).toBe(seconds(shop));
    expect(value('certwright_certificate_state{certificate="shop",state="waiting"}')).toBe(1);
  });

  it('tells lost state, which is an alarm', async () => {
    const { shop, apply, value } = await watched();
    await apply();
    await setRef(shop.remote, 'refs/heads/certwright/seen', null);
    expect((await apply()).code).toBe(4);
    expect(value('certwright_state_branch{integrity="lost"}')).toBe(1);
    expect(value('certwright_state_branch{integrity="healthy"}')).toBe(0);
    expect(value(LAST)).toBe(4);
  });

  it('asks an account once an hour, and looks anew after an hour or a midnight in which nothing changed', async () => {
    const { shop, apply, value } = await watched({ files: { 'certificates/shop.yaml': null } });
    const balances = async () =>
      (await shop.control.wire()).filter(({ text }) => text.includes('GET /account ')).length;
    await apply();
    const first = seconds(shop);
    expect(await balances()).toBe(1);
    await shop.advance(HOUR_MS / 2);
    await apply();
    expect([await balances(), value(LOOKED), value(SUCCESS)]).toEqual([1, first, seconds(shop)]);
    await shop.advance(HOUR_MS / 2);
    await apply();
    expect([await balances(), value(LOOKED)]).toEqual([2, seconds(shop)]);
    const midnight = Math.ceil(shop.clock.now() / DAY_MS) * DAY_MS;
    await shop.advance(midnight - shop.clock.now() - 60_000);
    await apply();
    await shop.advance(120_000);
    await apply();
    expect(value(LOOKED)).toBe(seconds(shop));
  });

  it('counts for whom somebody has to act', async () => {
    const { shop, apply, value } = await watched({
      files: {
        'certificates/dear.yaml': 'domain: dear.example.com\nmaxPrice: 1 USD\n',
        'certificates/broken.yaml': 'domian: broken.example.com\n',
      },
    });
    expect((await apply()).code).not.toBe(0);
    const waiting = (reason: string) =>
      value(`certwright_certificates_waiting_for_person{reason="${reason}"}`);
    expect([waiting('money'), waiting('approval'), waiting('alarm')]).toEqual([1, 0, 0]);
    expect(value('certwright_file_findings{severity="error"}')).toBeGreaterThan(0);
    expect(value('certwright_certificate_state{certificate="dear",state="held"}')).toBe(1);
    expect(shop.clock.now()).toBeGreaterThan(0);
  });

  it('is written by sync, too', async () => {
    const { shop, options, value } = await watched({}, { settings: { search: 'unique' } });
    expect((await shop.call(sync, options, [])).code).toBe(0);
    expect(value('certwright_account_last_sync_timestamp_seconds{account="paid"}')).toBe(seconds(shop));
    expect(value('certwright_undeclared_orders{account="paid"}')).toBe(0);
  });

  it('never fails a run: not where its folder is missing, nor in place of a file of somebody else', async () => {
    const { shop, file, apply } = await watched();
    const lost = join(dirname(file), 'missing', 'certwright.prom');
    writeFileSync(file, 'precious\n');
    const foreign = await apply();
    expect(foreign).toMatchObject({ code: 0, err: expect.stringContaining('is no file of metrics') });
    expect(readFileSync(file, 'utf8')).toBe('precious\n');
    const missing = await apply({ metricsFile: lost });
    expect(missing.code).toBe(0);
    expect(missing.err).toContain(`writing metrics failed: ${lost} cannot be written (`);
    expect(missing.err).toMatch(/^warning: .*metrics/m);
    expect(existsSync(lost)).toBe(false);
    expect((await shop.status('shop')).orders).toHaveLength(1);
  });
});

describe('a dead man’s switch', () => {
  it('is told beginning and end of runs, without a word about certificates', async () => {
    const { shop, apply } = await watched({ files: { 'certificates/shop.yaml': null } });
    const server = await pingServer();
    const watch = { ping: server.url, pingStart: true, metricsFile: undefined };
    expect((await apply(watch)).code).toBe(0);
    expect((await apply(watch)).code).toBe(0);
    await setRef(shop.remote, 'refs/heads/certwright/seen', null);
    expect((await apply(watch)).code).toBe(4);
    const begin = '/start a run begins';
    expect(server.pings).toEqual([
      ...[begin, '/ exit code 0: fine'],
      ...[begin, '/ exit code 0: quiet'],
      ...[begin, '/fail exit code 4: attention'],
    ]);
  });

  it('that does not answer is seen, and fails nothing; its address is told nowhere', async () => {
    const { shop, apply } = await watched();
    const server = await pingServer();
    server.answer(404);
    const file = join(shop.context().env.HOME ?? '', 'ping-url');
    writeFileSync(file, `${server.url}\n`);
    const ran = await apply({ ping: file });
    expect(ran.code).toBe(0);
    expect(ran.err).toMatch(/^warning: the ping "success" did not get there: http.* answered with 404$/m);
    expect(ran.out + ran.err).not.toContain(server.token);
    expect((await shop.status('shop')).orders).toHaveLength(1);
  });

  it.each([
    ['no-such-file', 'cannot be read'],
    ['http://example.com/ping/x', 'is not encrypted'],
    ['https://user:word@example.com/x', 'holds a user name or password'],
  ])('%s is no address, which is said and fails nothing', async (ping, why) => {
    const { apply } = await watched({ files: { 'certificates/shop.yaml': null } });
    const { code, err } = await apply({ ping });
    expect(code).toBe(0);
    expect(err).toMatch(new RegExp(`warning: nobody is pinged: .*${why}`));
  });
});

describe('a recorder', () => {
  it('lets a run through whatever breaks in itself, and a run that throws throws', async () => {
    const context = testContext();
    const broken: Pinger = {
      ping: async () => {
        throw new TypeError('x is undefined');
      },
    };
    const recorder = createRecorder(
      context,
      { json: false, identity: [] },
      { pinger: broken, pingStart: true },
    );
    expect(
      await recorder.around(
        async () => 0 as const,
        (code) => code,
      ),
    ).toBe(0);
    expect(context.err()).toMatch(/^warning: the ping failed: x is undefined$/m);
    const failing = async (): Promise<0> => {
      throw new CertError('repository.unavailable', 'the remote cannot be reached');
    };
    await expect(recorder.around(failing, (code) => code)).rejects.toMatchObject({
      code: 'repository.unavailable',
    });
  });

  it.each(['', '/', '/ping/canary'])(
    'says which port refused a ping, with the path "%s" as without',
    async (path) => {
      const port = await closedPort();
      const pinger = createPinger(
        testContext({ clock: manualClock() }),
        new Secret(`http://127.0.0.1:${port}${path}`),
      );
      expect(await pinger.ping('success', 'x')).toBe(
        `http://127.0.0.1:${port} could not be reached: port ${port} refused the connection (ECONNREFUSED)`,
      );
    },
  );

  it('waits no longer for a switch that does not answer once it is stopped', async () => {
    const hook = await hookServer();
    const stop = new AbortController();
    hook.silence(() => stop.abort());
    const pinger = createPinger(testContext({ signal: stop.signal }), new Secret(hook.url));
    expect(await pinger.ping('success', '"fine"')).toBe('stopped before it was answered');
  });

  it('calls nobody for a run that was stopped', async () => {
    const server = await pingServer();
    const stop = new AbortController();
    const context = testContext({ signal: stop.signal });
    const pinger = createPinger(context, new Secret(server.url));
    const recorder = createRecorder(context, { json: false, identity: [] }, { pinger });
    const stopped = async (): Promise<0> => {
      stop.abort();
      throw new CertError('interrupted', 'stopped');
    };
    await expect(recorder.around(stopped, (code) => code)).rejects.toMatchObject({ code: 'interrupted' });
    expect(server.pings).toEqual([]);
  });
});
