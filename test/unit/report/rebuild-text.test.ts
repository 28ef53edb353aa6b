import { expect, test } from 'vitest';
import { money } from '../../../src/model/money.js';
import { type RebuildSummary, rebuildText } from '../../../src/report/rebuild-text.js';

const SUMMARY: RebuildSummary = {
  base: { commit: '3d0aaf5df2fe466b906248ae2ea196b1b1ac282d', revision: 41, certificates: 2 },
  accounts: [
    { provider: 'shop', orders: 2 },
    {
      provider: 'other',
      orders: 0,
      why: 'credentials: the variable OTHER_TOKEN that certwright.yaml names is not set',
    },
  ],
  certificates: [
    { name: 'shop', outcome: 'whole', orders: ['S-1001'], ends: '2027-06-01' },
    { name: 'team-a/a-name-that-is-rather-long', outcome: 'nothing', orders: [] },
    { name: 'api', outcome: 'no-key', orders: ['S-1002'], ends: '2027-05-18' },
    {
      name: 'bad',
      outcome: 'uncollected',
      orders: ['S-9'],
      note: 'it is for \u001b[31mred\u001b[0m instead of bad.example.com',
    },
  ],
  left: [
    { provider: 'shop', order: '777', names: ['two.example.com'], why: 'rival', certificate: 'two' },
    { provider: 'shop', order: '778', names: ['x.example.com'], why: 'doubled', certificate: 'x' },
    { provider: 'shop', order: '779', names: [], why: 'foreign' },
  ],
  keys: 3,
  approvals: 1,
  spent: [money('20', 'USD')],
  settledAt: '2026-11-23T12:05:30Z',
  blind: ['other'],
  skipped: ['/srv/old is a shallow clone: what it holds cannot be copied; `git fetch --unshallow` first'],
};

test('what needs somebody stands first, in 80 columns, and texts from elsewhere do no harm', () => {
  const text = rebuildText(SUMMARY, { color: false, width: 80 });
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(text).not.toContain('\u001b');
  const names = [...text.matchAll(/^(shop|team-a|api|bad)\S* +(?:no order|not coll|key not|whole)/gm)].map(
    ([, name]) => name,
  );
  expect(names).toEqual(['team-a', 'bad', 'api', 'shop']);
  expect(text.replaceAll(/\s+/g, ' ')).toContain(
    '1 approval that could still be used counts as used. Spent this month: 20.00 USD.',
  );
  expect(text.replaceAll(/\s+/g, ' ')).toContain('take it over with `adopt: { order: "777" }`, or ignore it');
  expect(text).toContain('1 order of no certificate here: left alone.');
});

test('forty lines are shown, and how many there are more', () => {
  const certificates = Array.from({ length: 50 }, (_, n) => ({
    name: `c${n}`,
    outcome: 'whole' as const,
    orders: [`${n}`],
  }));
  const text = rebuildText({ ...SUMMARY, base: null, certificates }, { color: false, width: 80 });
  expect(text).toContain('and 10 more (--json lists all)');
  expect(text).toContain('No earlier state survives');
});
