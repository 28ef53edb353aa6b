/** @param {string} text */
const sub = (text) => text !== '' && make('span', { class: 'sub' }, text);

/**
 * The same cells as src/report/page/table.ts wrote into the page.
 * @param {Certificate} one
 */
const rowOf = (one) =>
  make(
    'tr',
    {},
    make(
      'th',
      { scope: 'row' },
      make('a', { href: `#certificate=${encodeURIComponent(one.name)}` }, one.name),
      make('span', { class: 'sub' }, one.row.domains),
    ),
    make('td', {}, badge(one), sub(one.reason ?? '')),
    make('td', { class: 'date' }, day(one.notAfter), sub(one.row.endsIn)),
    make('td', { class: 'date wide' }, one.row.next || '–', sub(one.row.nextIn)),
    make('td', { class: 'date wide' }, day(one.paidTill)),
    make('td', { class: 'wide' }, one.row.account),
    make('td', { class: 'wide' }, one.owner ?? '–'),
  );

/** What can be searched of each, in lower case; made when it is first asked for. @type {Map<Certificate, string>} */
const searchTexts = new Map();

/** @param {Certificate} one */
const searchText = (one) => {
  const known = searchTexts.get(one);
  if (known !== undefined) return known;
  const { name, names, state, reason, owner, product, serial, sha256, issuer, orders, row } = one;
  const ids = orders.flatMap((order) => [order.id, ...(order.ids ?? []), order.reference]);
  const parts = [name, ...names, state, reason, owner, product, row.account, serial, sha256, issuer, ...ids];
  const text = parts.filter(Boolean).join('\n').toLowerCase();
  searchTexts.set(one, text);
  return text;
};

/** Behind everything that has a date, an owner, a provider. */
const LAST = '\uffff';

/** @type {Readonly<Record<string, (one: Certificate) => string>>} */
const SORT_KEYS = {
  name: ({ name }) => name,
  ends: ({ notAfter }) => notAfter ?? LAST,
  next: ({ reissueAt = LAST, renewAt = LAST }) => (reissueAt < renewAt ? reissueAt : renewAt),
  paid: ({ paidTill }) => paidTill ?? LAST,
  provider: ({ row }) => row.account || LAST,
  owner: ({ owner }) => owner ?? LAST,
};

/**
 * By state is how they come: the gravest first.
 * @param {readonly Certificate[]} some
 * @param {{ readonly key: string, readonly down: boolean }} sort
 */
function sorted(some, { key, down }) {
  const keyOf = SORT_KEYS[key];
  if (keyOf === undefined) return down ? some.toReversed() : some;
  const keyed = some.map((one) => ({ one, by: keyOf(one) }));
  keyed.sort((a, b) => {
    if (a.by === b.by) return a.one.name < b.one.name ? -1 : 1;
    if (a.by === LAST || b.by === LAST) return a.by === LAST ? 1 : -1;
    return a.by < b.by === down ? 1 : -1;
  });
  return keyed.map(({ one }) => one);
}
