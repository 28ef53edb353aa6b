import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { setRef } from '../../../support/git.js';
import { pingServer } from '../../../support/ping-server.js';
import { act, hosted, proposed } from './act.js';

it('the Action tells a dead man’s switch what colours the job, of runs that carry out, and hides its address', async () => {
  const { shop, github } = await hosted({ files: { 'certificates/shop.yaml': null } });
  const server = await pingServer();
  const file = join(shop.context().env.HOME ?? '', 'certwright.prom');
  const inputs = { ping: server.url, 'metrics-file': file, wait: '0s' };
  const run = await act(shop, github, { event: 'schedule' }, { inputs });
  expect(run.code).toBe(0);
  expect(run.commands).toContain(`::add-mask::${server.url}`);
  expect(run.log.replace(`::add-mask::${server.url}`, '')).not.toContain(server.token);
  expect(readFileSync(file, 'utf8')).toContain('certwright_last_run_exit_code 0\n');
  expect(server.pings).toEqual(['/ exit code 0: fine']);

  const pull = await proposed(github, { 'certificates/wiki.yaml': 'domain: wiki.example.com\n' });
  expect((await act(shop, github, { event: 'pull_request', pull }, { inputs })).code).toBe(0);
  expect(server.pings).toHaveLength(1);

  await setRef(shop.remote, 'refs/heads/certwright/seen', null);
  const lost = { ...inputs, 'fail-on-attention': 'false' };
  expect((await act(shop, github, { event: 'push' }, { inputs })).code).toBe(4);
  expect((await act(shop, github, { event: 'push' }, { inputs: lost })).code).toBe(0);
  expect(server.pings.slice(1)).toEqual(['/fail exit code 4: attention', '/ exit code 0: fine']);

  server.answer(500);
  const unheard = await act(shop, github, { event: 'push' }, { inputs: lost });
  expect(unheard.code).toBe(0);
  expect(unheard.commands.join('\n')).toMatch(/^::warning .*the ping "success" did not get there/m);
});
