import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { money } from '../../../src/model/money.js';
import type { HoldCode, Plan, PlanAction, PlanItem, PlanPrice } from '../../../src/model/plan.js';
import { planJson } from '../../../src/report/plan-json.js';
import { planMarkdown } from '../../../src/report/plan-markdown.js';
import { planText } from '../../../src/report/plan-text.js';
import { fullPlan, HOSTILE, order, plan, planItem } from './samples.js';

const plain = { color: false, width: 80 };
const usd = (amount: string): PlanPrice => ({ kind: 'known', amount: money(amount, 'USD'), source: 'quote' });
const unknown: PlanPrice = { kind: 'unknown', why: 'no price call' };
const free = (changes: Partial<PlanItem>): PlanItem => planItem({ lane: 'free', ...changes });

const summaryIn = (text: string): string =>
  text
    .split('\n\n')
    .find((part) => /^(Plan:|No changes)/.test(part))
    ?.replaceAll('\n', ' ')
    .trim() ?? '';

describe('thousands of lines of one kind', () => {
  const adopt = (n: number, changes: Partial<PlanItem> = {}): PlanItem =>
    planItem({
      name: `team/s-${String(n).padStart(4, '0')}`,
      action: 'adopt',
      reason: 'AdoptDeclared',
      message: `the manifest takes over order ${n}`,
      predecessor: String(n),
      ...changes,
    });
  const many = (count: number): readonly PlanItem[] => Array.from({ length: count }, (_, n) => adopt(n));

  test('are one block that says how many, and where to see each', () => {
    const text = planText(plan(many(3000)), plain);
    expect(text).toContain('= adopt 3000 certificates\n');
    expect(text).toContain('team/s-0000, team/s-0001');
    expect(text).toContain('and 2995 more');
    expect(text.split('\n').length).toBeLessThan(20);
    expect(Math.max(...text.split('\n').map((line) => stringWidth(line)))).toBeLessThanOrEqual(80);
  });

  test('are told one by one while they are few', () => {
    const text = planText(plan(many(19)), plain);
    expect(text.match(/^= adopt team/gm)).toHaveLength(19);
  });

  test('never hide a line that is held, that costs, or that does something besides', () => {
    const hold = { code: 'foreign-order', message: 'order 7 belongs to somebody' } as const;
    const text = planText(
      plan([
        ...many(30),
        adopt(31, { hold }),
        adopt(32, { sideEffects: ['revokes serial 12'] }),
        { ...order, name: 'new', price: usd('25') },
      ]),
      plain,
    );
    expect(text).toContain('= adopt 30 certificates\n');
    expect(text).toContain('! adopt team/s-0031\n');
    expect(text).toContain('= adopt team/s-0032\n');
    expect(text).toContain('+ order new\n');
  });
});

describe('the summary', () => {
  const held = { code: 'balance', message: 'not enough' } as const;
  test.each<[string, Plan, string]>([
    [
      'counts, prices and holds',
      plan([
        { ...order, name: 'a', price: usd('25') },
        { ...order, name: 'b', price: usd('10') },
        free({ name: 'c', action: 'reissue' }),
        { ...order, name: 'd', price: usd('99'), hold: held },
      ]),
      'Plan: 2 to order (35.00 USD), 1 to reissue, 1 held; 97 unchanged.',
    ],
    [
      'never adds unlike currencies',
      plan([
        { ...order, name: 'a', price: usd('25') },
        { ...order, name: 'b', price: { kind: 'known', amount: money('10', 'EUR'), source: 'quote' } },
      ]),
      'Plan: 2 to order (10.00 EUR + 25.00 USD); 97 unchanged.',
    ],
    [
      'never adds what is not live to what is',
      plan([
        { ...order, name: 'a', price: usd('25') },
        { ...order, name: 'b', price: usd('10'), environment: 'rehearsal' },
        { ...order, name: 'c', price: usd('3'), environment: 'test' },
      ]),
      'Plan: 3 to order (25.00 USD, 3.00 USD test, 10.00 USD rehearsal); 97 unchanged.',
    ],
    [
      'never counts an unknown price as nothing',
      plan([
        { ...order, name: 'a', price: unknown },
        { ...order, name: 'b', price: usd('25') },
      ]),
      'Plan: 2 to order (25.00 USD, 1 price unknown); 97 unchanged.',
    ],
    [
      'gives a total where several kinds of lines cost',
      plan([
        { ...order, price: usd('25') },
        { ...order, action: 'renew', name: 'b', price: usd('0.5') },
      ]),
      'Plan: 1 to order (25.00 USD), 1 to renew (0.50 USD); 97 unchanged. Total: 25.50 USD.',
    ],
    [
      'says nothing of none unchanged',
      plan([order], { counts: { certificates: 1, unchanged: 0 } }),
      'Plan: 1 to order (25.00 USD).',
    ],
    [
      'of a hundred',
      plan([], { counts: { certificates: 100, unchanged: 100 } }),
      'No changes. 100 certificates are as declared.',
    ],
    [
      'of one',
      plan([], { counts: { certificates: 1, unchanged: 1 } }),
      'No changes. 1 certificate is as declared.',
    ],
    [
      'of none',
      plan([], { counts: { certificates: 0, unchanged: 0 } }),
      'No changes. No certificate is declared.',
    ],
  ])('%s', (_, given, expected) => {
    expect(summaryIn(planText(given, plain))).toBe(expected);
    expect(planMarkdown(given)).toContain(expected.replace(/ Total: .*/, ''));
  });
});

