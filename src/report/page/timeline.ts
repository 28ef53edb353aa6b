import type { CutOver } from '../../model/calendar.js';
import type { Overview, Period, TimelineCounts } from '../overview/types.js';
import { cutOverTexts, dayText, grouped, howMany, monthName, monthText } from '../overview/words.js';
import { type Html, html } from './html.js';
import { axisOf } from './scale.js';

const WIDTH = 1000;
const LEFT = 50;
const TOP = 44;
const HEIGHT = 190;
const BASE = TOP + HEIGHT;
const FULL_HEIGHT = BASE + 44;

interface Series {
  readonly key: keyof TimelineCounts;
  readonly title: string;
  readonly text: (n: number) => string;
}

const SERIES: readonly Series[] = [
  {
    key: 'ends',
    title: 'Certificates end',
    text: (n) => `${howMany(n, 'certificate')} ${n === 1 ? 'ends' : 'end'}`,
  },
  { key: 'due', title: 'Reissue or renewal due', text: (n) => `${grouped(n)} due` },
  {
    key: 'terms',
    title: 'Paid terms end',
    text: (n) => `${howMany(n, 'paid term')} ${n === 1 ? 'ends' : 'end'}`,
  },
];

const total = (period: TimelineCounts): number => period.ends + period.due + period.terms;

type By = 'month' | 'week';

const nameOf = (by: By, { from }: Period): string =>
  by === 'month' ? monthText(from) : `week of ${dayText(from)}`;

const dayMs = (day: string): number => Date.parse(`${day}T00:00:00Z`);

