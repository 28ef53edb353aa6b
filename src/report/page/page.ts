import { createHash } from 'node:crypto';
import { minute } from '../dates.js';
import type { Overview } from '../overview/types.js';
import {
  COUNTED,
  certificatesOf,
  grouped,
  howMany,
  STANDING_WORDS,
  selectionText,
  verdictOf,
} from '../overview/words.js';
import { embeddedJson, type Html, html, ownText } from './html.js';
import { icon, iconSheet } from './icons.js';
import { dueSection, troubleSection, waitingSection } from './lists.js';
import { spendingSection } from './spending.js';
import { certificatesSection, pageData } from './table.js';
import { timelineSection } from './timeline.js';

/** Texts of `assets/report`. */
export interface PageAssets {
  readonly style: string;
  readonly script: string;
}

const sourceOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing is loaded, nothing is sent, and no text can become markup or code, whatever a name says. */
const policyOf = ({ style, script }: PageAssets): string =>
  [
    "default-src 'none'",
    `style-src ${sourceOf(style)}`,
    `script-src ${sourceOf(script)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%23175ddc'/%3E%3Cpath d='M10 14v-3a6 6 0 0 1 12 0v3M8 14h16v11H8z' fill='none' stroke='%23fff' stroke-width='2.6' stroke-linejoin='round'/%3E%3C/svg%3E";

/** A path may break after each of its parts. */
const breakable = (path: string): Html =>
  html`${path.split('/').map((part, i) => (i === 0 ? html`${part}` : html`/<wbr>${part}`))}`;

/** How many of them are in which state, as one bar. */
function shareBar({ counts }: Overview, all: number): Html | undefined {
  if (all === 0) return undefined;
  let x = 0;
  const parts = COUNTED.filter((standing) => counts[standing] > 0).map((standing) => {
    // What is there is seen, however little it is.
    const width = Math.max(6, (counts[standing] / all) * 1000);
    const part = html`<rect class="s-${standing}" x="${x.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="8"/>`;
    x += width + 3;
    return part;
  });
  return html`<svg class="shares" viewBox="0 0 ${Math.max(1, x - 3).toFixed(1)} 8" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`;
}

const tiles = ({ counts }: Overview): Html =>
  html`<ul class="tiles">${COUNTED.map(
    (standing) =>
      html`<li><a class="tile s-${standing}${counts[standing] === 0 ? ' none' : ''}" href="#state=${standing}"><span class="what">${icon(standing)}${STANDING_WORDS[standing].title}</span><strong>${grouped(counts[standing])}</strong><span class="sub">${STANDING_WORDS[standing].means}</span></a></li>`,
  )}</ul>`;

/** The whole page: one file that asks nobody for anything. The same view gives the same bytes. */
export function overviewPage(view: Overview, assets: PageAssets): string {
  const all = certificatesOf(view);
  const selection = selectionText(view);
  const grave = view.counts.expired + view.counts.attention > 0 || view.trouble.length > 0;
  const tone = grave ? 'attention' : view.counts.waiting > 0 ? 'waiting' : 'healthy';
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(assets)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex, nofollow">
<title>Certificates of ${view.repository}</title>
<link rel="icon" href="${ICON}">
<style>${ownText(assets.style)}</style>
</head>
<body>
${iconSheet()}
<a class="skip" href="#certificates">Skip to the certificates</a>
<header>
<p class="brand">certwright report</p>
<h1>${breakable(view.repository)}</h1>
<p class="muted">${howMany(all, 'certificate')}${selection === undefined ? '' : `, only ${selection}`} · as of <time datetime="${view.madeAt}">${minute(view.madeAt)}</time></p>
<p id="age" class="notice" role="status" hidden></p>
</header>
<main>
<section aria-labelledby="now" class="now">
<h2 id="now" class="verdict"><span class="s-${tone}">${icon(tone)}</span>${verdictOf(view)}</h2>
${shareBar(view, all)}
${tiles(view)}
</section>
${troubleSection(view)}
<div class="pair">${waitingSection(view)}${dueSection(view)}</div>
${timelineSection(view)}
${spendingSection(view)}
${certificatesSection(view)}
</main>
<footer><p>Made by certwright from what the repository records; no provider was asked.${view.counts.archived === 0 ? '' : ` ${howMany(view.counts.archived, 'archived certificate')} not counted above.`} Days are UTC.</p></footer>
<dialog id="details" aria-labelledby="details-title"><form method="dialog"><h2 id="details-title"></h2><button aria-label="Close">✕</button></form><div id="details-body"></div></dialog>
<script type="application/json" id="data">${embeddedJson(pageData(view))}</script>
<script>${ownText(assets.script)}</script>
</body>
</html>
`;
  return page.markup;
}
