import type { RequestedValidation } from '../../model/order.js';
import type { Validator } from '../../ports/provider.js';
import { checkApprovers } from './approvers.js';
import type { Parameters, SectigoClient } from './client.js';
import { bare, describedKeyword, isValidated } from './dcv.js';
import { type DcvKeyword, dcvKeyword, needed } from './request.js';
import { type DomainWire, parseDomains } from './wire.js';

/**
 * DCV after placing. Names of one order go one call each: in the lists of one call there is no way to write *no mailbox*
 * beside a mailbox.
 */
export function sectigoValidator(client: SectigoClient): Required<Validator> {
  const domainsOf = async (orderId: string): Promise<readonly DomainWire[]> =>
    parseDomains('!GetMDCDomainDetails', (await client.domainDetails(orderId)).fields);

  const find = (domains: readonly DomainWire[], { name }: RequestedValidation): DomainWire | undefined =>
    domains.find(({ domainName }) => [name, bare(name)].includes(domainName.toLowerCase()));

  const update = (
    orderId: string,
    domains: readonly DomainWire[],
    wish: RequestedValidation,
    newMethod: DcvKeyword,
  ): Promise<void> => {
    const parameters: Parameters = {
      orderNumber: orderId,
      // A single name has no list to choose from.
      ...(domains.length > 1 ? { domainName: find(domains, wish)?.domainName ?? wish.name } : {}),
      newMethod,
      ...(newMethod === 'EMAIL'
        ? { newDCVEmailAddress: needed(wish.approver, `approver for ${wish.name}`) }
        : {}),
    };
    return client.updateDcv(parameters, `${wish.name} of order ${orderId}`);
  };

  return {
    /** Sent once more, the method that is set has the proof looked for at once. A mail waits for a person anyway. */
    recheck: async (orderId, items, recorded) => {
      const domains = await domainsOf(orderId);
      for (const wish of items) {
        const domain = find(domains, wish);
        const present =
          describedKeyword(domain?.dcvMethod ?? '') ?? dcvKeyword(wish, recorded?.request.options ?? {});
        if (present === 'EMAIL' || (domain !== undefined && isValidated(domain))) continue;
        await update(orderId, domains, wish, present);
      }
    },
    change: async (orderId, items, recorded) => {
      await checkApprovers(client, items);
      const domains = await domainsOf(orderId);
      const options = recorded?.request.options ?? {};
      for (const wish of items) await update(orderId, domains, wish, dcvKeyword(wish, options));
    },
    /** The call names no domain: it writes to whoever has not answered yet. */
    resend: async (orderId, items) => {
      if (!items.some(({ method }) => method === 'email')) return;
      await client.resendDcvEmail({ orderNumber: orderId }, `order ${orderId}`);
    },
  };
}
