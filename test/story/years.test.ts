import { expect, it, vi } from 'vitest';
import { describeWith } from '../support/system.js';
import { LONG_MS, laterBy, openssl, published, type Team, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const PRICED = `providers:
  internal:
    type: local-ca
    environment: live
    currency: USD
    balance: 200 USD
    minimumBalance: 20 USD
    prices: { standard: { 1y: { base: 25 USD, names: 3, perName: 6 USD } } }
policy:
  approval: { order: merge, renew: auto, free: auto, revoke: pull-request }
  spending: { perOrder: 100 USD, perDay: 60 USD, perMonth: 200 USD }
`;

const at = (day: string, time = '10:00:00'): readonly string[] => laterBy(`@${day} ${time}`);

interface Step {
  readonly day: string;
  readonly time?: string;
  readonly args?: readonly string[];
  readonly code?: number;
  readonly says?: readonly RegExp[];
}

async function on(team: Team, { day, time, args = ['apply'], code = 0, says = [] }: Step): Promise<string> {
  const ended = await team.certwright(args, { program: at(day, time) });
  expect(ended.code, `${day} ${args.join(' ')}\n${ended.said}`).toBe(code);
  for (const words of says) expect(ended.said, `${day} ${args.join(' ')}`).toMatch(words);
  return ended.out;
}

describeWith(['faketime', 'openssl'], 'two certificates over more than a year', () => {
  it('are paid once a term, reissued for nothing in between, and never run out unsaid', async () => {
    const team = await teamOf({
      providers: PRICED,
      program: at('2026-12-01'),
      files: {
        'certificates/_defaults.yaml': 'product: standard\nterm: 1y\nowner: web\n',
        'certificates/shop.yaml':
          'domains: [shop.example.com, a.example.com, b.example.com, c.example.com]\nmaxPrice: 31 USD\nautoRenew: true\n',
        'certificates/blog.yaml': 'domain: blog.example.com\nmaxPrice: 25 USD\n',
      },
    });
    await on(team, {
      day: '2026-12-01',
      args: ['plan'],
      says: [/31\.00 USD/, /25\.00 USD/, /2026-12-01 → 2027-12-01/, /certificates/, /56\.00 USD/],
    });
    await on(team, { day: '2026-12-01' });
    expect(await team.orders()).toHaveLength(2);
    const first = await team.status('shop');
    expect(first.orders[0]?.paidTill).toMatch(/^2027-12-01T/);

    const bought = await team.refs();
    await on(team, { day: '2027-02-01', says: [/No changes/] });
    expect(await team.refs()).toEqual(bought);

    // The end of the first certificate nears: free, and as long as the industry allows by then.
    await on(team, { day: '2027-05-25', says: [/reissue shop/, /reissue blog/, /free/] });
    expect(await team.orders()).toHaveLength(2);
    const second = await team.status('shop');
    expect(second.current?.serial).not.toBe(first.current?.serial);
    expect(second.current?.order).toBe(first.current?.order);
    const folder = await published(team, 'shop');
    const dates = await openssl('x509', '-in', `${folder}/certificate.pem`, '-noout', '-dates');
    expect(dates).toMatch(/notBefore=May 25 .* 2027 GMT\nnotAfter=Sep .* 2027 GMT/);

    // Nobody ran it for months: said by everything that looks, and the next apply mends it.
    const end = second.current?.notAfter ?? '';
    expect(end.slice(0, 7)).toBe('2027-09');
    await on(team, { day: '2027-08-25', args: ['status'], code: 4, says: [/overdue/i] });
    await on(team, { day: '2027-09-20', args: ['status'], code: 4, says: [/expired/i] });
    await on(team, { day: '2027-09-20', says: [/reissue shop/] });
    expect(await team.orders()).toHaveLength(2);

    // The paid term ends: one has autoRenew, for the other a person is told.
    await on(team, {
      day: '2027-11-10',
      // Two hours later in the day: 20 whole days are left and carried over, whatever the seconds.
      time: '12:00:00',
      says: [/renew shop/, /31\.00 USD/, /autoRenew/, /\+ renew shop|renew shop: published/],
    });
    const renewed = await team.status('shop');
    expect(await team.orders()).toHaveLength(3);
    expect(renewed.orders).toHaveLength(2);
    expect(renewed.orders[1]?.predecessor).toBe(renewed.orders[0]?.id);
    expect(renewed.orders[1]?.paidTill).toMatch(/^2028-11-30T/);

    // Within the last week of what was paid, and after it: exit 4 until somebody decides.
    await on(team, { day: '2027-11-27', code: 4, says: [/blog.*2027-12-01|2027-12-01.*autoRenew/] });
    await on(team, { day: '2028-01-05', args: ['status', 'blog'], code: 4, says: [/blog\s+\S*Expired/i] });
    await on(team, { day: '2028-01-05', args: ['status', 'shop'] });
    expect(await team.orders()).toHaveLength(3);
  });
});
