import { CertError } from '../../model/errors.js';
import type { OrderRequest, RequestedValidation } from '../../model/order.js';
import type { Account } from './account.js';
import { bare, productOf } from './request.js';
import { allOf } from './xml.js';

/** What `csr` of parseCSR takes; activate takes more, so a longer one is not asked about. */
const LONGEST_ASKED = 2000;

/**
 * Mailboxes are held against the authority's list before anything is paid or sent.
 * @throws CertError `provider.refused`
 */
export async function checkApprovers(
  { client, typeOf }: Account,
  request: OrderRequest,
  items: readonly RequestedValidation[] = request.validation,
): Promise<void> {
  const type = typeOf(productOf(request));
  for (const { name, method, approver } of items) {
    if (method !== 'email') continue;
    const { result } = await client.approverEmails(bare(name), type);
    const allowed = allOf(result, 'email').map(({ text }) => text.toLowerCase());
    if (approver !== undefined && allowed.includes(approver.toLowerCase())) continue;
    const about = `Namecheap does not write to ${approver ?? '(no approver)'} to have ${name} approved`;
    throw new CertError('provider.refused', about, {
      remedy:
        allowed.length === 0
          ? 'It offers no mailbox for this name; choose `dns` or `http` as validation.'
          : `Write one of these as approver: ${allowed.join(', ')}.`,
    });
  }
}

/** Is the request one that the authority takes? Asked before money moves. @throws CertError `provider.refused` */
export async function checkRequest(account: Account, request: OrderRequest): Promise<void> {
  const csr = request.csrPem?.trim();
  if (csr !== undefined && csr.length <= LONGEST_ASKED) {
    await account.client.parseCsr(csr, account.typeOf(productOf(request)));
  }
  await checkApprovers(account, request);
}
