import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { describe, expect, it } from 'vitest';
import { schemaErrors } from '../../../src/config/schemas.js';
import { money } from '../../../src/model/money.js';
import { overviewJson } from '../../../src/report/overview/json.js';
import { overviewMarkdown } from '../../../src/report/overview/markdown.js';
import { type MoneyEvent, spendingOf } from '../../../src/report/overview/spending.js';
import { timelineOf } from '../../../src/report/overview/timeline.js';
import { basisText, sumsText, verdictOf } from '../../../src/report/overview/words.js';
import { manyCertificates, NOW, overview, overviewCertificate } from '../../support/overview.js';
import { HOSTILE } from './samples.js';

const DAY = 86_400_000;

describe('the timeline', () => {
  const dates = { notAfter: '2027-01-31T23:59:59Z', paidTill: '2028-04-30T23:59:59Z' };

  it('counts a date in the month and the week that hold it, the last second of a month included', () => {
    const { months, weeks, before, after } = timelineOf(
      [
        { ...dates, reissueAt: '2027-01-01T00:00:00Z' },
        { ...dates, reissueAt: '2026-12-31T23:59:59Z' },
      ],
      NOW,
    );
    expect(months).toHaveLength(18);
    const busy = months.filter(({ ends, due, terms }) => ends + due + terms > 0);
    expect(busy).toEqual([
      { from: '2026-12-01', till: '2027-01-01', ends: 0, due: 1, terms: 0 },
      { from: '2027-01-01', till: '2027-02-01', ends: 2, due: 1, terms: 0 },
      { from: '2028-04-01', till: '2028-05-01', ends: 0, due: 0, terms: 2 },
    ]);
    expect(weeks[0]).toMatchObject({ from: '2026-11-29', till: '2026-12-06' });
    expect(weeks.filter(({ due }) => due > 0)).toEqual([
      { from: '2026-12-27', till: '2027-01-03', ends: 0, due: 2, terms: 0 },
    ]);
    expect([before, after]).toEqual([
      { ends: 0, due: 0, terms: 0 },
      { ends: 0, due: 0, terms: 0 },
    ]);
  });

  it('keeps what has ended and what comes later beside it; what is overdue is due now', () => {
    const late = { notAfter: '2026-11-28T00:00:00Z', paidTill: '2028-05-01T00:00:00Z' };
    const { months, before, after } = timelineOf([{ ...late, renewAt: '2026-10-01T00:00:00Z' }], NOW);
    expect(before).toEqual({ ends: 1, due: 0, terms: 0 });
    expect(after).toEqual({ ends: 0, due: 0, terms: 1 });
    expect(months[0]).toMatchObject({ from: '2026-11-01', due: 1 });
  });

  it('knows every change of the limits in that time, one for each day', () => {
    expect(timelineOf([], NOW).cutOvers).toEqual([
      { day: '2027-03-15', validityDays: 100, proofReuseDays: 100 },
      { day: '2028-03-15', emailValidationEnds: true },
    ]);
    expect(timelineOf([], NOW + 400 * DAY).cutOvers).toEqual([
      { day: '2028-03-15', emailValidationEnds: true },
      { day: '2029-03-15', validityDays: 47, proofReuseDays: 10 },
    ]);
  });
});

describe('spending', () => {
  const at = (day: string) => ({ atMs: Date.parse(`${day}T12:00:00Z`) });
  const base = { name: 'shop', owner: 'web', provider: 'a', environment: 'live' } as const;
  const spent = (day: string, text: string, parts: Partial<MoneyEvent> = {}): MoneyEvent => {
    const [amount = '', currency = ''] = text.split(' ');
    return { ...base, ...at(day), kind: 'spent', amount: money(amount, currency), ...parts };
  };

  it('never adds up unlike currencies, nor real money and what a sandbox took', () => {
    const { months, providers, owners } = spendingOf(
      [
        spent('2026-11-01', '10.10 USD'),
        spent('2026-11-28', '0.20 USD'),
        spent('2026-11-02', '5 EUR'),
        spent('2026-11-02', '7 USD', { environment: 'rehearsal', provider: 'b', owner: 'shop' }),
      ],
      NOW,
    );
    const month = months.find((one) => one.month === '2026-11');
    expect(sumsText(month?.spent ?? [])).toBe('5.00 EUR + 10.30 USD + 7.00 USD (REHEARSAL)');
    expect(providers.map(({ of, spent: sums }) => [of, sumsText(sums)])).toEqual([
      ['a', '5.00 EUR + 10.30 USD'],
      ['b', '7.00 USD (REHEARSAL)'],
    ]);
    expect(owners.map(({ of }) => of)).toEqual(['shop', 'web']);
  });

  it('has twelve months on each side, and nothing beyond', () => {
    const view = spendingOf(
      [
        spent('2025-10-31', '1 USD'),
        spent('2025-11-01', '2 USD'),
        spent('2027-11-30', '4 USD', { kind: 'expected', basis: 'listed' }),
        spent('2027-12-01', '8 USD', { kind: 'expected', basis: 'listed' }),
      ],
      NOW,
    );
    expect(view.months).toHaveLength(25);
    expect(view.months.at(0)?.month).toBe('2025-11');
    expect(view.months.at(-1)?.month).toBe('2027-11');
    expect(view.thisMonth).toBe('2026-11');
    expect(view.providers).toEqual([
      {
        of: 'a',
        spent: [{ amount: '2.00', currency: 'USD', environment: 'live' }],
        expected: [{ amount: '4.00', currency: 'USD', environment: 'live' }],
        unknown: 0,
      },
    ]);
  });

  it('counts what has no known price instead of taking it for nothing', () => {
    const { amount: _, ...unpriced } = spent('2027-01-01', '1 USD', { kind: 'expected' });
    const view = spendingOf(
      [unpriced, spent('2027-01-02', '3 USD', { kind: 'expected', basis: 'charged' })],
      NOW,
    );
    expect(view.months.find(({ month }) => month === '2027-01')).toMatchObject({ unknown: 1 });
    expect(view.basis).toEqual({ listed: 0, charged: 1, unknown: 1 });
    expect(basisText(overview([], { spending: view }))).toBe(
      'Expected: 2 purchases; 1 at what the last term was charged, 1 without a known price, on top of every sum.',
    );
  });
});

