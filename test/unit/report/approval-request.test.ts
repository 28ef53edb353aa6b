import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { describe, expect, it } from 'vitest';
import type { PlanItem } from '../../../src/model/plan.js';
import { toMs } from '../../../src/model/time.js';
import { surveyOf, type Wish } from '../../../src/policy/approval-wishes.js';
import { changedText, closedText, editedText, requestText } from '../../../src/report/approval-request.js';
import { order, status, usd } from '../policy/builders.js';

const NOW = toMs('2027-10-23T10:00:00Z');

const held = (name: string, parts: Partial<PlanItem> = {}): PlanItem => ({
  name,
  lane: 'purchase',
  action: 'renew',
  reason: 'PaidTermEnding',
  message: 'paid till 2027-11-01, 9 days of the old term are lost',
  owner: 'platform-team',
  provider: 'shop',
  environment: 'live',
  product: 'private-server',
  term: '1y',
  names: ['shop.example.com', 'www.shop.example.com'],
  price: { kind: 'known', amount: usd('10'), source: 'price list of the account' },
  coverage: { from: '2027-10-23T10:00:00Z', till: '2028-10-23T10:00:00Z', certificates: 5 },
  sideEffects: ['revokes serial 0a in 72 h'],
  predecessor: 'o-1',
  dueAt: '2027-10-22T10:00:00Z',
  hold: { code: 'approval-missing', message: 'merge a file' },
  byEdit: false,
  alternatives: [{ provider: 'other', price: { kind: 'known', amount: usd('12'), source: 'list' } }],
  ...parts,
});

const wishes = (...items: readonly PlanItem[]): readonly Wish[] =>
  surveyOf(
    { items },
    {
      statuses: new Map(
        items.map(({ name }) => [
          name,
          status(name, { orders: [order('o-1', { paidTill: '2027-11-01T10:00:00Z' })] }),
        ]),
      ),
      taxOf: () => '20',
      ceilingOf: () => usd('100'),
    },
  ).wishes;

describe('a pull request that asks for an approval', () => {
  it('says what, how much, why, and what follows', () => {
    const { title, body } = requestText(wishes(held('team-a/shop')), NOW);
    expect(`${title}\n\n${body}`).toMatchInlineSnapshot(`
      "Approve: renew team-a/shop (12.00 USD)

      **Merging this lets certwright renew \`team-a/shop\` once, for at most 12.00 USD.** Until then it does not.

      - Why: paid till 2027-11-01, 9 days of the old term are lost
      - Price: **12.00 USD**, price list of the account, with tax
      - Covers: 2027-10-23 → 2028-10-23, 5 certificates
      - Product: \`private-server\`, 1y, at \`shop\`
      - Names: \`shop.example.com\`, \`www.shop.example.com\`
      - Follows \`o-1\`
      - Owner: platform-team
      - Also: revokes serial 0a in 72 h
      - Or at \`other\`: 12.00 USD

      - **Merged** by 2027-11-06: the next run carries it out, if the price is no higher than this and nothing else about it has changed. The approval is used up by that.
      - **Closed**: declined. If it is still needed then, certwright asks again on 2027-10-25.
      - **Left open**: nothing happens, and what is paid for \`team-a/shop\` ends on 2027-11-01.
      "
    `);
  });

  it('says loudly where nothing real is bought', () => {
    const { body } = requestText(wishes(held('shop', { environment: 'rehearsal' })), NOW);
    expect(body).toContain('at **shop (REHEARSAL)**, where nothing real is bought');
  });

  it('of several has a section for each, and their sum', () => {
    const { title, body } = requestText(wishes(held('a'), held('b')), NOW);
    expect(title).toBe('Approve 2 actions: 24.00 USD');
    expect(body).toContain('for at most 24.00 USD together');
    expect(body.match(/^### /gm)).toHaveLength(2);
  });

  it('stays under what GitHub takes with 20 of 100 long names, and 5,000 lines', () => {
    const long = Array.from(
      { length: 100 },
      (_, i) => `${'n'.repeat(60)}.${i}.${'m'.repeat(60)}.example.com`,
    );
    const many = Array.from({ length: 20 }, (_, i) =>
      held(`${'x'.repeat(120)}${i}`, { names: long, message: 'y'.repeat(5000), owner: 'z'.repeat(5000) }),
    );
    expect(requestText(wishes(...many), NOW).body.length).toBeLessThan(55_000);
    const lines = Array.from({ length: 5000 }, (_, i) => `${'x'.repeat(120)}${i} archive`);
    const unsafe = surveyOf(
      { items: [], unsafe: { message: 'much', lines } },
      { statuses: new Map(), taxOf: () => undefined, ceilingOf: () => undefined },
    );
    const { title, body } = requestText(unsafe.wishes, NOW);
    expect(title).toBe('Approve a plan that changes 5000 certificates');
    expect(body).toContain('- and 4900 more');
    expect(body.length).toBeLessThan(55_000);
  });

  it('and its comments have no markup, mention or link of anybody', () => {
    const evil = '</details>\n\n# head @ann #1 [x](http://evil.example) <img src=x> `c` www.evil.example';
    const [wish] = wishes(
      held('shop', {
        message: evil,
        owner: evil,
        product: evil,
        names: [evil],
        sideEffects: [evil],
        predecessor: evil,
        price: { kind: 'known', amount: usd('10'), source: evil },
      }),
    );
    if (!wish) throw new Error('no wish');
    const rewrite = [{ path: 'p', wish, why: [evil] }];
    const texts = [
      requestText([wish], NOW).body,
      changedText(rewrite, [{ path: 'p', key: evil, why: evil }]),
      closedText([evil]),
      editedText(rewrite),
    ];
    for (const text of texts) {
      const html = micromark(text, {
        extensions: [gfm()],
        htmlExtensions: [gfmHtml()],
        allowDangerousHtml: true,
      });
      expect(html).not.toMatch(/<a |<img|<\/details>|@ann|<h1/);
    }
  });
});