describe('how to apply it', () => {
  test.each<[string, Plan]>([
    ['nothing changes', plan([])],
    ['everything is held', plan([{ ...order, hold: { code: 'balance', message: 'not enough' } }])],
    ['there is only waiting', plan([free({ action: 'wait' })])],
    ['the plan is refused', plan([order], { unsafe: { message: 'too much', lines: ['a archive'] } })],
  ])('is not said when %s', (_, given) => {
    expect(planText(given, plain)).not.toContain('--digest');
  });

  test('is a command that a shell reads as one, in any width', () => {
    for (const width of [40, 80, 120, Number.POSITIVE_INFINITY]) {
      const text = planText(plan([order]), { color: false, width });
      const command = text
        .slice(text.indexOf('certwright apply'))
        .replace(/\\\n\s+/, '')
        .trim();
      expect(command).toBe(`certwright apply --digest ${plan([order]).digest}`);
    }
  });
});

test('an unknown price is called unknown and never a number', () => {
  const given = plan([
    {
      ...order,
      price: unknown,
      alternatives: [],
      hold: { code: 'price-unknown', message: 'the price is not known: no price call' },
    },
  ]);
  for (const text of [planText(given, plain), planMarkdown(given)]) {
    expect(text).toContain('price unknown');
    expect(text).not.toMatch(/\b0(\.00)?\b(?! unchanged)/);
    expect(text.match(/no price call/g)).toHaveLength(1);
  }
});

test('everything but live is said loudly', () => {
  for (const environment of ['test', 'rehearsal'] as const) {
    const given = plan([{ ...order, environment }]);
    expect(planText(given, plain)).toContain(`sectigo (${environment.toUpperCase()})`);
    expect(planMarkdown(given)).toContain(`**sectigo (${environment.toUpperCase()})**`);
  }
  expect(planText(plan([order]), plain)).not.toContain('LIVE');
});

test('the gravest warning stands first', () => {
  const text = planText(fullPlan, plain);
  const places = ['Attention:', 'Warning:', 'Note:', '+ order'].map((word) => text.indexOf(word));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places).not.toContain(-1);
});

const HOLDS = {
  'approval-missing': true,
  'approval-never': true,
  'price-unknown': true,
  'price-above-ceiling': true,
  'currency-differs': true,
  'no-spending-limit': true,
  'no-ceiling': true,
  'limit-order': true,
  'limit-day': true,
  'limit-month': true,
  balance: true,
  preflight: true,
  'product-stopped': true,
  'account-busy': true,
  breaker: true,
  'foreign-order': true,
  'not-served': true,
  'provider-down': true,
  'no-provider': true,
  'state-integrity': true,
  'state-rebuilt': true,
  'manifests-diverged': true,
  'wrong-remote': true,
  'no-recipient-proven': true,
  'key-external': true,
  'key-compromised': true,
  unsupported: true,
  'unknown-outcome': true,
  suspended: true,
  'manifest-invalid': true,
  unsafe: true,
} satisfies Record<HoldCode, true>;

const ACTIONS = {
  order: true,
  activate: true,
  renew: true,
  reissue: true,
  'add-names': true,
  adopt: true,
  move: true,
  collect: true,
  publish: true,
  validate: true,
  pay: true,
  wait: true,
  'set-auto-renew': true,
  revoke: true,
  cancel: true,
  abandon: true,
  archive: true,
  resolve: true,
  hold: true,
} satisfies Record<PlanAction, true>;

