import { formatMoney } from '../../model/money.js';
import type { LookUp, LookUpContext, Step } from '../../ports/provider.js';
import { checkApprovers } from './approvers.js';
import { readBalance } from './balance.js';
import type { SectigoClient } from './client.js';
import { foundOutcome, placedOutcome, rowFacts } from './map.js';
import { ordersUnder, readReport } from './report.js';
import { orderParameters } from './request.js';

/** What the steps of one account share. */
export interface Account {
  readonly client: SectigoClient;
  readonly currency: string | undefined;
  readonly testMode: boolean;
  /** Something was written: what was listed before is old. */
  changed(): void;
}

/** A reference of the form of ours that nobody is ever given: its hash part is none. */
const NEVER_USED = 'cw000000-never-used';

/** The one writing call of an order and of a renewal, which is an order like any other. */
export function purchaseStep(account: Account, name: 'place' | 'renew'): Step {
  const { client, currency, testMode } = account;
  return {
    name,
    paid: true,
    before: async (request) => {
      await checkApprovers(client, request.validation);
      const { balance } = await readBalance(client);
      return balance === undefined ? {} : { balance: formatMoney(balance) };
    },
    run: async ({ request, contacts }, guard) => {
      const parameters = orderParameters(request, contacts, testMode);
      account.changed();
      const reply = await client.applyOrder(
        parameters,
        `${request.product} for ${request.commonName}`,
        guard,
      );
      return placedOutcome(reply, currency);
    },
    lookUp: (context) => lookUpPurchase(account, context),
  };
}

/**
 * By the reference it was placed with. The filter is trusted only as far as it shows itself to work: it misses a
 * reference nobody used and finds one that was used.
 */
async function lookUpPurchase({ client, currency }: Account, context: LookUpContext): Promise<LookUp> {
  const { rows, complete, dateMs } = await ordersUnder(client, context.request.reference);
  const never = await ordersUnder(client, NEVER_USED);
  const candidates = rows.map(({ orderNumber }) => orderNumber);
  if (never.rows.length > 0) {
    const why = 'the report shows orders for a reference that was never used: its filter does not work';
    return { kind: 'cannot-tell', why, candidates: [] };
  }
  const [found, ...more] = rows;
  if (found !== undefined) {
    const { domains } = rowFacts(found);
    if (domains.length > 0 && !domains.some((name) => context.request.names.includes(name))) {
      return {
        kind: 'cannot-tell',
        why: `what stands under our reference is for ${domains.join(', ')}`,
        candidates,
      };
    }
    if (more.length === 0) return { kind: 'found', outcome: foundOutcome(found, currency) };
    return { kind: 'cannot-tell', why: `${rows.length} orders stand under our reference`, candidates };
  }
  return {
    kind: 'absent',
    evidence: {
      ...(dateMs === undefined ? {} : { replyAtMs: dateMs }),
      complete,
      negativeControl: never.complete,
      positiveControl: await knownIsFound(client, context),
    },
  };
}

/** An order of ours shows under its own reference; or the account is empty, and holds as much money as before. */
async function knownIsFound(client: SectigoClient, context: LookUpContext): Promise<boolean> {
  const { knownOrderId, knownReference, before } = context;
  if (knownOrderId === undefined) {
    const { rows, complete } = await readReport(client, {});
    if (rows.length > 0 || !complete || typeof before.balance !== 'string') return false;
    const { balance } = await readBalance(client);
    return balance !== undefined && before.balance === formatMoney(balance);
  }
  if (knownReference === undefined) return false;
  const { rows } = await ordersUnder(client, knownReference);
  return rows.length > 0;
}
