import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { describe, expect, it } from 'vitest';
import { type DashboardView, dashboardMarkdown, tickedBoxes } from '../../../src/report/dashboard.js';
import { usd } from '../policy/builders.js';

const EMPTY: DashboardView = {
  today: '2026-11-22',
  certificates: 3,
  ready: 3,
  attention: [],
  waiting: [],
  byHand: [],
  held: [],
  retry: [],
  upcoming: [],
  spending: [{ spent: [] }],
  boxes: true,
};

const FULL: DashboardView = {
  ...EMPTY,
  certificates: 9,
  ready: 5,
  attention: [
    { message: 'the merged files have errors (2); certwright validate shows them' },
    { name: 'old', message: 'the certificate ends 2026-11-25 and has no successor', since: '2026-11-10' },
  ],
  waiting: [{ name: 'ov', message: 'order 7 at shop waits for documents', since: '2026-11-20' }],
  byHand: [
    {
      name: 'shop',
      records: [
        { type: 'CNAME', owner: '_a1.shop.example.com', value: 'b2.dcv.example.org' },
        {
          type: 'file',
          url: 'http://www.example.com/.well-known/pki-validation/A.txt',
          content: 'x\nexample.org',
        },
      ],
    },
  ],
  held: [
    {
      name: 'team-a/shop',
      action: 'renew',
      message: 'merge an approval file for this renew',
      remedy: 'merge it',
      atMost: usd('25'),
      request: { number: 12, url: 'https://github.test/acme/certificates/pull/12' },
    },
    { name: 'poor', action: 'order', message: 'too dear', remedy: 'top up the account at shop' },
  ],
  retry: [{ name: 'api', message: 'failed 3 times, last with provider.refused', since: '2026-11-21' }],
  upcoming: [
    { day: '2026-11-30', name: 'wiki', action: 'reissue' },
    { day: '2026-12-02', name: 'team-a/shop', action: 'renew', atMost: usd('25') },
  ],
  balances: [
    {
      account: 'shop',
      environment: 'live',
      balance: usd('20'),
      needs: [
        { days: 30, purchases: 1, known: [usd('25')], unknown: 0, short: usd('5') },
        { days: 90, purchases: 2, known: [usd('25')], unknown: 1, short: usd('5') },
      ],
    },
    { account: 'box', environment: 'rehearsal', needs: [], why: 'not set: TOKEN' },
  ],
  spending: [
    { spent: [usd('10')], limit: usd('100') },
    { match: 'team-a/**', spent: [] },
  ],
};

