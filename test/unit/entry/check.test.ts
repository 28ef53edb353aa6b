import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import * as check from '../../../src/entry/cli/check.js';
import { MINUTE_MS } from '../../../src/model/time.js';
import type { ProviderDeps } from '../../../src/ports/provider.js';
import { commitAndPush } from '../../support/git.js';
import { failure } from '../keys/support.js';
import { openShop, type Shop, TOKEN } from './shop.js';

/** A second account of the same kind, whose variable nobody set. */
const second = async (shop: Shop, account: string): Promise<void> => {
  const text = await readFile(`${shop.clone}/certwright.yaml`, 'utf8');
  await commitAndPush(shop.clone, {
    'certwright.yaml': text.replace('policy:\n', `  ${account}\npolicy:\n`),
  });
};

const accountAt = (id: string, variable: string): string =>
  `${id}: { type: paid-test, environment: rehearsal, url: "http://127.0.0.1:9", credentials: { token: "\${${variable}}" } }`;

const UNSET = accountAt('other', 'OTHER_TOKEN');
const NOBODY = accountAt('gone', 'PAID_TOKEN');

describe('check', () => {
  test('tells environment, balance and clock of an account that works', async () => {
    const shop = await openShop();
    const { code, out } = await shop.call(check, {}, []);
    expect(out).toBe(
      'ACCOUNT  TYPE       ENVIRONMENT  RESULT     BALANCE  CLOCK\n' +
        'paid     paid-test  REHEARSAL    fine    500.00 USD    0 s\n',
    );
    expect(code).toBe(0);
    expect((await shop.control.ledger()).filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  test('an account without its variable is one row, and names it', async () => {
    const shop = await openShop();
    await second(shop, UNSET);
    const { code, out } = await shop.call(check, {}, []);
    expect(out).toMatch(/^other +paid-test +REHEARSAL +no credentials$/m);
    expect(out).toMatch(/^paid .* fine /m);
    expect(out).toContain('\nother:\n  not set: OTHER_TOKEN\n');
    expect(code).toBe(1);
  });

  test('asks only the accounts that are named', async () => {
    const shop = await openShop();
    await second(shop, UNSET);
    const { code, out } = await shop.call(check, {}, ['paid']);
    expect(out).not.toContain('other');
    expect(code).toBe(0);
    expect((await failure(shop.call(check, {}, ['payd']), 'usage')).remedy).toBe('did you mean "paid"?');
  });

  test('a refused account gets the three things to look at, never its token', async () => {
    const shop = await openShop();
    const context = shop.context({ env: { ...shop.context().env, PAID_TOKEN: 'wrong-token-9' } });
    const code = await check.run(context, { json: false, identity: [] }, {}, []);
    const out = context.out();
    expect(out).toMatch(/^paid +paid-test +REHEARSAL +failed/m);
    expect(out).toContain('the seller refused: this token is not known');
    expect(out).toMatch(/Look at:\n {2}1\. the parameters: credentials token \(PAID_TOKEN\)/);
    expect(out).toMatch(/ {2}2\. the address: does http:\/\/127\.0\.0\.1:\d+ answer/);
    expect(out).toMatch(/ {2}3\. this machine: is its public address allowed/);
    expect(out).not.toContain('wrong-token-9');
    expect(code).toBe(1);
  });

  test('an address where nobody answers is a row as well, within 80 columns', async () => {
    const shop = await openShop();
    await second(shop, NOBODY);
    const context = shop.context({ render: { color: false, width: 80 } });
    const code = await check.run(context, { json: false, identity: [] }, {}, []);
    expect(context.out()).toMatch(/^gone +paid-test +REHEARSAL +failed/m);
    expect(context.out()).toMatch(/^paid .* fine /m);
    const widest = Math.max(
      ...context
        .out()
        .split('\n')
        .map((line) => line.length),
    );
    expect(widest).toBeLessThanOrEqual(80);
    expect(code).toBe(1);
  });

  test('a clock that is wrong is a failure, because nothing paid would be sent', async () => {
    const shop = await openShop();
    shop.clock.advance(5 * MINUTE_MS);
    const { code, out } = await shop.call(check, {}, []);
    expect(out).toContain("this clock is 300 s ahead of the provider's");
    expect(out).toMatch(/-300 s$/m);
    expect(code).toBe(1);
  });

  test('prints one JSON document', async () => {
    const shop = await openShop();
    await second(shop, UNSET);
    const { out } = await shop.call(check, {}, [], true);
    expect(out).not.toContain(TOKEN);
    expect(JSON.parse(out).accounts).toEqual([
      expect.objectContaining({ account: 'other', result: 'no credentials', missing: ['OTHER_TOKEN'] }),
      expect.objectContaining({
        account: 'paid',
        result: 'fine',
        balance: { amount: '500.00', currency: 'USD' },
        clockDifferenceMs: 0,
      }),
    ]);
  });

  test('a seller that says terrible things moves no cursor', async () => {
    const shop = await openShop();
    const definitions = shop.context().definitions.map((one) =>
      one.type === 'paid-test'
        ? {
            ...one,
            create: async (deps: ProviderDeps) => ({
              ...(await one.create(deps)),
              check: async () => ({
                ok: false,
                environment: 'rehearsal' as const,
                findings: ['\u001b[2J\u202eno'],
              }),
            }),
          }
        : one,
    );
    const context = shop.context({ definitions });
    await check.run(context, { json: false, identity: [] }, {}, []);
    expect(context.out()).toContain(String.raw`\x1b[2J\u{202e}no`);
  });

  test('a failure names the pages of the vendor where there are some', async () => {
    const shop = await openShop();
    const links = { signUp: 'https://shop.example/join', docs: 'https://shop.example/api' };
    const base = shop.context();
    const context = shop.context({
      definitions: base.definitions.map((one) => ({ ...one, links })),
      env: { ...base.env, PAID_TOKEN: 'wrong' },
    });
    await check.run(context, { json: false, identity: [] }, {}, []);
    expect(context.out()).toContain(
      '  Account: https://shop.example/join\n  Documentation: https://shop.example/api\n',
    );
  });

  test('Ctrl-C ends it', async () => {
    const shop = await openShop();
    const stop = new AbortController();
    stop.abort();
    const context = shop.context({ signal: stop.signal });
    await failure(check.run(context, { json: false, identity: [] }, {}, []), 'interrupted');
  });
});
