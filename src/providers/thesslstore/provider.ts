import { refusedLogin } from '../../http/refused-login.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { formatMoney, type Money, money } from '../../model/money.js';
import { companionNames } from '../../model/names.js';
import { currencyOf } from '../../model/price.js';
import { MINUTE_MS } from '../../model/time.js';
import type {
  ConnectionReport,
  ListedOrder,
  ListFilter,
  Offering,
  Provider,
  ProviderDeps,
} from '../../ports/provider.js';
import { auditSpec } from './audit.js';
import { openCatalogue } from './catalogue.js';
import { storeClient } from './client.js';
import { cancelStep, REVOCATION_REASONS, reissueStep, revokeStep } from './free-steps.js';
import { listOrders } from './list.js';
import { listedOrder, snapshotOf } from './map.js';
import { collectOrder, findOrder, lookAtOrder, NEVER_USED } from './orders.js';
import { DEFAULT_PRODUCT, findProduct } from './products.js';
import { type Account, purchaseStep } from './purchase.js';
import { storeValidator } from './validator.js';
import { amountOf, isTrue, textOf } from './wire.js';

/** The account's list is asked for once by many certificates that look before buying. */
const LIST_AGE_MS = 2 * MINUTE_MS;

/** One account at The SSL Store. @throws CertError `config.invalid` */
export function createTheSslStore(deps: ProviderDeps, offering: Offering): Provider {
  const { config, clock } = deps;
  const client = storeClient(deps);
  const catalogue = openCatalogue(client, clock, currencyOf(config));
  const defaultCode = findProduct(DEFAULT_PRODUCT)?.vendorCode ?? DEFAULT_PRODUCT;
  let listed: { readonly atMs: number; readonly rows: Promise<readonly JsonObject[]> } | undefined;

  /** Presence tells success: the verdict of this call says error beside good data as well. */
  async function accountDetail(): Promise<{ readonly balance: Money; readonly hasCredit: boolean }> {
    const { data, verdict } = await client.accountDetail();
    const amount = amountOf(data, 'AccountBalance');
    if (amount !== undefined && textOf(data, 'PartnerCode') !== undefined)
      return {
        balance: money(amount, await catalogue.currency(defaultCode)),
        hasCredit: isTrue(data, 'AllowCredit'),
      };
    throw new CertError('wire.unexpected', `user/accountdetail tells no balance of ${config.id}`, {
      ...(verdict?.message ? { providerText: verdict.message } : {}),
    });
  }

  const held = async (): Promise<Money> => (await accountDetail()).balance;

  /** What orders may be held against. An account that may go below zero has a limit nobody tells. */
  async function balance(): Promise<Money> {
    const { balance, hasCredit } = await accountDetail();
    if (!hasCredit || config.minimumBalance !== undefined) return balance;
    throw new CertError(
      'provider.unsupported',
      `${config.id} may go below zero (AllowCredit), so its balance of ${formatMoney(balance)} holds no order back`,
      { remedy: 'Write `minimumBalance:` to have orders held all the same.' },
    );
  }

  const account: Account = {
    client,
    encoding: config.options.csrEncoding === 'pem' ? 'pem' : 'url',
    currency: catalogue.currency,
    changed: () => {
      listed = undefined;
    },
    /** What the account holds is beside the point where it cannot be told. */
    balance: async () => {
      try {
        return await held();
      } catch (error) {
        if (error instanceof CertError && error.code === 'wire.unexpected') return undefined;
        throw error;
      }
    },
  };

  function allRows(): Promise<readonly JsonObject[]> {
    const nowMs = clock.monotonic();
    if (listed === undefined || nowMs - listed.atMs > LIST_AGE_MS) {
      listed = { atMs: nowMs, rows: listOrders(client, {}) };
      listed.rows.catch(account.changed);
    }
    return listed.rows;
  }

  async function* list(filter: ListFilter): AsyncIterable<ListedOrder> {
    const wanted = filter.product === undefined ? undefined : findProduct(filter.product);
    if (filter.product !== undefined && wanted === undefined) return;
    for (const row of await allRows()) {
      const order = listedOrder(row);
      if (wanted !== undefined && order.product !== wanted.id && findProduct(order.product) !== undefined)
        continue;
      if (filter.names !== undefined && !filter.names.some((name) => order.names.includes(name))) continue;
      // A product that is not in our table may be the one asked for: it counts, so that nothing is bought twice.
      const product = findProduct(order.product)?.id ?? filter.product ?? order.product;
      yield {
        ...order,
        product,
        ...(order.placedAt === undefined ? {} : { dates: { orderedAt: order.placedAt } }),
      };
    }
  }

  /** By the call for it, and by a probe of the orders: the list would take any token. */
  async function check(): Promise<ConnectionReport> {
    const { environment } = config;
    try {
      await client.validate();
      await client.status({ CustomOrderID: NEVER_USED });
      return { ok: true, environment, findings: [], balance: await held() };
    } catch (error) {
      return refusedLogin(environment, error);
    }
  }

  return {
    config,
    ...offering,
    audit: (spec) => auditSpec(spec, config.id),
    freeNames: (_product, names) => companionNames(names),
    uniqueValues: (action, hex) =>
      action === 'order' || action === 'renew' || action === 'reissue' || action === 'add-names'
        ? { uniqueValue: hex(8) }
        : {},
    check,
    quote: (subject) => catalogue.quote(subject),
    place: [purchaseStep(account, 'place')],
    renew: [purchaseStep(account, 'renew')],
    getOrder: (orderId, recorded) => lookAtOrder(client, orderId, recorded),
    collect: (orderId, recorded) => collectOrder(client, orderId, recorded),
    findByReference: async (reference) => {
      const order = await findOrder(client, { CustomOrderID: reference });
      return order ? [{ ...snapshotOf(order), reference }] : [];
    },
    reissuer: { operation: [reissueStep(account)], sideEffect: () => undefined },
    revoker: { operation: [revokeStep(account)], reasons: REVOCATION_REASONS },
    canceller: { operation: [cancelStep(account)] },
    validator: storeValidator(client),
    list,
    balance,
    serverTime: async () => client.http.serverTime() ?? (await client.validate()).dateMs,
    close: () => client.http.close(),
  };
}
