/** The remote takes a push and its reply is lost: what a person is told is what stands on the branch. */
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as abandon from '../../../src/entry/cli/abandon.js';
import * as claim from '../../../src/entry/cli/claim.js';
import * as compromise from '../../../src/entry/cli/compromise.js';
import type { Options } from '../../../src/entry/cli/program.js';
import * as reissue from '../../../src/entry/cli/reissue.js';
import * as replace from '../../../src/entry/cli/replace.js';
import * as resolve from '../../../src/entry/cli/resolve.js';
import * as revoke from '../../../src/entry/cli/revoke.js';
import { type GitRemote, installHook, messagesOf, testBranches } from '../../support/git.js';
import { certificate, order, status } from '../../support/state.js';
import { failure } from '../keys/support.js';
import { type Command, openShop } from './shop.js';

const atPaid = { provider: 'paid', environment: 'rehearsal' as const, product: 'paid-multi' };
const OLD = 'git.example.com/team/certificates';

/** The next push moves its refs; whoever pushed sees the line drop. */
const loseReply = (remote: GitRemote, then = 'true') =>
  installHook(
    remote,
    'reference-transaction',
    `[ "$1" = committed ] && grep -q certwright/state && rm "$0" && ${then} && kill -9 $PPID; exit 0`,
  );

test.each<[string, Command, Options, RegExp]>([
  [
    'replace',
    replace,
    { reason: 'incident', deadline: '24h', yes: true },
    /^Recorded: 1 to be replaced by /m,
  ],
  ['compromise', compromise, { reason: 'leaked', yes: true }, /^Recorded: 1 key blocked, 1 revocation/m],
  ['revoke', revoke, { reason: 'leaked', code: 'superseded', yes: true }, /^Recorded: the certificate /m],
  ['reissue', reissue, { reason: 'wanted' }, /^Recorded: shop is to be reissued/m],
  ['abandon', abandon, { reason: 'not wanted', yes: true }, /^Recorded: order o-2 of shop is to be given/m],
  ['resolve', resolve, { resetBreaker: true }, /^Reset: shop was stopped because/m],
  ['claim', claim, { copy: true, yes: true }, /^Claimed as a copy: /m],
])('%s', async (name, command, options, words) => {
  const pending = { ...order('o-2', atPaid), state: 'pending' as const };
  const shop = await openShop({
    ...(name === 'claim' ? { header: { remote: OLD } } : {}),
    statuses: [
      status('shop', {
        orders: [order('o-1', atPaid), ...(name === 'abandon' ? [pending] : [])],
        current: certificate('o-1'),
        ...(name === 'resolve' ? { breaker: { trippedAt: '2026-11-20T00:00:00Z', why: 'too many' } } : {}),
      }),
    ],
  });
  const before = await messagesOf(shop.remote, testBranches.state);
  const id = async () => /^id: .*$/m.exec(await readFile(join(shop.clone, 'certwright.yaml'), 'utf8'))?.[0];
  const idBefore = await id();
  await loseReply(shop.remote);

  const { code, out } = await shop.call(command, options);

  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(words) });
  expect(await messagesOf(shop.remote, testBranches.state)).toHaveLength(before.length + 1);
  if (name === 'claim') expect(await id()).not.toBe(idBefore);
});

test('a push that cannot be looked for is told to be unknown, and recording it again adds nothing', async () => {
  const shop = await openShop({
    statuses: [status('shop', { orders: [order('o-1', atPaid)], current: certificate('o-1') })],
  });
  const away = `${shop.remote.path}.away`;
  await loseReply(shop.remote, `mv "$PWD" ${away}`);

  const error = await failure(shop.call(reissue, { reason: 'wanted' }), 'repository.unavailable');

  expect(error.message).toContain('whether what was pushed is on the state branch is not known');
  expect(error.effect).toBe('unknown');
  await rename(away, shop.remote.path);
  expect((await shop.call(reissue, { reason: 'wanted' })).out).toContain('was asked for at');
  expect((await shop.status('shop')).requests).toHaveLength(1);
});

test('a push that was taken is told to be recorded, although the state cannot be read after it', async () => {
  const shop = await openShop({
    statuses: [status('shop', { orders: [order('o-1', atPaid)], current: certificate('o-1') })],
  });
  const away = `${shop.remote.path}.away`;
  await installHook(shop.remote, 'post-receive', `mv "$PWD" ${away}`);

  const error = await failure(shop.call(reissue, { reason: 'wanted' }), 'repository.unavailable');

  expect(error.message).toContain('what was pushed is on the state branch');
  expect(error.message).not.toContain('not known');
  expect(error.effect).not.toBe('unknown');
  await rename(away, shop.remote.path);
  expect((await shop.status('shop')).requests).toHaveLength(1);
});
