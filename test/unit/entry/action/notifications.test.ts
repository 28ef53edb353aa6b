import { expect, it } from 'vitest';
import { hookServer } from '../../../support/hook-server.js';
import { act, hosted } from './act.js';

const CHANNELS = `notifications:
  - { type: webhook, url: "\${HOOK}", on: [waiting, changed] }
  - { type: github-issue, on: [waiting], labels: [ops] }
`;

it('a run of the Action tells where to answer, keeps an issue, and closes it once that is done', async () => {
  const hook = await hookServer();
  const { shop, github } = await hosted({}, {}, { settings: { pollsUntilIssued: 0 } });
  const text = await shop.configuration();
  const changed = text.replace('order: merge', 'order: pull-request') + CHANNELS;
  await github.push('main', { 'certwright.yaml': changed });
  const context = { env: { ...shop.context().env, HOOK: hook.url } };
  const first = await act(shop, github, { event: 'schedule' }, { context });
  expect([first.code, first.commands.filter((one) => one.startsWith('::warning'))]).toEqual([0, []]);
  expect(hook.take().flatMap(({ json }) => json.notices)).toMatchObject([
    {
      reason: 'approval-missing',
      url: 'https://github.test/acme/certificates/pull/1',
      manifestUrl: expect.stringMatching(/\/acme\/certificates\/blob\/main\/certificates\/shop\.yaml#L1$/),
    },
  ]);
  const issue = () => github.topics.find(({ pull }) => pull === undefined);
  expect(issue()).toMatchObject({ state: 'open', labels: ['certwright-notice', 'ops'] });
  expect(issue()?.title).toMatch(/^shop: order waits: /);

  await github.merge(1, 'squash');
  await act(shop, github, { event: 'push' }, { context });
  await shop.advance(60_000);
  await act(shop, github, { event: 'schedule' }, { context });
  expect(issue()).toMatchObject({ state: 'closed' });
  const told = hook
    .take()
    .flatMap(({ json }) => json.notices.map(({ reason }: { reason: string }) => reason));
  expect(told).toEqual(['ordered', 'issued']);
  expect(github.unknown).toEqual([]);
});
