/** Text between tags, or an element. */
export type Node = string | Markup;

/** Markup that is ready: built by the functions here alone. */
export interface Markup {
  readonly markup: string;
}

export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** An element; without children it is written as an empty one. A missing attribute is empty. */
export function element(name: string, attributes: Attributes = {}, ...children: readonly Node[]): Markup {
  const given = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escaped(value === null ? '' : String(value))}"`)
    .join('');
  const inside = children
    .map((child) => (typeof child === 'string' ? escaped(child) : child.markup))
    .join('');
  return { markup: inside === '' ? `<${name}${given} />` : `<${name}${given}>${inside}</${name}>` };
}

/** Requests, certificates and proofs come in this. */
export const cdata = (text: string): Markup => ({
  markup: `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`,
});