const actions = Object.keys(ACTIONS) as PlanAction[];
const holds = Object.keys(HOLDS) as HoldCode[];

const text = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 40 }));
const instant = fc
  .integer({ min: 1_700_000_000, max: 2_000_000_000 })
  .map((s) => `${new Date(s * 1000).toISOString().slice(0, 19)}Z`);
const amount = fc
  .tuple(fc.integer({ min: 0, max: 100_000 }), fc.constantFrom('USD', 'EUR'))
  .map(([cents, currency]) => money((cents / 100).toFixed(2), currency));
const price: fc.Arbitrary<PlanPrice> = fc.oneof(
  fc.constant<PlanPrice>({ kind: 'free' }),
  fc.record({ kind: fc.constant('known' as const), amount, source: text }),
  fc.record({ kind: fc.constant('unknown' as const), why: text }),
);
const item: fc.Arbitrary<PlanItem> = fc.record(
  {
    name: fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
    lane: fc.constantFrom('purchase', 'free'),
    action: fc.constantFrom(...actions),
    reason: fc.constantFrom('NoOrder', 'PaidTermEnding', 'BreakerTripped'),
    message: text,
    owner: text,
    provider: text,
    environment: fc.constantFrom('live', 'test', 'rehearsal'),
    product: text,
    term: fc.constantFrom('1y', '90d'),
    names: fc.array(text, { maxLength: 12 }),
    price,
    coverage: fc.record({ from: instant, till: instant, certificates: fc.nat(40) }),
    sideEffects: fc.array(text, { maxLength: 2 }),
    predecessor: text,
    intent: text,
    waitingFor: fc.constantFrom('payment', 'dcv', 'person'),
    dueAt: instant,
    approval: fc.oneof(
      fc.record({ kind: fc.constant('merge' as const), manifestDigest: text }),
      fc.record({ kind: fc.constant('file' as const), subjectDigest: text }),
      fc.record({ kind: fc.constantFrom('auto' as const, 'free' as const) }),
    ),
    hold: fc.record({ code: fc.constantFrom(...holds), message: text }),
    byEdit: fc.boolean(),
    preflight: fc.array(text, { maxLength: 2 }),
    alternatives: fc.array(fc.record({ provider: text, price }), { maxLength: 2 }),
  },
  {
    requiredKeys: [
      'name',
      'lane',
      'action',
      'reason',
      'message',
      'price',
      'sideEffects',
      'byEdit',
      'alternatives',
    ],
  },
);
const commit = fc.constantFrom(null, 'a'.repeat(40));
const anyPlan: fc.Arbitrary<Plan> = fc.record(
  {
    version: fc.constant(1 as const),
    manifestCommit: commit,
    stateCommit: commit,
    items: fc.array(item, { maxLength: 8 }),
    warnings: fc.array(
      fc.record(
        { name: text, code: text, message: text, level: fc.constantFrom('info', 'warning', 'attention') },
        { requiredKeys: ['code', 'message', 'level'] },
      ),
      { maxLength: 3 },
    ),
    unsafe: fc.record({ message: text, lines: fc.array(text, { maxLength: 3 }) }),
    totals: fc.array(amount, { maxLength: 2 }),
    counts: fc.record({ certificates: fc.nat(), unchanged: fc.nat() }),
    digest: fc.constant('0123456789abcdef'.repeat(4)),
  },
  {
    requiredKeys: [
      'version',
      'manifestCommit',
      'stateCommit',
      'items',
      'warnings',
      'totals',
      'counts',
      'digest',
    ],
  },
);

const schema = JSON.parse(
  readFileSync(new URL('../../../schemas/plan.schema.json', import.meta.url), 'utf8'),
);
const valid = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

