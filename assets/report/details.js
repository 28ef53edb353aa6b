/** @typedef {Certificate['orders'][number]} Order */

/** @param {readonly (readonly [string, Node | string | false | undefined])[]} fields  empty ones are left out */
function fieldList(fields) {
  const filled = fields.flatMap(([title, value]) =>
    value ? [make('dt', {}, title), make('dd', {}, value)] : [],
  );
  return make('dl', {}, ...filled);
}

/** @param {readonly (Node | string)[][]} items */
const bullets = (items) =>
  items.length > 0 && make('ul', {}, ...items.map((parts) => make('li', {}, ...parts)));

/** @param {string | undefined} text */
const mono = (text) => text !== undefined && make('span', { class: 'mono' }, text);

/** @param {string | undefined} from @param {string | undefined} till */
const span = (from, till) => (from === undefined && till === undefined ? '' : `${day(from)} to ${day(till)}`);

/** @param {readonly (string | false | undefined)[]} parts */
const joined = (parts) => parts.filter(Boolean).join(', ');

/** @param {Certificate} one @returns {Node[]} */
function detailsOf(one) {
  const state = joined([one.state !== titles[one.standing] && one.state, one.reason]);
  const orders = one.orders.map(orderItem).reverse();
  return [
    fieldList([
      ['State', make('span', {}, badge(one), state === '' ? '' : ` ${state}`)],
      [
        'What to know',
        bullets(
          one.notes.map(({ message, since }) => [
            message,
            make('span', { class: 'sub' }, ` since ${day(since)}`),
          ]),
        ),
      ],
      ['Names', bullets(one.names.map((name) => [name]))],
      ['Valid', span(one.notBefore, one.notAfter)],
      ['Paid till', one.paidTill && day(one.paidTill)],
      ['Next reissue', one.reissueAt && `${day(one.reissueAt)}, free`],
      ['Next renewal', one.renewAt && day(one.renewAt)],
      ['Renews by itself', one.autoRenew === undefined ? '' : one.autoRenew ? 'yes' : 'no'],
      ['Owner', one.owner],
      ['Provider', one.row.account],
      ['Product', joined([one.product, one.term])],
      ['Serial', mono(one.serial)],
      ['SHA-256', mono(one.sha256)],
      ['Issuer', one.issuer],
      ['Key', one.keyAlgorithm],
      ['Manifest', mono(one.manifest)],
    ]),
    ...(orders.length === 0
      ? []
      : [make('h3', {}, 'Orders, newest first'), make('ol', { class: 'chain' }, ...orders)]),
    ...(one.previous.length === 0
      ? []
      : [make('h3', {}, 'Earlier certificates'), previousTable(one.previous)]),
  ];
}

/** @param {Order} order */
function orderItem(order) {
  const { environment, charges } = order;
  return make(
    'li',
    {},
    make('strong', {}, order.id),
    ` ${joined([order.provider, order.product, order.term])}`,
    fieldList([
      [
        'State',
        joined([
          order.state,
          order.adopted && 'taken over',
          environment !== 'live' && environment.toUpperCase(),
        ]),
      ],
      ['Placed', day(order.placedAt)],
      ['Paid for', span(order.paidFrom, order.paidTill)],
      ['Follows', order.predecessor],
      ['Earlier ids', order.ids?.slice(0, -1).join(', ')],
      ['Reference', mono(order.reference)],
      ['Money', bullets(charges.map((charge) => [chargeText(charge)]))],
    ]),
  );
}

/** @param {Order['charges'][number]} charge */
function chargeText({ at: on, action, quoted, charged, refunded }) {
  const sum = charged ? `${money(charged)} charged` : quoted ? `${money(quoted)} quoted` : 'free';
  return `${day(on)} ${action}: ${sum}${refunded ? `, ${money(refunded)} given back` : ''}`;
}

/** @param {Certificate['previous']} previous */
function previousTable(previous) {
  const titles = ['Serial', 'Valid', 'Order'].map((title) => make('th', { scope: 'col' }, title));
  const rows = previous.map(({ serial, notBefore, notAfter, order, revoked }) =>
    make(
      'tr',
      {},
      make('td', { class: 'mono' }, serial),
      make('td', {}, `${span(notBefore, notAfter)}${revoked ? ', revoked' : ''}`),
      make('td', {}, order),
    ),
  );
  return make(
    'table',
    { class: 'numbers' },
    make('thead', {}, make('tr', {}, ...titles)),
    make('tbody', {}, ...rows),
  );
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Everything about one certificate, where the address asks for it. */
function startDetails() {
  const dialog = /** @type {HTMLDialogElement} */ (at('details'));
  const byName = new Map(all.map((one) => [one.name, one]));
  const follow = () => {
    const name = /^#certificate=(.+)$/.exec(location.hash)?.[1];
    const one = name === undefined ? undefined : byName.get(decoded(name));
    if (one === undefined) return dialog.close();
    at('details-title').textContent = one.name;
    at('details-body').replaceChildren(...detailsOf(one));
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  };
  addEventListener('hashchange', follow);
  dialog.addEventListener('close', () => {
    if (!location.hash.startsWith('#certificate=')) return;
    history.replaceState(null, '', location.pathname + location.search);
  });
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  follow();
}
