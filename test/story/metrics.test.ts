import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fakeGitHub } from '../support/github/server.js';
import { pingServer } from '../support/ping-server.js';
import { PAID_COMMAND, PAID_MANIFEST, paidShop } from './paid.js';
import { runAction } from './runner.js';
import { LONG_MS, start, teamOf } from './stage.js';

const valueIn = (text: string, line: string): number | undefined => {
  const found = text.split('\n').find((one) => one.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
};

/** What Prometheus itself says of a text; undefined where promtool is not installed. */
const lint = (text: string): Promise<string | undefined> =>
  new Promise((settle) => {
    const child = execFile('promtool', ['check', 'metrics'], (error, stdout, stderr) =>
      settle(error !== null && 'code' in error && error.code === 'ENOENT' ? undefined : stdout + stderr),
    );
    child.stdin?.on('error', () => undefined).end(text);
  });

it('a team watches its certificates with Prometheus and a dead man’s switch', {
  timeout: LONG_MS,
}, async () => {
  const shop = await paidShop({ settings: { pollsUntilIssued: 0 } });
  const team = await teamOf({ ...shop, program: PAID_COMMAND });
  const server = await pingServer();
  const file = join(team.home, 'certwright.prom');
  await writeFile(join(team.home, 'ping'), server.url);
  await team.merge({ 'certificates/shop.yaml': PAID_MANIFEST });

  // From cron: one run, its metrics in a file, its end told.
  const run = await team.certwright(['apply', '--yes', '--wait', '20s', '--metrics-file', file], {
    env: { ...team.env, CERTWRIGHT_PING_URL: server.url },
  });
  expect(run.code, run.said).toBe(0);
  expect(server.pings).toEqual(['/ exit code 0: fine']);
  const written = await readFile(file, 'utf8');
  const { current } = await team.status('shop');
  const notAfter = Date.parse(current?.notAfter ?? '') / 1000;
  const ends = 'certwright_certificate_not_after_timestamp_seconds{certificate="shop"}';
  expect(valueIn(written, ends)).toBe(notAfter);
  expect(valueIn(written, 'certwright_last_run_exit_code')).toBe(0);
  expect(written).not.toContain('_total');

  // As a daemon: counted, served, and the same file.
  const daemon = start(
    ['daemon', '--port', '0', '--poll', '1h', '--ping', join(team.home, 'ping'), '--metrics-file', file],
    { cwd: team.clone, env: team.env, program: PAID_COMMAND },
  );
  const url = await new Promise<string>((settle, fail) => {
    let said = '';
    daemon.child.stderr?.on('data', (text: string) => {
      said += text;
      const started = said.split('\n').find((line) => line.includes('daemon started'));
      if (started !== undefined && said.includes('\n')) settle(JSON.parse(started).url);
    });
    daemon.ended.then(({ said: all }) => fail(new Error(all)), fail);
  });
  await expect.poll(() => server.pings.length, { timeout: LONG_MS, interval: 50 }).toBe(2);
  const scraped = await expect
    .poll(async () => (await fetch(`${url}/metrics`)).text(), { timeout: LONG_MS, interval: 50 })
    .toContain('certwright_last_run_timestamp_seconds')
    .then(() => fetch(`${url}/metrics`));
  expect(scraped.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await scraped.text();
  expect(valueIn(text, ends)).toBe(notAfter);
  expect(valueIn(text, 'certwright_ready')).toBe(1);
  expect(valueIn(text, 'certwright_pings_total{result="reached"}')).toBe(1);
  expect(text).toMatch(/^certwright_runs_total\{outcome="(?:fine|quiet)"\} 1$/m);
  expect(await lint(text)).toSatisfy((said) => said === undefined || said === '');
  for (const secret of [shop.token, server.token]) expect(text).not.toContain(secret);
  daemon.child.kill('SIGTERM');
  const { code, said } = await daemon.ended;
  expect(code).toBe(0);
  expect(said).not.toContain(server.token);
  expect(await readFile(file, 'utf8')).toContain('certwright_runs_total');
  expect(await shop.control.purchases()).toBe(1);
});

it('the built Action writes the same metrics, and calls the switch', { timeout: LONG_MS }, async () => {
  const team = await teamOf({
    files: { 'certificates/shop.yaml': 'domain: shop.example.com\nowner: web\n' },
  });
  const github = await fakeGitHub({ remote: team.remote });
  const server = await pingServer();
  const file = join(team.home, 'certwright.prom');
  const inputs = { ping: server.url, 'metrics-file': file, approvals: 'false' };
  const run = await runAction(team, github, { event: 'push' }, { token: github.token(), inputs });
  expect(run.code, run.said).toBe(0);
  expect(server.pings).toEqual(['/ exit code 0: fine']);
  const text = await readFile(file, 'utf8');
  expect(valueIn(text, 'certwright_certificate_state{certificate="shop",state="ready"}')).toBe(1);
  expect(run.out.replace(`::add-mask::${server.url}`, '')).not.toContain(server.token);
});
