import { formatMoney } from '../../model/money.js';
import { DAY_MS, toMs } from '../../model/time.js';
import { terminalText } from '../escape.js';
import type { DueLine, Overview, TroubleLine, WaitingLine } from '../overview/types.js';
import { dayText, grouped } from '../overview/words.js';
import { type Html, html } from './html.js';
import { icon } from './icons.js';

/** Shown at once, and when asked for; the table has the rest. */
const FIRST = 12;
const MOST = 300;

/** Where the page's script shows the details of one. */
export const certificateLink = (name: string): string =>
  `#certificate=${encodeURIComponent(terminalText(name))}`;

const nameLink = (name: string): Html => html`<a class="name" href="${certificateLink(name)}">${name}</a>`;

const about = (owner: string | undefined, since: string | undefined): Html => {
  const parts = [
    ...(owner === undefined ? [] : [owner]),
    ...(since === undefined ? [] : [`since ${dayText(since)}`]),
  ];
  return parts.length === 0 ? html`` : html`<span class="about">${parts.join(' · ')}</span>`;
};

function longList(items: readonly Html[]): Html {
  const first = items.slice(0, FIRST);
  const more = items.slice(FIRST, MOST);
  const rest = items.length - first.length - more.length;
  return html`<ul class="lines">${first}</ul>${
    more.length === 0
      ? undefined
      : html`<details><summary>${grouped(items.length - FIRST)} more</summary><ul class="lines">${more}</ul>${rest === 0 ? undefined : html`<p class="muted">And ${grouped(rest)} more, in the table below.</p>`}</details>`
  }`;
}

const troubleItem = ({ name, owner, level, message, since }: TroubleLine): Html =>
  html`<li class="s-${level === 'attention' ? 'expired' : 'attention'}">${icon(level === 'attention' ? 'expired' : 'attention')}<div><p class="top">${name === undefined ? html`<span class="name">The repository</span>` : nameLink(name)}${about(owner, since)}</p><p>${message}</p></div></li>`;

/** Open trouble; nothing where there is none. */
export const troubleSection = ({ trouble }: Overview): Html | undefined =>
  trouble.length === 0
    ? undefined
    : html`<section aria-labelledby="trouble" class="card wide"><div class="head"><h2 id="trouble">Somebody has to look</h2><span class="tally">${grouped(trouble.length)}</span></div>${longList(trouble.map(troubleItem))}</section>`;

const waitingItem = ({ name, owner, message, remedy, since }: WaitingLine): Html =>
  html`<li class="s-waiting">${icon('waiting')}<div><p class="top">${nameLink(name)}${about(owner, since)}</p><p>${message}</p>${remedy === undefined ? undefined : html`<p class="remedy">${remedy}</p>`}</div></li>`;

/** What waits, under whom it waits for. */
export function waitingSection({ waiting }: Overview): Html {
  const groups = [...Map.groupBy(waiting, ({ whom }) => whom)];
  return html`<section aria-labelledby="waiting" class="card"><div class="head"><h2 id="waiting">Waiting</h2>${waiting.length === 0 ? undefined : html`<span class="tally">${grouped(waiting.length)}</span>`}</div>${
    groups.length === 0
      ? html`<p class="empty">Nothing waits for anybody.</p>`
      : groups.map(([whom, own]) => html`<h3>For ${whom}</h3>${longList(own.map(waitingItem))}`)
  }</section>`;
}

const costOf = ({ action, atMost }: DueLine): string => {
  if (action === 'reissue') return 'free';
  return atMost === undefined ? 'paid' : `at most ${formatMoney(atMost)}`;
};

function inDays(day: string, { madeAt }: Overview): string {
  const days = Math.round((toMs(`${day}T00:00:00Z`) - toMs(`${madeAt.slice(0, 10)}T00:00:00Z`)) / DAY_MS);
  if (days <= 0) return 'now';
  return days === 1 ? 'tomorrow' : `in ${days} days`;
}

/** The day stands at the first of its lines; to what reads the page aloud, at all. */
const dueItem =
  (view: Overview) =>
  (line: DueLine, i: number, lines: readonly DueLine[]): Html => {
    const again = lines[i - 1]?.day === line.day;
    return html`<li${again ? html` class="again"` : undefined}><div class="when"><time datetime="${line.day}">${dayText(line.day)}</time><span class="about">${inDays(line.day, view)}</span></div><p class="top">${nameLink(line.name)}<span class="about">${line.action}, ${costOf(line)}${line.owner === undefined ? '' : ` · ${line.owner}`}</span></p></li>`;
  };

/** What falls due next, in order. */
export const dueSection = (view: Overview): Html =>
  html`<section aria-labelledby="due" class="card due"><div class="head"><h2 id="due">Due in 60 days</h2>${view.due.length === 0 ? undefined : html`<span class="tally">${grouped(view.due.length)}</span>`}</div>${
    view.due.length === 0
      ? html`<p class="empty">Nothing falls due in the next 60 days.</p>`
      : longList(view.due.map(dueItem(view)))
  }</section>`;
