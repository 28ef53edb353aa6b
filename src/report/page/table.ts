import { day } from '../dates.js';
import type { Overview, OverviewCertificate } from '../overview/types.js';
import { accountText, fromNow, grouped, nextOf, STANDING_WORDS } from '../overview/words.js';
import { type Html, html } from './html.js';
import { icon } from './icons.js';
import { certificateLink } from './lists.js';

/** Rows that stand in the page itself; the script turns the pages, by as many. */
const PAGE = 100;

/** What the table shows of one certificate: the cells of the page and of its script are made from this. */
interface RowView {
  readonly domains: string;
  readonly endsIn: string;
  readonly next: string;
  readonly nextIn: string;
  readonly account: string;
}

const COLUMNS: readonly { readonly key: string; readonly title: string; readonly wide?: true }[] = [
  { key: 'name', title: 'Name' },
  { key: 'state', title: 'State' },
  { key: 'ends', title: 'Ends' },
  { key: 'next', title: 'Next', wide: true },
  { key: 'paid', title: 'Paid till', wide: true },
  { key: 'provider', title: 'Provider', wide: true },
  { key: 'owner', title: 'Owner', wide: true },
];

function rowView(view: Overview, one: OverviewCertificate): RowView {
  const [first = '', ...others] = one.names;
  const next = nextOf(one);
  return {
    domains: others.length === 0 ? first : `${first} + ${others.length}`,
    endsIn: one.notAfter === undefined ? '' : fromNow(one.notAfter, view),
    next: next === undefined ? '' : `${next.action} ${day(next.at)}`,
    nextIn: next === undefined ? '' : fromNow(next.at, view),
    account: accountText(one),
  };
}

const dateCell = (at: string | undefined, sub: string): Html =>
  html`${at === undefined ? '–' : day(at)}${sub === '' ? undefined : html`<span class="sub">${sub}</span>`}`;

function rowOf(view: Overview, one: OverviewCertificate): Html {
  const row = rowView(view, one);
  return html`<tr><th scope="row"><a href="${certificateLink(one.name)}">${one.name}</a><span class="sub">${row.domains}</span></th><td><span class="badge s-${one.standing}">${icon(one.standing)}${STANDING_WORDS[one.standing].title}</span>${one.reason === undefined ? undefined : html`<span class="sub">${one.reason}</span>`}</td><td class="date">${dateCell(one.notAfter, row.endsIn)}</td><td class="date wide">${row.next === '' ? '–' : row.next}${row.nextIn === '' ? undefined : html`<span class="sub">${row.nextIn}</span>`}</td><td class="date wide">${dateCell(one.paidTill, '')}</td><td class="wide">${row.account}</td><td class="wide">${one.owner ?? '–'}</td></tr>`;
}

/** Everything there is to search: the first rows are here already, and the script makes the others. */
export function certificatesSection(view: Overview): Html {
  const { certificates } = view;
  const n = certificates.length;
  return html`<section aria-labelledby="certificates" class="card wide"><div class="head"><h2 id="certificates">Certificates and orders</h2><span class="tally">${grouped(n)}</span></div>
<form id="filter" role="search" aria-label="Certificates" hidden>
<label class="grow"><span>Search</span><input type="search" name="text" autocomplete="off" spellcheck="false" placeholder="Name, domain, serial, order …"></label>
<label><span>State</span><select name="standing"><option value="">All states</option></select></label>
<label><span>Provider</span><select name="provider"><option value="">All providers</option></select></label>
<label><span>Owner</span><select name="owner"><option value="">All owners</option></select></label>
<button type="button" name="csv">Save as CSV</button>
</form>
<p id="shown" role="status" class="muted">${n > PAGE ? html`The first ${PAGE} of ${grouped(n)}. Searching, and the others, need JavaScript; the Markdown and JSON forms of this report have them all.` : undefined}</p>
${
  n === 0
    ? html`<p class="empty">There is none.</p>`
    : html`<table id="table" class="certificates"><caption class="unseen">Certificates, the gravest first</caption><thead><tr>${COLUMNS.map(({ key, title, wide }) => html`<th scope="col" data-sort="${key}"${wide ? html` class="wide"` : undefined}>${title}</th>`)}</tr></thead><tbody>${certificates.slice(0, PAGE).map((one) => rowOf(view, one))}</tbody></table>`
}
<nav id="pages" aria-label="Pages of certificates" hidden><button type="button" name="back">Previous</button><span></span><button type="button" name="on">Next</button></nav>
</section>`;
}

/** What the script of the page works with. */
export const pageData = (view: Overview) => ({
  page: PAGE,
  madeAt: view.madeAt,
  titles: Object.fromEntries(Object.entries(STANDING_WORDS).map(([key, { title }]) => [key, title])),
  certificates: view.certificates.map((one) => ({ ...one, row: rowView(view, one) })),
});
