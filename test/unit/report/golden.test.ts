import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { findingsJson, findingsText } from '../../../src/report/findings.js';
import { planJson } from '../../../src/report/plan-json.js';
import { planMarkdown } from '../../../src/report/plan-markdown.js';
import { planText } from '../../../src/report/plan-text.js';
import { showText } from '../../../src/report/show.js';
import { statusJson, statusNames, statusTable } from '../../../src/report/status-table.js';
import { busyView, findings, fullPlan, NOW, order, plan, quietView, rows } from './samples.js';

const golden = (name: string): string => new URL(`../../golden/report/${name}`, import.meta.url).pathname;

const unsafe = plan([{ ...order, lane: 'free', action: 'reissue', price: { kind: 'free' } }], {
  unsafe: {
    message:
      'this edit reissues, archives or revokes 40 of 100 certificates (limit 30); if it is meant, merge a file approvals/NAME.yaml whose `unsafe:` lists the lines',
    lines: Array.from({ length: 40 }, (_, i) => `team-a/site-${i} reissue`),
  },
});

const quiet = plan([], { counts: { certificates: 100, unchanged: 100 } });

const pages: Readonly<Record<string, (options: { color: boolean; width: number; nowMs: number }) => string>> =
  {
    plan: (options) => planText(fullPlan, options),
    'plan-unsafe': (options) => planText(unsafe, options),
    'plan-quiet': (options) => planText(quiet, options),
    status: (options) => statusTable(rows, options),
    show: (options) => showText(busyView, options),
    'show-quiet': (options) => showText(quietView, options),
    findings: (options) => findingsText(findings, options),
  };

describe.each(Object.entries(pages))('%s', (name, page) => {
  test.each([80, 120])('reads well in %i columns', async (width) => {
    await expect(page({ color: false, width, nowMs: NOW })).toMatchFileSnapshot(
      golden(`${name}-${width}.txt`),
    );
  });

  test('says the same in colour', () => {
    const plain = page({ color: false, width: 80, nowMs: NOW });
    const colored = page({ color: true, width: 80, nowMs: NOW });
    expect(stripVTControlCharacters(colored)).toBe(plain);
  });
});

test('a plan in colour', async () => {
  const text = planText(fullPlan, { color: true, width: 80 });
  await expect(text.replaceAll('\u001b', '\\e')).toMatchFileSnapshot(golden('plan-color.txt'));
});

test('a wide status shows product, serial, order, term and price', async () => {
  const text = statusTable(rows, { color: false, width: 80, nowMs: NOW, wide: true });
  await expect(text).toMatchFileSnapshot(golden('status-wide.txt'));
});

test.each([
  ['plan.md', () => planMarkdown(fullPlan)],
  ['plan-unsafe.md', () => planMarkdown(unsafe)],
  ['plan-quiet.md', () => planMarkdown(quiet)],
  ['plan.json', () => planJson(fullPlan)],
  ['findings.json', () => findingsJson(findings)],
  ['status.json', () => statusJson(rows)],
  ['status-names.txt', () => statusNames(rows)],
] as const)('%s', async (name, page) => {
  await expect(page()).toMatchFileSnapshot(golden(name));
});

test.each(['plan', 'plan-unsafe', 'plan-quiet', 'status'])('%s fits 80 columns', (name) => {
  const text = pages[name]?.({ color: false, width: 80, nowMs: NOW }) ?? '';
  const tooLong = text.split('\n').filter((line) => stringWidth(line) > 80);
  expect(tooLong).toEqual([]);
});
