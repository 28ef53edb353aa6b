/** Rows on paper at once: more than on a page, and not a book. */
const ON_PAPER = 2000;

/** Search, order and pages of the table. */
function startTable() {
  const form = /** @type {HTMLFormElement} */ (at('filter'));
  const body = /** @type {HTMLTableSectionElement} */ (at('table').querySelector('tbody'));
  const heads = [...at('table').querySelectorAll('th[data-sort]')];
  const [back, on] = /** @type {HTMLButtonElement[]} */ ([...at('pages').querySelectorAll('button')]);
  const where = /** @type {HTMLSpanElement} */ (at('pages').querySelector('span'));
  /** @param {string} name */
  const field = (name) => /** @type {HTMLInputElement | HTMLSelectElement} */ (form.elements.namedItem(name));
  const standings = new Set(all.map(({ standing }) => /** @type {string} */ (standing)));
  let sort = { key: 'state', down: false };
  let page = 0;
  /** @type {readonly Certificate[]} */
  let shown = all;

  function select() {
    const words = field('text').value.toLowerCase().split(/\s+/).filter(Boolean);
    const [standing = '', provider = '', owner = ''] = ['standing', 'provider', 'owner'].map(
      (name) => field(name).value,
    );
    const fitting = all.filter(
      (one) =>
        (standing === '' || one.standing === standing) &&
        (provider === '' || one.provider === provider) &&
        (owner === '' || one.owner === owner) &&
        words.every((word) => searchText(one).includes(word)),
    );
    shown = sorted(fitting, sort);
    page = 0;
    draw();
  }

  function draw(paper = false) {
    const first = paper ? 0 : page * data.page;
    const rows = shown.slice(first, first + (paper ? ON_PAPER : data.page));
    body.replaceChildren(...rows.map(rowOf));
    const last = first + rows.length;
    const n = shown.length.toLocaleString('en');
    const isPart = rows.length < shown.length;
    const text = isPart ? `${first + 1} to ${last} of ${n}` : `${n} shown`;
    at('shown').textContent = rows.length === 0 ? 'None fits.' : text;
    at('pages').hidden = !isPart || paper;
    if (back) back.disabled = page === 0;
    if (on) on.disabled = last >= shown.length;
    where.textContent = `Page ${page + 1} of ${Math.ceil(shown.length / data.page)}`;
  }

  /** @param {string} name @param {readonly (readonly [string, string])[]} choices */
  const offer = (name, choices) =>
    field(name).append(...choices.map(([value, title]) => make('option', { value }, title)));
  /** @param {(string | undefined)[]} values @returns {[string, string][]} */
  const different = (values) =>
    [...new Set(values)]
      .flatMap((value) => value ?? [])
      .sort()
      .map((value) => [value, value]);
  offer(
    'standing',
    Object.entries(titles).filter(([key]) => standings.has(key)),
  );
  offer('provider', different(all.map(({ provider }) => provider)));
  offer('owner', different(all.map(({ owner }) => owner)));

  for (const head of heads) {
    const button = make('button', { type: 'button' }, head.textContent ?? '');
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const key = head.getAttribute('data-sort') ?? '';
      sort = { key, down: sort.key === key && !sort.down };
      for (const one of heads) one.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', sort.down ? 'descending' : 'ascending');
      select();
    });
    if (head.getAttribute('data-sort') === sort.key) head.setAttribute('aria-sort', 'ascending');
  }

  /** @param {number} by */
  const turn = (by) => {
    page += by;
    draw();
    at('certificates').scrollIntoView();
  };
  back?.addEventListener('click', () => turn(-1));
  on?.addEventListener('click', () => turn(1));
  form.addEventListener('input', select);
  form.addEventListener('submit', (event) => event.preventDefault());
  field('csv').addEventListener('click', () => saveCsv(shown));
  addEventListener('beforeprint', () => draw(true));
  addEventListener('afterprint', () => draw());

  /** The tiles above lead here. */
  const follow = () => {
    const standing = /^#state=(\w+)$/.exec(location.hash)?.[1];
    if (standing === undefined) return false;
    form.reset();
    field('standing').value = standings.has(standing) ? standing : '';
    select();
    at('certificates').scrollIntoView();
    return true;
  };
  addEventListener('hashchange', follow);
  form.hidden = false;
  if (!follow()) draw();
}
