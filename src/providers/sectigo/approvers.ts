import { CertError } from '../../model/errors.js';
import type { DnsName } from '../../model/names.js';
import type { RequestedValidation } from '../../model/order.js';
import type { SectigoClient } from './client.js';
import { bare } from './dcv.js';

const LINE = /^\s*(?:whois[_ ]email|level\d+_email)\s+(\S+@\S+)\s*$/;

/** Mailboxes Sectigo writes to for a name. Its list counts for 24 hours after it was asked for. */
async function mailboxesFor(client: SectigoClient, name: DnsName): Promise<readonly string[]> {
  const { lines } = await client.mailboxes(bare(name));
  return [...new Set(lines.flatMap((line) => LINE.exec(line)?.[1]?.toLowerCase() ?? []))];
}

/**
 * Asks for the lists, which Sectigo wants before it takes an approver, and compares.
 * @throws CertError `provider.refused` for an approver that is on no list; nothing is paid by then
 */
export async function checkApprovers(
  client: SectigoClient,
  wishes: readonly RequestedValidation[],
): Promise<void> {
  for (const { name, method, approver } of wishes) {
    if (method !== 'email') continue;
    const allowed = await mailboxesFor(client, name);
    if (approver !== undefined && allowed.includes(approver.toLowerCase())) continue;
    throw new CertError(
      'provider.refused',
      `Sectigo does not write to ${approver ?? '(no approver)'} to have ${name} approved`,
      {
        remedy:
          allowed.length === 0
            ? 'It offers no mailbox for this name; choose `dns` or `http` as validation.'
            : `Write one of these as approver: ${allowed.join(', ')}.`,
      },
    );
  }
}
