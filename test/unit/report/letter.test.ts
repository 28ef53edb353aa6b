import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { describe, expect, it } from 'vitest';
import { fitsSchema } from '../../../src/config/schemas.js';
import type { Notice } from '../../../src/model/notice.js';
import { type Letter, type LetterItem, letterSubject, letterText } from '../../../src/report/letter.js';
import { letterChat } from '../../../src/report/letter-chat.js';
import { issueBody, issueTitle } from '../../../src/report/letter-issue.js';
import { letterJson } from '../../../src/report/letter-json.js';

const item = (notice: Partial<Notice> = {}, parts: Partial<LetterItem> = {}): LetterItem => ({
  notice: {
    key: 'k',
    level: 'waiting',
    reason: 'approval-missing',
    certificate: 'team-a/shop',
    owner: 'team-a',
    message: 'order waits: policy wants the approval of this order, and nobody gave it so far',
    remedy: 'merge the pull request that adds the approval, or add its file to approvals/',
    price: { amount: '25.00', currency: 'USD' },
    validity: { from: '2026-11-01T00:00:00Z', till: '2026-12-31T00:00:00Z' },
    ...notice,
  },
  reminder: false,
  file: 'certificates/team-a/shop.yaml:1',
  link: 'https://github.com/acme/certs/blob/main/certificates/team-a/shop.yaml#L1',
  ...parts,
});

const letter = (parts: Partial<Letter> = {}): Letter => ({
  id: '0123456789abcdef',
  level: 'waiting',
  repository: 'github.com/acme/certs',
  at: '2026-11-22T12:00:00Z',
  items: [item()],
  parts: [],
  ...parts,
});

/** What a certificate authority, or a manifest, may say. */
const HOSTILE = [
  '@channel @here <!channel> <@U123> <https://evil.example|click> *bold* _it_ ~gone~ `code`',
  '[free](https://evil.example) ![x](https://evil.example/x.png) https://evil.example www.evil.example #general',
  ':bomb: mailto:a@evil.example | a | b | \u202Eright to left\u200b \u001b[31mred\nsecond line\r\n# heading',
  '<script>alert(1)</script> \\*x\\* $math$ GH-12 @acme/team',
].join(' ');

