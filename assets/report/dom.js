// The files of this folder are one script: joined in the order of src/entry/overview/assets.ts, inside one function. Text comes
// from providers, CAs and manifests: it is only ever set as text, and the policy of the page refuses everything else.

/** @typedef {ReturnType<typeof import('../../src/report/page/table.js').pageData>} PageData */
/** @typedef {PageData['certificates'][number]} Certificate */

/** @param {string} id */
const at = (id) => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
};

/**
 * @param {string} tag
 * @param {Readonly<Record<string, string>>} attributes
 * @param {readonly (Node | string | false | undefined)[]} children  empty ones are left out
 */
const make = (tag, attributes, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) if (child) element.append(child);
  return element;
};

/** @param {string} standing */
const icon = (standing) => {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  const use = document.createElementNS(namespace, 'use');
  const attributes = { class: 'icon', width: '14', height: '14', 'aria-hidden': 'true' };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  use.setAttribute('href', `#i-${standing}`);
  svg.append(use);
  return svg;
};

/** @type {PageData} */
const data = JSON.parse(at('data').textContent ?? '');
const all = data.certificates;
/** @type {Readonly<Record<string, string>>} */
const titles = data.titles;

/** @param {Certificate} one */
const badge = ({ standing }) =>
  make('span', { class: `badge s-${standing}` }, icon(standing), titles[standing]);

/** @param {string | undefined} instant */
const day = (instant) => (instant === undefined ? '–' : instant.slice(0, 10));

/** @param {{ readonly amount: string, readonly currency: string }} money */
const money = ({ amount, currency }) => `${amount} ${currency}`;
