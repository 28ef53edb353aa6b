import { expect, it } from 'vitest';
import { act, hosted } from './act.js';

it('a run asks for what waits, shows it on the dashboard, and carries out what was merged', async () => {
  const { shop, github } = await hosted();
  const text = await shop.configuration();
  await github.push('main', { 'certwright.yaml': text.replace('order: merge', 'order: pull-request') });
  const inputs = { dashboard: 'true' };
  const first = await act(shop, github, { event: 'schedule' }, { inputs });
  expect(first.code).toBe(0);
  expect(first.summary).toContain('- [#1](https://github.test/acme/certificates/pull/1) Approve: order shop');
  expect(await shop.control.purchases()).toBe(0);
  const page = () => github.topics.find(({ title }) => title === 'certwright: dashboard')?.body ?? '';
  expect(page()).toMatch(/- order `shop`, at most 100\.00 USD: .*; asked for in \[#1\]\(/);

  await github.merge(1, 'squash');
  expect((await act(shop, github, { event: 'push' }, { inputs })).code).toBe(0);
  expect(await shop.control.purchases()).toBe(1);
  expect(page()).not.toContain('asked for in');
  expect(github.topics).toHaveLength(2);
  expect(github.unknown).toEqual([]);
});

it('a job without the permission is told which, and is none the worse', async () => {
  const { shop, github } = await hosted();
  const text = await shop.configuration();
  await github.push('main', { 'certwright.yaml': text.replace('order: merge', 'order: pull-request') });
  const token = github.token({ permissions: { contents: 'write' } });
  const { code, commands } = await act(
    shop,
    github,
    { event: 'push' },
    { token, inputs: { dashboard: 'true' } },
  );
  expect(code).toBe(0);
  expect(
    commands.filter((line) => line.startsWith('::warning')).map((line) => /"([\w-]+: \w+)"/.exec(line)?.[1]),
  ).toEqual(['issues: read', 'pull-requests: read']);
});

it('a shard leaves approvals and the dashboard to runs without one', async () => {
  const { shop, github } = await hosted();
  const text = await shop.configuration();
  await github.push('main', { 'certwright.yaml': text.replace('order: merge', 'order: pull-request') });
  const inputs = { dashboard: 'true' };
  const inShard = (shard: string) =>
    act(
      shop,
      github,
      { event: 'push' },
      { inputs, context: { env: { ...shop.context().env, CERTWRIGHT_SHARD: shard } } },
    );
  expect((await inShard('1/2')).code).toBe(0);
  expect((await inShard('2/2')).code).toBe(0);
  expect(github.topics).toEqual([]);
  await act(shop, github, { event: 'push' }, { inputs });
  const topics = () => github.topics.map(({ number, title, state }) => [number, title, state]);
  const asked = topics();
  expect(asked).toHaveLength(2);
  const other = await inShard('1/2');
  expect(other.log).toMatch(/Shard 1\/2\. /);
  await inShard('2/2');
  expect(topics()).toEqual(asked);
  const mistake = await inShard('');
  expect(mistake.code).toBe(1);
});
