import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { git } from '../support/git.js';
import { HOOK_PATH, hookServer, type Posted } from '../support/hook-server.js';
import { describeWith } from '../support/system.js';
import { PAID_COMMAND, PAID_MANIFEST, paidShop } from './paid.js';
import { LONG_MS, teamOf } from './stage.js';

const KEY = 'canary-key-of-the-channel';
const RULES = `  rules: [{ match: "**", approval: { order: pull-request } }]\n`;
const CHANNELS = `notifications:
  - { type: webhook, url: "\${HOOK}", secret: "\${HOOK_KEY}", on: [attention, waiting, changed] }
`;

const later = (by: string) => ({ program: ['faketime', '-f', by, ...PAID_COMMAND] });

/** As a receiver would check it, and the certificates it is about. */
function read({ headers, body, json }: Posted): string {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const mac = createHmac('sha256', KEY).update(signed).digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${mac}`);
  return json.notices
    .map((one: { reason: string; certificate: string; reminder: boolean; price?: { amount: string } }) =>
      [json.event, one.certificate, one.reason, one.price?.amount, one.reminder ? 'again' : undefined]
        .filter((part) => part !== undefined)
        .join(' '),
    )
    .join(', ');
}

describeWith(['faketime'], 'a team that is told', () => {
  it('of an order that waits, once, and again; of what was bought; and of nothing else', {
    timeout: LONG_MS,
  }, async () => {
    const hook = await hookServer();
    const shop = await paidShop({ settings: { pollsUntilIssued: 0 } });
    const team = await teamOf({
      ...shop,
      env: { ...shop.env, HOOK: hook.url, HOOK_KEY: KEY },
      providers: shop.providers + RULES + CHANNELS,
      program: PAID_COMMAND,
      files: { 'certificates/shop.yaml': PAID_MANIFEST },
    });
    const said: string[] = [];
    const apply = async (changes = {}) => {
      const ended = await team.certwright(['apply', '--yes', '--wait', '10s'], changes);
      said.push(ended.said);
      return ended;
    };

    expect((await apply()).code).toBe(0);
    expect(hook.take().map(read)).toEqual(['waiting shop approval-missing 10.00']);
    const refs = await team.refs();
    await apply();
    expect(hook.take()).toEqual([]);
    expect(await team.refs()).toEqual(refs);
    await apply(later('+8d'));
    expect(hook.take().map(read)).toEqual(['waiting shop approval-missing 10.00 again']);

    // The clock is right again, the channel is down, and the order may go.
    hook.answer(503, 'maintenance');
    const configuration = await readFile(join(team.clone, 'certwright.yaml'), 'utf8');
    await team.merge({ 'certwright.yaml': configuration.replace(RULES, '') });
    const bought = await apply();
    expect([bought.code, await shop.control.purchases()]).toEqual([0, 1]);
    expect(bought.err).toMatch(
      /^warning: the channel webhook is not told anything since .* 503: maintenance$/m,
    );
    expect(hook.take()).toHaveLength(1);
    const shown = await team.certwright(['notify']);
    expect(shown.out).toMatch(/^ {2}not now: .*503.*\n {2}2 changes$/m);

    hook.answer(200);
    expect((await apply(later('+10m'))).err).not.toMatch(/warning: the channel/);
    expect(hook.take().map(read)).toEqual(['changed shop ordered 10.00, changed shop issued']);
    const tested = await team.certwright(['notify', '--test', '--json']);
    expect(JSON.parse(tested.out)).toMatchObject({ channels: [{ name: 'webhook', ok: true }], exitCode: 0 });
    expect(hook.take().map(({ json }) => json.event)).toEqual(['test']);
    await apply();
    expect([hook.take(), await shop.control.purchases()]).toEqual([[], 1]);

    const memory = await git(team.remote.path, 'cat-file', 'blob', 'refs/certwright/cache:cache.json');
    for (const text of [...said, shown.said, tested.said, memory, JSON.stringify(await team.state())])
      for (const secret of [KEY, HOOK_PATH]) expect(text).not.toContain(secret);
  });
});
