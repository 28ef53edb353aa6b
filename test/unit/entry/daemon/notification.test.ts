import { describe, expect, it } from 'vitest';
import { judgeNotification } from '../../../../src/entry/daemon/notification.js';
import { Secret } from '../../../../src/model/secret.js';
import { providerDefinitions } from '../../../../src/providers/index.js';

const SECRET = 'a secret of the webhook';
const ACCOUNTS = new Map([
  ['main', 'sectigo'],
  ['shop', 'namecheap'],
]);

const basic = (password: string): Readonly<Record<string, string>> => ({
  authorization: `Basic ${Buffer.from(`sectigo:${password}`).toString('base64')}`,
});
const ORDER = 'orderNumber=912345678&certificateID=1&eventType=Certificate&statusCode=2';

function judge(
  account: string,
  headers: Readonly<Record<string, string>>,
  fields: string,
  accounts: ReadonlyMap<string, string> | undefined = ACCOUNTS,
): string {
  const rules = {
    secrets: [new Secret('the one before it, too'), new Secret(SECRET)],
    accounts,
    definitions: providerDefinitions,
  };
  const judged = judgeNotification(account, headers, new URLSearchParams(fields), rules);
  return judged.kind === 'refused'
    ? `${judged.status} ${judged.why}`
    : `${judged.order.provider} ${judged.order.orderId}`;
}

describe('what a provider tells', () => {
  it.each<readonly [string, string]>([
    ['of an order', judge('main', basic(SECRET), ORDER)],
    ['with the secret that was before', judge('main', basic('the one before it, too'), ORDER)],
  ])('%s is a look at it', (_title, judged) => {
    expect(judged).toBe('main 912345678');
  });

  it.each<readonly [string, string, RegExp]>([
    ['without a password', judge('main', {}, ORDER), /^401/],
    ['with a wrong one', judge('main', basic(`${SECRET}x`), ORDER), /^401/],
    ['with the secret as a bearer', judge('main', { authorization: `Bearer ${SECRET}` }, ORDER), /^401/],
    ['with no colon', judge('main', { authorization: `Basic ${btoa(SECRET)}` }, ORDER), /^401/],
    ['of an account that is not there', judge('other', basic(SECRET), ORDER), /^404/],
    ['of a provider that tells nothing', judge('shop', basic(SECRET), ORDER), /^404/],
    ['without an order', judge('main', basic(SECRET), 'eventType=CallBack'), /^400/],
    ['of something that is no order', judge('main', basic(SECRET), 'orderNumber=../x'), /^400/],
  ])('%s is refused', (_title, judged, why) => {
    expect(judged).toMatch(why);
  });

  it('comes too early before a run knows the accounts', () => {
    const rules = { secrets: [new Secret(SECRET)], accounts: undefined, definitions: providerDefinitions };
    expect(judgeNotification('main', basic(SECRET), new URLSearchParams(ORDER), rules)).toMatchObject({
      status: 503,
    });
  });

  it('can be told exactly by kinds that say so', () => {
    for (const { type, capabilities, notifiedOrder } of providerDefinitions)
      expect(notifiedOrder !== undefined, type).toBe(capabilities.push);
  });
});
