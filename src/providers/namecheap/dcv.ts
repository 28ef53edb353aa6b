import type { JsonObject } from '../../model/json.js';
import type { DcvItem, OrderRequest, RequestedValidation, SolvableRecord } from '../../model/order.js';
import type { NamecheapClient, Parameters } from './client.js';
import { bare, editToken, productOf } from './request.js';
import { childOf, childrenOf, type Element, fieldOf } from './xml.js';

/** What is to be published for a name. Texts as they came: how they are made is not documented any more. */
export interface DcvValue {
  readonly name: string;
  readonly record: SolvableRecord;
}

function fileOf(name: string, from: Element | undefined): DcvValue | undefined {
  const file = fieldOf(from, 'FileName');
  const content = fieldOf(from, 'FileContent');
  if (file === undefined || content === undefined) return undefined;
  const path = file.split(/[\\/]/).at(-1) ?? file;
  return {
    name,
    record: { type: 'file', url: `http://${bare(name)}/.well-known/pki-validation/${path}`, content },
  };
}

function cnameOf(name: string, from: Element | undefined): DcvValue | undefined {
  const owner = fieldOf(from, 'HostName');
  const value = fieldOf(from, 'Target');
  if (owner === undefined || value === undefined) return undefined;
  return { name, record: { type: 'CNAME', owner, value } };
}

const isAvailable = (block: Element | undefined): boolean =>
  block?.attributes.get('valueavailable')?.toLowerCase() !== 'false';

/** Values of `activate` and `reissue`, a `<DNS>` for each name; without one they are those of `onlyName`. */
export function valuesIn(result: Element, onlyName: string): readonly DcvValue[] {
  const blocks = [
    [childOf(result, 'HttpDCValidation'), fileOf],
    [childOf(result, 'DNSDCValidation'), cnameOf],
  ] as const;
  return blocks.flatMap(([block, read]) => {
    if (block === undefined || !isAvailable(block)) return [];
    const each = childrenOf(block, 'DNS');
    const values =
      each.length === 0
        ? [read(onlyName, block)]
        : each.map((dns) => read(dns.attributes.get('domain')?.trim().toLowerCase() ?? onlyName, dns));
    return values.filter((value) => value !== undefined);
  });
}

/** As a step keeps them. */
export const keptValues = (values: readonly DcvValue[]): JsonObject[] =>
  values.map(({ name, record }) => ({ name, ...record }));

export function valuesKept(result: JsonObject | undefined): readonly DcvValue[] {
  const kept = result?.dcv;
  if (!Array.isArray(kept)) return [];
  return (kept as readonly JsonObject[]).flatMap((one): readonly DcvValue[] => {
    const { name, type, owner, value, url, content } = one;
    if (typeof name !== 'string') return [];
    if (type === 'CNAME' && typeof owner === 'string' && typeof value === 'string')
      return [{ name, record: { type, owner, value } }];
    return type === 'file' && typeof url === 'string' && typeof content === 'string'
      ? [{ name, record: { type, url, content } }]
      : [];
  });
}

const typeFor = (method: RequestedValidation['method']): SolvableRecord['type'] =>
  method === 'http' ? 'file' : 'CNAME';

const isFor = ({ name }: DcvValue, wish: RequestedValidation): boolean =>
  name === wish.name || bare(name) === bare(wish.name);

const find = (values: readonly DcvValue[], wish: RequestedValidation): DcvValue | undefined =>
  values.find((value) => isFor(value, wish) && value.record.type === typeFor(wish.method));

/** Parameters of `editDCVMethod`: one method for a single name, lists for several. */
export function editParameters(request: OrderRequest, items: readonly RequestedValidation[]): Parameters {
  if (productOf(request).shape !== 'multi') {
    const [first] = items;
    return first === undefined ? {} : { DCVMethod: editToken(first) };
  }
  return {
    DNSNames: items.map(({ name }) => name).join(','),
    DCVMethods: items.map(editToken).join(','),
  };
}

/** Values that nobody keeps are read by setting the method that is set: its reply shows those of one name. */
export async function readValue(
  client: NamecheapClient,
  id: string,
  request: OrderRequest,
  wish: RequestedValidation,
): Promise<DcvValue | undefined> {
  const { result } = await client.editDcv(id, editParameters(request, [wish]));
  const values = valuesIn(result, wish.name);
  return values.find((value) => value.record.type === typeFor(wish.method));
}

/** Proofs of an order that waits. Which of its names are proved already no call tells. */
export async function dcvItems(
  request: OrderRequest,
  kept: readonly DcvValue[],
  read: (wish: RequestedValidation) => Promise<DcvValue | undefined>,
): Promise<readonly DcvItem[]> {
  const items: DcvItem[] = [];
  for (const wish of request.validation) {
    const base = { name: wish.name, method: wish.method, state: 'pending' } as const;
    if (wish.method === 'email') {
      const address = wish.approver;
      items.push({ ...base, ...(address === undefined ? {} : { record: { type: 'email', address } }) });
      continue;
    }
    const value = find(kept, wish) ?? (await read(wish));
    items.push(
      value === undefined
        ? { ...base, message: 'Namecheap does not tell how this name is proved' }
        : { ...base, record: value.record },
    );
  }
  return items;
}