describe('a message as plain text', () => {
  it('reads well in 80 columns', () => {
    expect(letterSubject(letter())).toBe('[certwright] 1 thing waits for a person: team-a/shop');
    expect(letterText(letter())).toBe(`certwright: 1 thing waits for a person in github.com/acme/certs

* team-a/shop (team-a)
  order waits: policy wants the approval of this order, and nobody gave it so
  far
  Price: 25.00 USD
  Runs out: 2026-12-31
  What to do: merge the pull request that adds the approval, or add its file
  to approvals/
  https://github.com/acme/certs/blob/main/certificates/team-a/shop.yaml#L1

certwright status lists every certificate, certwright show NAME tells all
about one; docs/notifications.md says what each of these words means.
`);
  });

  it('is cut where a telephone would not show it, and says how much more there is', () => {
    const items = Array.from({ length: 300 }, (_, i) => item({ certificate: `c-${i}` }));
    const text = letterText(letter({ items }));
    expect(text).toContain('\nand 280 more\n');
    expect(text.length).toBeLessThan(12_000);
    expect(letterSubject(letter({ items }))).toBe(
      '[certwright] 300 things wait for a person: c-0, c-1, c-2 and 297 more',
    );
  });

  it('says that it is a reminder', () => {
    const items = [item({ level: 'attention' }, { reminder: true })];
    expect(letterSubject(letter({ level: 'attention', items }))).toBe(
      '[certwright] still 1 alarm: team-a/shop',
    );
  });

  it('shows what cannot be seen, and stays one line for each line', () => {
    const said = letter({ items: [item({ message: HOSTILE, owner: 'a\nBcc: x' })] });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
    expect(letterText(said)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e\u200b]/);
    expect(letterSubject(letter({ items: [item({ certificate: 'a\r\nBcc: x' })] }))).not.toMatch(/[\r\n]/);
    for (const line of letterText(said).split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe('a message for a chat', () => {
  it('reads well', () => {
    expect(letterChat(letter())).toBe(`*certwright: 1 thing waits for a person* in \`github.com/acme/certs\`
• \`team-a/shop\` (team-a): order waits: policy wants the approval of this order, and nobody gave it so far
    Price: 25.00 USD
    Runs out: 2026-12-31
    What to do: merge the pull request that adds the approval, or add its file to approvals/
    <https://github.com/acme/certs/blob/main/certificates/team-a/shop.yaml#L1|manifest>`);
  });

  const { link: _link, ...plain } = item({
    message: HOSTILE,
    owner: HOSTILE,
    remedy: HOSTILE,
    certificate: HOSTILE,
  });
  const text = letterChat(letter({ items: [plain] }));
  const [, foreign = ''] = text.split(/ in `.*`\n/);

  it('has no control sequence of Slack but our own', () => {
    expect(foreign).not.toMatch(/[<>]/);
    expect(foreign.replaceAll(/&(?:amp|lt|gt);/g, '')).not.toContain('&');
    expect(foreign.replace('`certificates/team-a/shop.yaml:1`', '')).not.toMatch(/[*~`]|(?<!\w)_|_(?!\w)/);
  });

  it('mentions, links, embeds and formats nothing where it is read as Markdown', () => {
    const html = micromark(foreign.replaceAll('\n    ', '\n'), {
      extensions: [gfm()],
      htmlExtensions: [gfmHtml()],
    });
    expect(html).not.toMatch(/<(?:a|img|em|strong|del|h\d|table|script)\b/);
    expect(foreign).not.toMatch(/@\w|#\w|:\w+:|:\/\/|www\.\w/);
  });

  it('stays within what a chat takes', () => {
    const items = Array.from({ length: 50 }, () =>
      item({ message: 'x'.repeat(5000), remedy: 'y'.repeat(5000) }),
    );
    expect(letterChat(letter({ items })).length).toBeLessThanOrEqual(12_010);
  });
});

describe('the body of a webhook', () => {
  it.each<[string, Letter]>([
    ['something that waits', letter()],
    ['a test', letter({ items: [], test: true })],
    [
      'a digest',
      letter({ level: 'digest', items: [], parts: [{ title: 'Together', lines: [{ text: 'x' }], left: 0 }] }),
    ],
    ['hostile texts', letter({ items: [item({ message: HOSTILE, certificate: 'a' })] })],
  ])('is as its schema says: %s', (_title, one) => {
    expect(fitsSchema('notification.schema.json', JSON.parse(JSON.stringify(letterJson(one))))).toBe(true);
  });

  it('holds what a program needs', () => {
    expect(letterJson(letter())).toMatchObject({
      version: 1,
      id: '0123456789abcdef',
      event: 'waiting',
      repository: 'github.com/acme/certs',
      notices: [
        {
          reason: 'approval-missing',
          reminder: false,
          certificate: 'team-a/shop',
          price: { amount: '25.00', currency: 'USD' },
          runsOutAt: '2026-12-31T00:00:00Z',
          manifest: 'certificates/team-a/shop.yaml:1',
        },
      ],
      left: 0,
    });
  });
});

describe('an issue', () => {
  it('has everything in one table, escaped', () => {
    const hostile = item({ message: HOSTILE, url: 'https://github.com/acme/certs/pull/7' });
    const html = micromark(issueBody(hostile), { extensions: [gfm()], htmlExtensions: [gfmHtml()] });
    const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href);
    expect(links).toEqual([
      'https://github.com/acme/certs/blob/main/certificates/team-a/shop.yaml#L1',
      'https://github.com/acme/certs/pull/7',
    ]);
    expect(html).not.toMatch(/<(?:img|em|h\d|script)\b/);
    expect(issueBody(item())).toContain('| Runs out | 2026-12-31 |');
    expect(issueTitle(item({ message: `x\n${'y'.repeat(300)}` }))).toMatch(/^team-a\/shop: x\\ny+…$/);
  });
});
