import { CertError } from '../../model/errors.js';
import type { DnsName } from '../../model/names.js';
import type { OrderRequest } from '../../model/order.js';
import type { StoreClient } from './client.js';
import { bare, productOf, wishFor } from './request.js';

/** Mailboxes of the domain itself: the list also holds mailboxes of authorities, and things that are none. */
async function mailboxesFor(
  client: StoreClient,
  productCode: string,
  name: DnsName,
): Promise<readonly string[]> {
  const { data } = await client.approverList(productCode, bare(name));
  const list = data.ApproverEmailList;
  const texts = Array.isArray(list) ? list.map((text) => String(text).trim().toLowerCase()) : [];
  return [...new Set(texts)].filter((text) => {
    const domain = text.split('@')[1];
    return (
      domain !== undefined && domain !== '' && (bare(name) === domain || bare(name).endsWith(`.${domain}`))
    );
  });
}

/**
 * The mailbox an order names. Every approver is held against the list first: a wrong one is accepted in silence.
 * @throws CertError `provider.refused` for an approver that is on no list; nothing is paid by then
 */
export async function mailboxOf(client: StoreClient, request: OrderRequest): Promise<string> {
  const { vendorCode } = productOf(request);
  const lists = new Map<DnsName, readonly string[]>();
  const listFor = async (name: DnsName): Promise<readonly string[]> => {
    const known = lists.get(bare(name)) ?? (await mailboxesFor(client, vendorCode, name));
    lists.set(bare(name), known);
    return known;
  };
  for (const { name, method, approver } of request.validation) {
    if (method !== 'email') continue;
    const allowed = await listFor(name);
    if (approver !== undefined && allowed.includes(approver.toLowerCase())) continue;
    throw new CertError(
      'provider.refused',
      `The SSL Store does not write to ${approver ?? '(no approver)'} to have ${name} approved`,
      {
        remedy:
          allowed.length === 0
            ? 'It offers no mailbox for this name; choose `dns` or `http` as validation.'
            : `Write one of these as approver: ${allowed.join(', ')}.`,
      },
    );
  }
  const { method, approver } = wishFor(request, request.commonName);
  if (method === 'email' && approver !== undefined) return approver;
  // A file or DNS proof names an allowed mailbox all the same.
  const [first] = await listFor(request.commonName);
  if (first !== undefined) return first;
  throw new CertError(
    'provider.refused',
    `The SSL Store offers no mailbox for ${request.commonName}, and wants one`,
    {
      remedy: 'Check that the name is a public one; the list of approvers is made from its domain.',
    },
  );
}
