import { CertError } from '../../model/errors.js';
import { formatMoney } from '../../model/money.js';
import type { OrderRequest } from '../../model/order.js';
import type { LookUp, LookUpContext, Step, StepOutcome } from '../../ports/provider.js';
import type { Account } from './account.js';
import { checkRequest } from './approvers.js';
import type { Answer } from './client.js';
import { INCLUDED_NAMES } from './limits.js';
import { predecessorId } from './request.js';
import { amountOf, countOf, type InfoWire, unexpected } from './wire.js';

/**
 * Names that have to be bought for so many. Whether `SANSCount` counts the included ones is not documented: up to the larger
 * of both readings nothing is bought, and a reissue with one name too many is refused for nothing.
 */
export function namesToBuy({ sansCount = 0 }: Pick<InfoWire, 'sansCount'>, names: number): number {
  return Math.max(0, names - (INCLUDED_NAMES + sansCount));
}

/** `purchasemoresans`: room for more names on an order, before it is reissued with them. */
export function buyNamesStep(account: Account): Step {
  const { client } = account;
  return {
    name: 'buy-names',
    paid: true,
    before: async (request) => {
      await checkRequest(account, request);
      const info = await client.getInfo(predecessorId(request));
      const balance = await account.balance();
      return {
        balance: formatMoney(balance),
        currency: balance.currency,
        sansCount: info.sansCount ?? 0,
        count: countFor(info, request),
      };
    },
    run: async ({ request, before }, guard) => {
      const id = predecessorId(request);
      const parameters = { CertificateID: id, NumberOfSANSToAdd: String(before.count) };
      account.changed();
      const answer = await client.purchaseMoreSans(parameters, `certificate ${id}`, guard);
      return boughtOutcome(answer, id, String(before.currency));
    },
    lookUp: (context) => lookUpNames(account, context),
    adoptResult: (orderId) => ({ orderId }),
  };
}

/** @throws CertError `provider.unsupported` where nothing is to be bought: the plan was made from another allowance */
function countFor(info: InfoWire, { names }: OrderRequest): number {
  const count = namesToBuy(info, names.length);
  if (count > 0) return count;
  throw new CertError(
    'provider.unsupported',
    `certificate ${info.id} has room for ${names.length} names already; the next plan reissues it for nothing`,
  );
}

function boughtOutcome({ result }: Answer, id: string, currency: string): StepOutcome {
  const sansCount = countOf(result, 'SANSCount');
  const charged = amountOf(result, 'ChargedAmount', currency);
  if (charged === undefined)
    throw unexpected('ssl.purchasemoresans', 'no amount that was charged', 'unknown');
  return { result: { orderId: id, ...(sansCount === undefined ? {} : { sansCount }) }, orderId: id, charged };
}

/** The allowance says it: larger than before it was bought, the same with all the money there it was not. */
async function lookUpNames(account: Account, { request, before }: LookUpContext): Promise<LookUp> {
  const id = predecessorId(request);
  const info = await account.client.getInfo(id);
  const sansCount = info.sansCount ?? 0;
  if (sansCount > Number(before.sansCount)) {
    return { kind: 'found', outcome: { result: { orderId: id, sansCount }, orderId: id } };
  }
  return {
    kind: 'absent',
    evidence: {
      ...(info.dateMs === undefined ? {} : { replyAtMs: info.dateMs }),
      complete: true,
      negativeControl: true,
      positiveControl: true,
      booksUnchanged: formatMoney(await account.balance()) === before.balance,
    },
  };
}
