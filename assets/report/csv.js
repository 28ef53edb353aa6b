/**
 * A cell as RFC 4180 has it. What a spreadsheet would take for a formula, full-width signs included, becomes text.
 * @param {string | undefined} text
 */
function csvCell(text = '') {
  const isFormula = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(text);
  return `"${(isFormula ? `'${text}` : text).replaceAll('"', '""')}"`;
}

/** @type {readonly (readonly [string, (one: Certificate) => string | undefined])[]} */
const CSV_COLUMNS = [
  ['name', ({ name }) => name],
  ['state', ({ state }) => state],
  ['reason', ({ reason }) => reason],
  ['owner', ({ owner }) => owner],
  ['provider', ({ row }) => row.account],
  ['product', ({ product }) => product],
  ['ends', ({ notAfter }) => notAfter],
  ['paid till', ({ paidTill }) => paidTill],
  ['next', ({ row }) => row.next],
  ['serial', ({ serial }) => serial],
  ['order', ({ orders }) => orders.at(-1)?.id],
  [
    'charged',
    ({ orders }) =>
      orders
        .at(-1)
        ?.charges.flatMap((one) => (one.charged ? [money(one.charged)] : []))
        .join(' + '),
  ],
  ['names', ({ names }) => names.join(' ')],
];

/** @param {readonly Certificate[]} some */
function saveCsv(some) {
  const head = CSV_COLUMNS.map(([title]) => csvCell(title));
  const rows = some.map((one) => CSV_COLUMNS.map(([, value]) => csvCell(value(one))));
  const text = [head, ...rows].map((cells) => `${cells.join(',')}\r\n`).join('');
  // The mark at the beginning tells spreadsheets that it is UTF-8.
  const url = URL.createObjectURL(new Blob(['\ufeff', text], { type: 'text/csv' }));
  make('a', { href: url, download: 'certificates.csv' }).click();
  setTimeout(() => URL.revokeObjectURL(url));
}