describe('the dashboard', () => {
  it('is short where nobody has to do anything', () => {
    expect(dashboardMarkdown(EMPTY)).toBe(
      '**3 certificates: 3 ready.** Nobody has to do anything. Last run on 2026-11-22.\n\n## Spent this month\n\n- all: nothing\n',
    );
  });

  it('shows everything in one place', () => {
    expect(dashboardMarkdown(FULL)).toMatchInlineSnapshot(`
      "**9 certificates: 5 ready, 4 not.** Last run on 2026-11-22.

      ## A person has to look

      - the merged files have errors (2); certwright validate shows them
      - \`old\`: the certificate ends 2026-11-25 and has no successor (since 2026-11-10)

      ## Held

      - renew \`team-a/shop\`, at most 25.00 USD: merge an approval file for this renew; asked for in [#12](https://github.test/acme/certificates/pull/12)
      - order \`poor\`: too dear; top up the account at shop

      ## To be published by hand

      - \`shop\`:
        \`\`\`
        _a1.shop.example.com CNAME b2.dcv.example.org
        \`\`\`
        \`\`\`
        http://www.example.com/.well-known/pki-validation/A.txt
        x
        example.org
        \`\`\`

      ## Waiting

      - \`ov\`: order 7 at shop waits for documents (since 2026-11-20)

      ## Failed, tried again later

      - [ ] Try \`api\` again now: failed 3 times, last with provider.refused (since 2026-11-21)

      ## In the next 30 days

      - 2026-11-30: reissue \`wiki\`, free
      - 2026-12-02: renew \`team-a/shop\`, at most 25.00 USD

      ## Balances

      - \`shop\`: 20.00 USD; next 30 days need 25.00 USD, **5.00 USD short**; next 90 days need 25.00 USD + 1 unknown, **5.00 USD short**
      - box (REHEARSAL): unknown (not set: TOKEN)

      ## Spent this month

      - all: 10.00 USD of 100.00 USD
      - \`team-a/**\`: nothing

      Tick a box, and the next run tries that one at once: for people who may write to this repository.
      "
    `);
  });

  it('stays under what GitHub takes with 10,000 certificates in every section', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `team-${i}/${'x'.repeat(90)}`);
    const message = 'ä€😀 '.repeat(200);
    const records = many.slice(0, 100).map((owner) => ({ type: 'TXT' as const, owner, value: message }));
    const view: DashboardView = {
      ...FULL,
      attention: many.map((name) => ({ name, message, since: '2026-11-10' })),
      waiting: many.map((name) => ({ name, message, since: '2026-11-10' })),
      byHand: many.map((name) => ({ name, records })),
      held: many.map((name) => ({ name, action: 'renew', message, remedy: message })),
      retry: many.map((name) => ({ name, message })),
      upcoming: many.map((name) => ({ name, action: 'renew', day: '2026-12-01' })),
      balances: many.map((account) => ({ account, environment: 'live' as const, needs: [], why: message })),
      spending: many.map((match) => ({ match, spent: [] })),
    };
    const text = dashboardMarkdown(view);
    expect(Buffer.byteLength(text)).toBeLessThan(65_000);
    expect(text).toMatch(/and \d+ more: run `certwright status`/);
  });

  it('has no markup, mention or link but its own', () => {
    const evil =
      '</details>\n\n- [x] Try `shop` again now\n# head @ann #1 [a](http://evil.example) <b>x</b> `c` www.evil.example';
    const view: DashboardView = {
      ...FULL,
      attention: [{ name: evil, message: evil, since: '2026-11-10' }],
      waiting: [{ name: 'ov', message: evil }],
      byHand: [
        {
          name: 'shop',
          records: [
            { type: 'TXT', owner: evil, value: `\`\`\`\n${evil}` },
            { type: 'file', url: evil, content: `\`\`\`\`\n${evil}\n\`\`\`` },
          ],
        },
      ],
      held: [{ name: 'a', action: evil, message: evil, remedy: evil }],
      retry: [{ name: 'api', message: evil }],
      balances: [{ account: evil, environment: 'live', needs: [], why: evil }],
      spending: [{ match: evil, spent: [] }],
    };
    const text = dashboardMarkdown(view);
    const html = micromark(text, {
      extensions: [gfm()],
      htmlExtensions: [gfmHtml()],
      allowDangerousHtml: true,
    });
    // Nothing is a mention or a link in a block of code, and nothing may get out of one.
    const prose = html.replaceAll(/<pre><code>[^<]*<\/code><\/pre>/g, '');
    expect(prose).not.toMatch(/<a |<b>|<\/details>|@ann|<h1|<pre/);
    expect(tickedBoxes(text)).toEqual([]);
  });

  it('shows whole records, and where the others are', () => {
    const records = ['a', 'b'.repeat(2_000), 'c'.repeat(2_000)].map((value) => ({
      type: 'TXT' as const,
      owner: '_dcv.shop.example.com',
      value,
    }));
    const text = dashboardMarkdown({ ...EMPTY, byHand: [{ name: 'shop', records }] });
    expect(text).toContain('- `shop`:\n  ```\n  _dcv.shop.example.com TXT a\n  ```\n');
    expect(text).toContain(`${'b'.repeat(2_000)}\n`);
    expect(text).not.toContain('cc');
    expect(text).toContain('  1 more: `certwright show shop`\n');
    expect(text).not.toContain('Nobody has to do anything');
  });

  it('finds boxes that were ticked, by names it could have written', () => {
    const text = dashboardMarkdown({
      ...FULL,
      retry: ['api', 'team-a/b--c.d'].map((name) => ({ name, message: 'failed' })),
    });
    expect(tickedBoxes(text)).toEqual([]);
    expect(tickedBoxes(text.replaceAll('- [ ]', '- [x]'))).toEqual(['api', 'team-a/b--c.d']);
    expect(tickedBoxes('- [x] Try `../../x y` again now\n  - [x] Try `api` again now\n')).toEqual([]);
  });
});
