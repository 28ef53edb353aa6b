import { describe, expect, it } from 'vitest';
import { money } from '../../../src/model/money.js';
import type { Plan, PlanItem } from '../../../src/model/plan.js';
import { type ProposalReport, proposalMarkdown, saysNothing } from '../../../src/report/proposal-markdown.js';

const OID = 'a'.repeat(40);

const item = (name: string, message = 'declared, and no order exists'): PlanItem => ({
  name,
  lane: 'purchase',
  action: 'order',
  reason: 'NoOrder',
  message,
  provider: 'sectigo',
  environment: 'live',
  product: 'positivessl',
  term: '1y',
  names: [`${name}.example.com`],
  price: { kind: 'known', amount: money('10', 'USD'), source: 'prices in certwright.yaml' },
  sideEffects: [],
  byEdit: true,
  alternatives: [],
});

const planOf = (items: readonly PlanItem[]): Plan => ({
  version: 1,
  manifestCommit: null,
  stateCommit: OID,
  items,
  warnings: [],
  totals: [],
  counts: { certificates: items.length, unchanged: 0 },
  digest: 'd'.repeat(64),
});

const report = (parts: Partial<ProposalReport> = {}): ProposalReport => ({
  plan: planOf([]),
  others: 0,
  findings: [],
  notes: [],
  budgets: [],
  unasked: [],
  base: OID,
  head: OID,
  ...parts,
});

const nasty = '@everyone <script> | [x](http://x) `#1` & \\ '.repeat(50);

describe('the comment of a pull request', () => {
  it('stays below what GitHub takes, whatever there is to say', () => {
    const many = Array.from({ length: 3000 }, (_, i) => item(`c${i}`, nasty));
    const position = { file: `certificates/${'@'.repeat(300)}.yaml`, line: 1, column: 1 };
    const text = proposalMarkdown(
      report({
        plan: planOf(many),
        others: 12,
        findings: many.map(() => ({
          severity: 'error' as const,
          code: 'x',
          message: nasty,
          suggestion: nasty,
          position,
        })),
        notes: many.flatMap(() => [
          { message: nasty, needsReview: true },
          { message: nasty, needsReview: false },
        ]),
        budgets: many.map(() => ({
          title: `perMonth of ${nasty}`,
          limit: money('10', 'USD'),
          left: money('5', 'USD'),
        })),
        unasked: many.map(() => nasty),
      }),
    );
    expect(text.length).toBeLessThan(65_000);
    expect(text).toContain('and 29');
    expect(text).not.toMatch(/@everyone|<script>|(?<!\\)\]\(/);
  });

  it('says nothing where neither certificates nor anything else changes', () => {
    expect(saysNothing(report())).toBe(true);
    expect(saysNothing(report({ others: 5 }))).toBe(true);
    expect(saysNothing(report({ plan: planOf([item('shop')]) }))).toBe(false);
    expect(saysNothing(report({ notes: [{ message: 'x', needsReview: true }] }))).toBe(false);
  });

  it('has what needs a look first, then the plan, then what is left of the budget', () => {
    const text = proposalMarkdown(
      report({
        plan: planOf([item('shop')]),
        others: 1,
        notes: [{ message: 'policy changes', needsReview: true }],
        budgets: [{ title: 'perMonth', limit: money('100', 'USD'), left: money('90', 'USD') }],
        unasked: ['sectigo'],
      }),
    );
    const order = [
      'Look at this before merging',
      '1 to order (10.00 USD)',
      'perMonth: 90.00 USD of 100.00 USD left',
      'last seen ones',
      '1 line of the plan does not depend',
    ];
    expect(order.map((part) => text.indexOf(part))).toEqual(
      order.map((part) => text.indexOf(part)).toSorted((a, b) => a - b),
    );
    expect(order.every((part) => text.includes(part))).toBe(true);
  });
});
