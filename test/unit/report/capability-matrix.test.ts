import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Capabilities } from '../../../src/model/capabilities.js';
import { DAY_MS, HOUR_MS } from '../../../src/model/time.js';
import { providerDefinitions } from '../../../src/providers/index.js';
import {
  capabilityMarkdown,
  capabilityText,
  type ProviderKind,
} from '../../../src/report/capability-matrix.js';

const poor: Capabilities = {
  search: 'none',
  callLimitMs: 90_000,
  separateActivation: true,
  reissue: false,
  reissueChangesId: false,
  revoke: false,
  cancel: false,
  autoRenewFlag: 'read',
  balance: false,
  quote: false,
  list: false,
  push: false,
  wildcard: false,
  termCounting: 'days',
  carriesRemainingDays: false,
  renewalWindowMs: 30 * DAY_MS,
  trust: 'public',
  terms: true,
  concurrency: 1,
  notes: { reissue: 'Only in the `portal`, by hand.', autoRenewFlag: 'It can be read, not set.' },
};

const kinds: readonly ProviderKind[] = [
  { type: 'poor-shop', title: 'Poor shop', capabilities: poor },
  {
    type: 'rich-shop',
    title: 'Rich shop',
    capabilities: {
      ...poor,
      search: 'findable',
      visibilityLagMs: 2 * HOUR_MS,
      reissue: 'paid',
      terms: false,
      notes: {},
    },
  },
];

/** Title → cells of a Markdown table. */
const rowsOf = (markdown: string): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    markdown
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => {
        const [title = '', ...cells] = line
          .slice(2, -2)
          .split(' | ')
          .map((cell) => cell.trim());
        return [title, cells];
      }),
  );

describe('the table of capabilities', () => {
  test('has a column for every kind and a word for every capability', () => {
    expect(rowsOf(capabilityMarkdown(kinds))).toMatchObject({
      '': ['`poor-shop`', '`rich-shop`'],
      'Search by reference': ['none', 'findable'],
      'Order visible after': ['unknown', '2 h'],
      'Longest writing call': ['90 s', '90 s'],
      'Bought first, activated later': ['yes', 'yes'],
      'Terms counted in': ['days', '–'],
      Reissue: ['no', 'paid'],
      'Renewal window': ['30 d', '30 d'],
      "Provider's auto-renew flag": ['read', 'read'],
      Revoke: ['no', 'no'],
    });
  });

  test('names every capability there is', () => {
    const shown = Object.keys(rowsOf(capabilityMarkdown(kinds))).length - ['', '---'].length;
    const optional = [
      'absence',
      'caa',
      'changeValidation',
      'deliveredBy',
      'handedIn',
      'licences',
      'patienceMs',
      'pollEveryMs',
      'renewalGraceMs',
      'renewsItself',
      'resendMails',
      'revocationShown',
      'slots',
      'visibilityLagMs',
    ];
    expect(shown).toBe(Object.keys(poor).length - ['notes'].length + optional.length);
  });

  test('gives the reasons below, in the order of the table', () => {
    const markdown = capabilityMarkdown(kinds);
    expect(markdown).toContain('- Reissue (`poor-shop`): Only in the `portal`, by hand.\n');
    expect(markdown).toMatch(
      /\n- Reissue .*\n- Provider's auto-renew flag \(`poor-shop`\): It can be read, not set\.\n$/,
    );
  });

  test('stands in columns on a terminal', () => {
    const lines = capabilityText(kinds, { color: false, width: 60 }).split('\n');
    const head = lines.find((line) => line.includes('poor-shop  rich-shop')) ?? '';
    const reissue = lines.find((line) => /^Reissue {2}/.test(line)) ?? '';
    expect(reissue.indexOf('paid')).toBe(head.indexOf('rich-shop'));
    expect(lines).toContain('  Reissue (poor-shop): Only in the `portal`, by hand.');
  });

  test('stands in the documentation as the code has it', async () => {
    const page = await readFile(new URL('../../../docs/providers/README.md', import.meta.url), 'utf8');
    const [, table] = /<!-- capabilities -->\n([\s\S]*?)<!-- \/capabilities -->/.exec(page) ?? [];
    expect(table).toBe(capabilityMarkdown(providerDefinitions));
  });
});