/** Bars for each period, three side by side; the days on which limits change are lines across. */
function picture(by: By, periods: readonly Period[], cutOvers: readonly CutOver[]): Html {
  const axis = axisOf(Math.max(1, ...periods.flatMap(({ ends, due, terms }) => [ends, due, terms])));
  const step = (WIDTH - LEFT) / periods.length;
  const bar = Math.floor((step * 0.8) / SERIES.length);
  const y = (n: number): number => BASE - Math.round((n / axis.top) * HEIGHT);
  // Numbers stand above bars where they have room there.
  const numbers = axis.top <= (by === 'month' ? 999 : 99);
  const xOf = (day: string): number | undefined => {
    const i = periods.findIndex(({ from, till }) => day >= from && day < till);
    const period = periods[i];
    if (period === undefined) return undefined;
    const share = (dayMs(day) - dayMs(period.from)) / (dayMs(period.till) - dayMs(period.from));
    return Math.round(LEFT + (i + share) * step);
  };
  const label = `What ends and falls due by ${by}: ${periods
    .filter((period) => total(period) > 0)
    .slice(0, 6)
    .map((period) => `${nameOf(by, period)}, ${SERIES.map(({ key, text }) => text(period[key])).join(', ')}`)
    .join('; ')}. The table below has every ${by}.`;
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${FULL_HEIGHT}" role="img" aria-label="${label}">
${axis.ticks.map((tick) => html`<path class="grid" d="M${LEFT} ${y(tick)}H${WIDTH}"/><text class="tick" x="${LEFT - 8}" y="${y(tick) + 4}" text-anchor="end">${grouped(tick)}</text>`)}
${cutOvers.map((change) => cutOverMark(change, xOf(change.day)))}
${periods.map((period, i) => {
  const left = Math.round(LEFT + i * step + (step - bar * SERIES.length) / 2);
  return html`<g>${SERIES.map(({ key, text }, at) => {
    const n = period[key];
    if (n === 0) return undefined;
    const height = Math.max(2, BASE - y(n));
    return html`<rect class="bar ${key}" x="${left + at * bar + 1}" y="${BASE - height}" width="${bar - 2}" height="${height}"><title>${nameOf(by, period)}: ${text(n)}</title></rect>${numbers ? html`<text class="number" x="${left + at * bar + bar / 2}" y="${BASE - height - 5}" text-anchor="middle">${n}</text>` : undefined}`;
  })}${axisLabel(by, periods, i, LEFT + (i + 0.5) * step)}</g>`;
})}
<path class="axis" d="M${LEFT} ${BASE}H${WIDTH}"/>
</svg>`;
}

function axisLabel(by: By, periods: readonly Period[], i: number, x: number): Html {
  const from = periods[i]?.from ?? '';
  const before = periods[i - 1]?.from;
  const year = before?.slice(0, 4) === from.slice(0, 4) ? '' : from.slice(0, 4);
  const middle = Math.round(x);
  const text =
    by === 'month' ? monthName(from) : i % 2 === 0 ? `${Number(from.slice(8))} ${monthName(from)}` : '';
  return html`<text class="tick" x="${middle}" y="${BASE + 19}" text-anchor="middle">${text}</text><text class="tick year" x="${middle}" y="${BASE + 36}" text-anchor="middle">${year}</text>`;
}

function cutOverMark(change: CutOver, x: number | undefined): Html | undefined {
  if (x === undefined) return undefined;
  const right = x > WIDTH * 0.62;
  const words =
    change.validityDays === undefined
      ? change.emailValidationEnds
        ? 'no validation by e-mail'
        : `proofs reused ${change.proofReuseDays} days`
      : `${change.validityDays} days at most`;
  return html`<g class="cutover"><path d="M${x} 24V${BASE}"/><text x="${right ? x - 7 : x + 7}" y="16" text-anchor="${right ? 'end' : 'start'}"><tspan class="strong">${dayText(change.day)}</tspan> ${words}</text><circle cx="${x}" cy="24" r="3.5"/></g>`;
}

const numbersTable = (by: By, periods: readonly Period[]): Html =>
  html`<table class="numbers"><caption class="unseen">What ends and falls due by ${by}</caption><thead><tr><th scope="col">${by === 'month' ? 'Month' : 'Week of'}</th>${SERIES.map(({ title }) => html`<th scope="col" class="right">${title}</th>`)}</tr></thead><tbody>${periods
    .filter((period) => total(period) > 0)
    .map(
      (period) =>
        html`<tr><th scope="row">${by === 'month' ? monthText(period.from) : dayText(period.from)}</th>${SERIES.map(({ key }) => html`<td class="right">${grouped(period[key])}</td>`)}</tr>`,
    )}</tbody></table>`;

function beside({ before, after }: Overview['timeline']): readonly string[] {
  const what = (counts: TimelineCounts): string =>
    SERIES.flatMap(({ key, text }) => (counts[key] === 0 ? [] : [text(counts[key])])).join(', ');
  const ended = [
    ...(before.ends === 0 ? [] : [howMany(before.ends, 'certificate')]),
    ...(before.terms === 0 ? [] : [howMany(before.terms, 'paid term')]),
  ];
  return [
    ...(ended.length === 0 ? [] : [`Already ended: ${ended.join(', ')}.`]),
    ...(total(after) === 0 ? [] : [`Later: ${what(after)}.`]),
  ];
}

/** The picture by month and by week, what its lines mean, and the same as a table. */
export function timelineSection({ timeline }: Overview): Html {
  const { months, weeks, cutOvers } = timeline;
  return html`<section aria-labelledby="timeline" class="card wide timeline">
<div class="head"><h2 id="timeline">What ends, and when</h2>
<fieldset class="switch"><legend class="unseen">Show by</legend><input type="radio" name="by" id="by-month" checked><label for="by-month">Months</label><input type="radio" name="by" id="by-week"><label for="by-week">Weeks</label></fieldset></div>
<ul class="legend">${SERIES.map(({ key, title }) => html`<li><svg width="14" height="14" aria-hidden="true"><rect class="bar ${key}" x="1" y="1" width="12" height="12"/></svg>${title}</li>`)}</ul>
<div class="scroll month" tabindex="0" role="region" aria-label="By month">${picture('month', months, cutOvers)}</div>
<div class="scroll week" tabindex="0" role="region" aria-label="By week">${picture('week', weeks, cutOvers)}</div>
<p class="muted">Every certificate and paid term is shown at its end; what is reissued or renewed in time never gets there. ${beside(timeline).join(' ')}</p>
${cutOvers.length === 0 ? undefined : html`<ul class="changes">${cutOvers.map((change) => html`<li><strong class="from">${dayText(change.day)}</strong> ${cutOverTexts(change).join('; ')}</li>`)}</ul>`}
<details><summary>The numbers</summary><div class="month">${numbersTable('month', months)}</div><div class="week">${numbersTable('week', weeks)}</div></details>
</section>`;
}