describe('the verdict', () => {
  it.each([
    [['healthy', 'due'], 'Everything is in order. Nobody has to do anything.'],
    [['expired', 'waiting', 'waiting'], '1 certificate expired, 2 waiting for a person.'],
    [['attention'], '1 to be looked at.'],
    [['archived'], 'All certificates are archived.'],
    [[], 'There is no certificate yet.'],
  ] as const)('of %j is %s', (standings, expected) => {
    const certificates = standings.map((standing, n) => overviewCertificate(n, standing));
    expect(verdictOf(overview(certificates))).toBe(expected);
  });

  it('of a part that holds nothing is not that there is nothing', () => {
    expect(verdictOf(overview([], { selection: { owner: 'northwnd' } }))).toBe('No certificate matches.');
  });

  it('says that something else is wrong where all certificates are fine', () => {
    const trouble = [{ message: 'the merged files have errors', level: 'warning' as const }];
    expect(verdictOf(overview([overviewCertificate(1, 'healthy')], { trouble }))).toMatch(/something else/);
  });
});

const hostileOverview = () =>
  overview(
    HOSTILE.map((text, n) =>
      overviewCertificate(n, n % 2 === 0 ? 'attention' : 'waiting', {
        name: text,
        owner: text,
        reason: text,
        names: [text],
        issuer: text,
        product: text,
        provider: text,
      }),
    ),
  );

describe('Markdown', () => {
  it('is every part, with the gravest first', () => {
    const text = overviewMarkdown(overview(manyCertificates(40)));
    expect(text.match(/^#+ .*$/gm)).toEqual([
      '# Certificates of github.com/acme/certificates',
      '## Somebody has to look',
      '## Waiting',
      '## Due in the next 60 days',
      '## What ends, and when',
      '## Spending',
      '## All certificates',
    ]);
    expect(text).toContain('- From 2027-03-15: new certificates live 100 days at most');
    expect(
      micromark(text, { extensions: [gfm()], htmlExtensions: [gfmHtml()] }).match(/<tr>/g)?.length,
    ).toBeGreaterThan(60);
  });

  it('shows hostile texts as they were written: no link, image, mention or markup', () => {
    const page = micromark(overviewMarkdown(hostileOverview()), {
      extensions: [gfm()],
      htmlExtensions: [gfmHtml()],
      allowDangerousHtml: true,
    });
    expect(
      page.match(/<(?!\/?(?:h1|h2|p|ul|li|code|strong|table|thead|tbody|tr|th|td)\b)[^>]*>/g),
    ).toBeNull();
    expect(page).not.toMatch(/(?<!&#8203;|\u200b)@octocat/);
  });
});

describe('JSON', () => {
  it('is what its schema says, every field used', () => {
    for (const view of [overview(manyCertificates(60)), overview([]), hostileOverview()]) {
      expect(schemaErrors('overview.schema.json', JSON.parse(overviewJson(view)))).toEqual([]);
    }
    const [first, ...others] = manyCertificates(3);
    const odd = { ...JSON.parse(overviewJson(overview(others))), certificates: [{ ...first, price: 3 }] };
    expect(schemaErrors('overview.schema.json', odd)).not.toEqual([]);
  });

  it('keeps texts exactly, and is harmless to a terminal', () => {
    const text = overviewJson(hostileOverview());
    expect(text).not.toMatch(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b]/);
    const names = JSON.parse(text).certificates.map(({ name }: { readonly name: string }) => name);
    expect(new Set(names)).toEqual(new Set(HOSTILE));
  });
});
