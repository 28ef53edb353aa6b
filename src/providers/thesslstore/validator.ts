import type { JsonObject } from '../../model/json.js';
import type { RequestedValidation } from '../../model/order.js';
import type { Recorded, Validator } from '../../ports/provider.js';
import type { StoreClient } from './client.js';
import { type Authority, findProduct } from './products.js';
import { dcvKeyword, needed } from './request.js';

const authorityOf = (recorded: Recorded | undefined): Authority | undefined =>
  recorded && findProduct(recorded.request.product)?.authority;

/** Another method, in the words of the vendor's own clients; both members that carry an address are sent. */
function methodBody(wish: RequestedValidation, authority: Authority, options: JsonObject): JsonObject {
  const keyword = dcvKeyword(wish, options);
  const plain = {
    EMAIL: 'EMAIL',
    HTTP_CSR_HASH: 'FILE',
    HTTPS_CSR_HASH: 'FILE',
    CNAME_CSR_HASH: 'DNS',
  } as const;
  const address = keyword === 'EMAIL' ? needed(wish.approver, `approver for ${wish.name}`) : undefined;
  return {
    DomainNames: wish.name,
    ApproverMethod: authority === 'digicert' ? plain[keyword] : keyword,
    ...(address === undefined ? {} : { ResendEmail: address, ApproverEmail: address }),
  };
}

/** DCV after placing, a call for each name. */
export function storeValidator(client: StoreClient): Required<Validator> {
  return {
    /** DigiCert looks when it is asked to; for other authorities there is no call, they look by themselves. */
    recheck: async (orderId, items, recorded) => {
      if (authorityOf(recorded) !== 'digicert') return;
      for (const { name, method } of items) {
        if (method !== 'email') await client.checkDcv(orderId, name);
      }
    },
    change: async (orderId, items, recorded) => {
      const authority = authorityOf(recorded) ?? 'sectigo';
      const options = recorded?.request.options ?? {};
      for (const wish of items)
        await client.changeApproverMethod(orderId, methodBody(wish, authority, options));
    },
    resend: async (orderId, items) => {
      for (const { name, method } of items) if (method === 'email') await client.resend(orderId, name);
    },
  };
}