describe('the JSON', () => {
  test('of any plan is what its schema describes, and the plan itself', () => {
    fc.assert(
      fc.property(anyPlan, (given) => {
        const read = JSON.parse(planJson(given));
        expect(read).toEqual(given);
        expect(valid(read), JSON.stringify(valid.errors)).toBe(true);
      }),
    );
  });

  test('of the same plan is the same text', () => {
    const reordered = Object.fromEntries(Object.entries(fullPlan).toReversed()) as unknown as Plan;
    expect(planJson(reordered)).toBe(planJson(fullPlan));
  });

  test('knows every action and every hold', () => {
    const { action, hold } = schema.$defs.item.properties;
    expect(action.enum.toSorted()).toEqual(actions.toSorted());
    expect(hold.properties.code.enum.toSorted()).toEqual(holds.toSorted());
  });

  test.each<[string, object]>([
    ['a key nobody knows', { ...fullPlan, extra: 1 }],
    ['a number for an amount', { ...fullPlan, totals: [{ amount: 25, currency: 'USD' }] }],
    [
      'a known price without source',
      { ...fullPlan, items: [{ ...order, price: { kind: 'known', amount: money('1', 'USD') } }] },
    ],
    ['a short digest', { ...fullPlan, digest: 'abc' }],
  ])('is refused by the schema with %s', (_, given) => {
    expect(valid(given)).toBe(false);
  });
});

describe('whatever people, providers and CAs write', () => {
  const acted = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;

  test('a terminal shows it and does nothing else, in 80 columns', () => {
    fc.assert(
      fc.property(anyPlan, (given) => {
        const lines = planText(given, plain).split('\n');
        expect(lines.filter((line) => acted.test(line))).toEqual([]);
        expect(lines.filter((line) => /^ {4}\S/.test(line) && stringWidth(line) > 80)).toEqual([]);
      }),
    );
  });

  test('GitHub shows it and links, mentions and renders nothing', () => {
    fc.assert(
      fc.property(anyPlan, (given) => {
        const html = micromark(planMarkdown(given), {
          allowDangerousHtml: true,
          extensions: [gfm()],
          htmlExtensions: [gfmHtml()],
        });
        const tags = new Set(
          [...html.matchAll(/<\/?([a-z][a-z0-9]*)/gi)].map(([, tag]) => tag?.toLowerCase()),
        );
        for (const ours of [
          'p',
          'strong',
          'ul',
          'li',
          'code',
          'br',
          'table',
          'thead',
          'tbody',
          'tr',
          'th',
          'td',
          'details',
          'summary',
        ])
          tags.delete(ours);
        expect([...tags]).toEqual([]);
        const outsideCode = html.replace(/<code>[^<]*<\/code>/g, '');
        expect(outsideCode).not.toMatch(/@[a-z0-9]|#[0-9]|https?:\/\/|\bwww\.[a-z]/i);
        expect(html.match(/<tr>/g)?.length ?? 0).toBe(given.items.length === 0 ? 0 : given.items.length + 1);
        for (const row of html.split('<tr>').slice(2)) expect(row.match(/<td/g)).toHaveLength(9);
      }),
    );
  });
});

describe('a plan of any size', () => {
  const many = (n: number, message: string): Plan =>
    plan(
      Array.from({ length: n }, (_, i) => ({
        ...order,
        name: `team/site-${String(i).padStart(6, '0')}`,
        message,
      })),
      {
        warnings: Array.from({ length: n }, (_, i) => ({
          name: `w${i}`,
          code: 'w',
          message,
          level: 'warning' as const,
        })),
        unsafe: { message, lines: Array.from({ length: n }, (_, i) => `team/site-${i} reissue`) },
      },
    );

  test.each<[number, string]>([
    [300, 'declared, and no order exists'],
    [20_000, 'declared, and no order exists'],
    [2_000, '@株式会社'.repeat(300)],
  ])('of %i lines fits a comment and says how many are left out', (n, message) => {
    const markdown = planMarkdown(many(n, message));
    expect(Buffer.byteLength(markdown)).toBeLessThan(65_536);
    const shown = markdown.match(/^\| `\+ order`/gm)?.length ?? 0;
    expect(shown).toBeGreaterThan(5);
    const left = Number(/^(\d+) more lines? not shown here/m.exec(markdown)?.[1] ?? 0);
    expect(shown + left).toBe(n);
    expect(markdown.match(/<details>/g)?.length ?? 0).toBe(markdown.match(/<\/details>/g)?.length ?? 0);
  });

  test('shows what is held before anything else', () => {
    const given = many(20_000, 'declared');
    const withHold = {
      ...given,
      items: [
        ...given.items,
        { ...order, name: 'zz', hold: { code: 'balance', message: 'not enough' } as const },
      ],
    };
    expect(planMarkdown(withHold)).toContain('| `! order` | `zz` |');
  });
});
