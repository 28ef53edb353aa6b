import { XMLParser, XMLValidator } from 'fast-xml-parser';

/** An element by its local name: some samples have a namespace, some have none. */
export interface Element {
  readonly name: string;
  /** Lower-case names: the vendor writes `OrderId` and `OrderID`. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
  /** Own text, CDATA included, without white space around it. */
  readonly text: string;
}

const ATTRIBUTES = ':@';
const TEXT = '#text';

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  removeNSPrefix: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
});

type Node = Readonly<Record<string, unknown>>;

/**
 * The root of a document; undefined for what is no well-formed XML, and for any document with a DTD: the API has none, and
 * an entity declared in one may grow without end.
 */
export function parseXml(text: string): Element | undefined {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) return undefined;
  if (XMLValidator.validate(text) !== true) return undefined;
  try {
    const nodes: unknown = parser.parse(text);
    return Array.isArray(nodes) ? nodes.flatMap(elementOf)[0] : undefined;
  } catch {
    return undefined;
  }
}

function elementOf(node: Node): readonly Element[] {
  const name = Object.keys(node).find((key) => key !== ATTRIBUTES && key !== TEXT);
  const content = name === undefined ? undefined : node[name];
  if (name === undefined || !Array.isArray(content)) return [];
  const attributes = (node[ATTRIBUTES] ?? {}) as Node;
  const texts = content.flatMap((child: Node) => (TEXT in child ? [String(child[TEXT])] : []));
  return [
    {
      name,
      attributes: new Map(
        Object.entries(attributes).map(([key, value]) => [key.toLowerCase(), String(value)]),
      ),
      children: content.flatMap(elementOf),
      text: texts.join('').trim(),
    },
  ];
}

const isNamed = (name: string) => {
  const wanted = name.toLowerCase();
  return (element: Element): boolean => element.name.toLowerCase() === wanted;
};

/** Children of that name, zero, one or many. */
export const childrenOf = (element: Element | undefined, name: string): readonly Element[] =>
  element?.children.filter(isNamed(name)) ?? [];

export const childOf = (element: Element | undefined, name: string): Element | undefined =>
  childrenOf(element, name)[0];

/** Every element of that name, at any depth, in the order of the document. */
export const allOf = (element: Element | undefined, name: string): readonly Element[] =>
  element?.children.flatMap((child) => [...(isNamed(name)(child) ? [child] : []), ...allOf(child, name)]) ??
  [];

/** An attribute of this element, or of one inside it, or the text of one inside it; undefined for empty and absent. */
export function fieldOf(element: Element | undefined, name: string): string | undefined {
  if (element === undefined) return undefined;
  const key = name.toLowerCase();
  for (const one of [element, ...allInside(element)]) {
    const attribute = one.attributes.get(key)?.trim();
    if (attribute !== undefined && attribute !== '') return attribute;
  }
  return allOf(element, name).find(({ text }) => text !== '')?.text;
}

const allInside = ({ children }: Element): readonly Element[] =>
  children.flatMap((child) => [child, ...allInside(child)]);
