import type { Overview, SpendingMonth, SpendingShare, SpendingView, Sum } from '../overview/types.js';
import { amountText, basisText, monthName, monthText, sumsText, unitText } from '../overview/words.js';
import { type Html, html } from './html.js';
import { axisOf } from './scale.js';

const WIDTH = 1000;
const LEFT = 62;
const TOP = 18;
const HEIGHT = 140;
const BASE = TOP + HEIGHT;
const FULL_HEIGHT = BASE + 44;

/** Of one currency; what is not real money has pictures of its own. */
type Unit = Pick<Sum, 'currency' | 'environment'>;

const sameUnit = (a: Unit, b: Unit): boolean => a.currency === b.currency && a.environment === b.environment;

/** Live money first. */
function unitsOf({ months }: SpendingView): readonly Unit[] {
  const units: Unit[] = [];
  for (const { spent, expected } of months) {
    for (const { currency, environment } of [...spent, ...expected]) {
      const unit = { currency, environment };
      if (!units.some((one) => sameUnit(one, unit))) units.push(unit);
    }
  }
  return units.toSorted(
    (a, b) => unitText(a).length - unitText(b).length || (unitText(a) < unitText(b) ? -1 : 1),
  );
}

const amountOf = (sums: readonly Sum[], unit: Unit): string | undefined =>
  sums.find((sum) => sameUnit(sum, unit))?.amount;

function picture({ months, thisMonth }: SpendingView, unit: Unit): Html {
  const amounts = months.map(({ month, spent, expected }) => ({
    month,
    spent: amountOf(spent, unit),
    expected: amountOf(expected, unit),
  }));
  const sizes = amounts.map(({ spent = '0', expected = '0' }) => Number(spent) + Number(expected));
  const axis = axisOf(Math.max(...sizes));
  const step = (WIDTH - LEFT) / amounts.length;
  const bar = Math.floor(step * 0.62);
  const tall = (size: number): number => Math.round((size / axis.top) * HEIGHT);
  const label = `${unitText(unit)} by month: ${amounts
    .flatMap(({ month, spent, expected }) => [
      ...(spent === undefined ? [] : [`${monthText(month)} ${spent} spent`]),
      ...(expected === undefined ? [] : [`${monthText(month)} ${expected} expected`]),
    ])
    .join(', ')}`;
  const now = LEFT + amounts.findIndex(({ month }) => month === thisMonth) * step;
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${FULL_HEIGHT}" role="img" aria-label="${label}">
<rect class="now" x="${Math.round(now)}" y="${TOP - 12}" width="${Math.round(step)}" height="${HEIGHT + 12}" rx="4"/>
${axis.ticks.map((tick) => html`<path class="grid" d="M${LEFT} ${BASE - tall(tick)}H${WIDTH}"/><text class="tick" x="${LEFT - 8}" y="${BASE - tall(tick) + 4}" text-anchor="end">${amountText(String(tick))}</text>`)}
${amounts.map(({ month, spent, expected }, i) => {
  const x = Math.round(LEFT + i * step + (step - bar) / 2);
  const low = spent === undefined ? 0 : Math.max(2, tall(Number(spent)));
  const high = expected === undefined ? 0 : Math.max(2, tall(Number(expected)));
  const bars = [
    low === 0
      ? undefined
      : html`<rect class="bar spent" x="${x}" y="${BASE - low}" width="${bar}" height="${low}"><title>${monthText(month)}: ${amountText(spent ?? '')} ${unitText(unit)} spent</title></rect>`,
    high === 0
      ? undefined
      : html`<rect class="bar expected" x="${x}" y="${BASE - low - high}" width="${bar}" height="${high}"><title>${monthText(month)}: ${amountText(expected ?? '')} ${unitText(unit)} expected</title></rect>`,
  ];
  const middle = Math.round(LEFT + (i + 0.5) * step);
  const year = i === 0 || month.endsWith('-01') ? month.slice(0, 4) : '';
  return html`${bars}<text class="tick" x="${middle}" y="${BASE + 19}" text-anchor="middle">${monthName(month)}</text><text class="tick year" x="${middle}" y="${BASE + 36}" text-anchor="middle">${year}</text>`;
})}
<path class="axis" d="M${LEFT} ${BASE}H${WIDTH}"/>
</svg>`;
}

/** One line for each sum: unlike currencies stand below each other, never in one number. */
const sumLines = (sums: readonly Sum[]): Html =>
  html`${sums.map((sum) => html`<span class="sum">${amountText(sum.amount)} <span class="unit">${unitText(sum)}</span></span>`)}`;

const unknownNote = (unknown: number): Html | undefined =>
  unknown === 0 ? undefined : html`<span class="sum unit">+ ${unknown} unknown</span>`;

function shareTable(title: string, shares: readonly SpendingShare[]): Html {
  return html`<div class="share"><table class="numbers"><caption class="unseen">Spending by ${title.toLowerCase()}</caption><thead><tr><th scope="col">${title}</th><th scope="col" class="right">Spent</th><th scope="col" class="right">Expected</th></tr></thead><tbody>${shares.map(
    ({ of, spent, expected, unknown }) =>
      html`<tr><th scope="row">${of ?? 'nobody named'}</th><td class="right">${sumLines(spent)}</td><td class="right">${sumLines(expected)}${unknownNote(unknown)}</td></tr>`,
  )}</tbody></table></div>`;
}

const monthRow = ({ month, spent, refunded, expected, unknown }: SpendingMonth): Html =>
  html`<tr><th scope="row">${monthText(month)}</th><td class="right">${sumLines(spent)}${refunded.length === 0 ? undefined : html`<span class="sum unit">given back ${sumsText(refunded)}</span>`}</td><td class="right">${sumLines(expected)}${unknownNote(unknown)}</td></tr>`;

/** Past and expected spending: pictures by month, sums by provider and owner. */
export function spendingSection(view: Overview): Html | undefined {
  const { spending } = view;
  if (spending === undefined) return undefined;
  const basis = basisText(view);
  const units = unitsOf(spending);
  const busy = spending.months.filter(
    ({ spent, expected, unknown }) => spent.length + expected.length + unknown > 0,
  );
  return html`<section aria-labelledby="spending" class="card wide">
<div class="head"><h2 id="spending">Spending</h2></div>
${
  busy.length === 0
    ? html`<p class="empty">Nothing was spent in the last twelve months, and nothing is expected in the next twelve.</p>`
    : html`<ul class="legend"><li><svg width="14" height="14" aria-hidden="true"><rect class="bar spent" x="1" y="1" width="12" height="12"/></svg>Spent, as charged</li><li><svg width="14" height="14" aria-hidden="true"><rect class="bar expected" x="1" y="1" width="12" height="12"/></svg>Expected</li></ul>
${units.map((unit) => html`<h3>${unitText(unit)} by month</h3><div class="scroll" tabindex="0" role="region" aria-label="${unitText(unit)} by month">${picture(spending, unit)}</div>`)}
<p class="muted">The twelve months before this one, this one, and twelve after it. ${basis} Renewals count where they happen by themselves; what nobody has declared yet cannot.</p>
<div class="columns">${shareTable('Provider', spending.providers)}${shareTable('Owner', spending.owners)}</div>
<details><summary>Month by month</summary><table class="numbers"><caption class="unseen">Spending by month</caption><thead><tr><th scope="col">Month</th><th scope="col" class="right">Spent</th><th scope="col" class="right">Expected</th></tr></thead><tbody>${busy.map(monthRow)}</tbody></table></details>`
}
</section>`;
}
