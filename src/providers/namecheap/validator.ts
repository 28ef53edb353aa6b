import type { RequestedValidation } from '../../model/order.js';
import type { Recorded, Validator } from '../../ports/provider.js';
import type { Account } from './account.js';
import { checkApprovers } from './approvers.js';
import { editParameters } from './dcv.js';
import { needed } from './request.js';

const isMail = ({ method }: RequestedValidation): boolean => method === 'email';

/** DCV after placing. */
export function namecheapValidator(account: Account): Required<Validator> {
  const { client } = account;
  const set = async (id: string, items: readonly RequestedValidation[], recorded: Recorded | undefined) => {
    if (items.length === 0) return;
    await client.editDcv(id, editParameters(needed(recorded, 'record').request, items));
  };
  return {
    /** The call that sends mails again has files and records looked for; beside names that wait for a mail, the other one. */
    recheck: async (id, items, recorded) => {
      if (items.every(isMail)) return;
      if (recorded && items.some(isMail)) {
        return set(
          id,
          items.filter((item) => !isMail(item)),
          recorded,
        );
      }
      await client.resendApproverEmail(id);
    },
    change: async (id, items, recorded) => {
      if (recorded) await checkApprovers(account, recorded.request, items);
      await set(id, items, recorded);
    },
    resend: async (id, items) => {
      if (items.some(isMail)) await client.resendApproverEmail(id);
    },
  };
}
