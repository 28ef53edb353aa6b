import { refusedLogin } from '../../http/refused-login.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { type Money, money, plainDecimal } from '../../model/money.js';
import { companionNames } from '../../model/names.js';
import type { CollectedCertificate, OrderSnapshot, PaidOrFreeAction } from '../../model/order.js';
import { MINUTE_MS } from '../../model/time.js';
import type {
  ConnectionReport,
  ListedOrder,
  ListFilter,
  Offering,
  Provider,
  ProviderDeps,
  Recorded,
} from '../../ports/provider.js';
import type { Account } from './account.js';
import { activateStep, reissueStep } from './activation.js';
import { buyNamesStep } from './add-names.js';
import { checkRequest } from './approvers.js';
import { auditSpec } from './audit.js';
import { openCatalogue } from './catalogue.js';
import { namecheapClient } from './client.js';
import { type Listing, readList } from './list.js';
import { isSlot, knownStatus, productName, standingOf } from './map.js';
import { type LookDeps, lookAtOrder, type Seen } from './orders.js';
import { findProduct, type NamecheapProduct, productOfType } from './products.js';
import { createStep, renewStep } from './purchase.js';
import { REVOCATION_REASONS, revokeStep } from './revoke.js';
import { namecheapValidator } from './validator.js';
import { type ListRow, unexpected } from './wire.js';
import { fieldOf } from './xml.js';

/** A certificate that came with a look is handed out for so long without another call. */
const FRESH_MS = MINUTE_MS;
/** The account's list is asked for once by many certificates that look before buying. */
const LIST_AGE_MS = 2 * MINUTE_MS;

const ASKING: ReadonlySet<PaidOrFreeAction> = new Set(['order', 'renew', 'reissue', 'add-names', 'activate']);

/** Names of the operator's account for our products. */
const namesIn = (options: JsonObject): Readonly<Record<string, unknown>> =>
  typeof options.productNames === 'object' && options.productNames !== null
    ? (options.productNames as JsonObject)
    : {};

/** One account at Namecheap, or at a gateway that speaks like it. @throws CertError `config.invalid` */
export function createNamecheap(deps: ProviderDeps, offering: Offering): Provider {
  const { config, clock } = deps;
  const client = namecheapClient(deps);
  const productNames = namesIn(config.options);
  const typeOf = ({ id, vendorCode }: NamecheapProduct): string => {
    const own = productNames[id];
    return typeof own === 'string' ? own : vendorCode;
  };
  const quote = openCatalogue(client, clock, config, typeOf);
  let listed: { readonly atMs: number; readonly listing: Promise<Listing> } | undefined;
  const fresh = new Map<string, { readonly atMs: number; readonly certificate: CollectedCertificate }>();

  function listing(): Promise<Listing> {
    const nowMs = clock.monotonic();
    if (listed === undefined || nowMs - listed.atMs > LIST_AGE_MS) {
      listed = { atMs: nowMs, listing: readList(client) };
      listed.listing.catch(account.changed);
    }
    return listed.listing;
  }

  async function balance(): Promise<Money> {
    const { result } = await client.balances();
    const currency = fieldOf(result, 'Currency');
    const amount = plainDecimal(fieldOf(result, 'AvailableBalance') ?? '');
    if (amount !== undefined && currency !== undefined && /^[A-Z]{3}$/.test(currency)) {
      return money(amount, currency);
    }
    throw unexpected('users.getBalances', `no balance of ${config.id}`, 'none');
  }

  const account: Account = {
    client,
    slots: config.options.slots === 'exclusive' ? 'exclusive' : 'shared',
    deliveryEmail:
      typeof config.options.deliveryEmail === 'string' ? config.options.deliveryEmail : undefined,
    typeOf,
    changed: () => {
      listed = undefined;
    },
    listing,
    balance,
  };

  const looks: LookDeps = {
    client,
    boughtOn: async (id) => (await listing()).rows.find((row) => row.id === id)?.purchasedAt,
    values: new Map(),
  };

  async function look(orderId: string, recorded?: Recorded): Promise<Seen> {
    const seen = await lookAtOrder(looks, orderId, recorded);
    const { certificate } = seen;
    if (certificate) fresh.set(orderId, { atMs: clock.monotonic(), certificate });
    else fresh.delete(orderId);
    return seen;
  }

  async function collect(orderId: string, recorded?: Recorded): Promise<CollectedCertificate | undefined> {
    const kept = fresh.get(orderId);
    fresh.delete(orderId);
    if (kept !== undefined && clock.monotonic() - kept.atMs <= FRESH_MS) return kept.certificate;
    return (await lookAtOrder(looks, orderId, recorded)).certificate;
  }

  async function* list(filter: ListFilter): AsyncIterable<ListedOrder> {
    const wanted = filter.product === undefined ? undefined : findProduct(filter.product);
    if (filter.product !== undefined && wanted === undefined) return;
    const { rows, complete } = await listing();
    if (!complete) {
      account.changed();
      throw new CertError(
        'wire.unexpected',
        'the list of certificates changed while it was read; the next run reads it again',
      );
    }
    for (const row of rows) {
      if (knownStatus(row.status) === undefined && filter.names === undefined) {
        deps.log.warn({ provider: config.id, orderId: row.id, status: row.status }, 'state not documented');
        continue;
      }
      const product = productOfType(row.type);
      if (wanted !== undefined && product !== undefined && product !== wanted) continue;
      const { hostName } = row;
      if (filter.names !== undefined && (hostName === undefined || !filter.names.includes(hostName)))
        continue;
      const order = await listedOrder(row, filter);
      // A type nobody has listed may be the one asked for: it counts, so that nothing is bought twice.
      yield product === undefined && filter.product !== undefined
        ? { ...order, product: filter.product }
        : order;
    }
  }

  /** A line shows one name. All of several are told by the record itself, which is asked where names are compared. */
  async function listedOrder(row: ListRow, { names: wanted }: ListFilter): Promise<ListedOrder> {
    const { id, hostName, purchasedAt, years } = row;
    const product = productOfType(row.type);
    const status = knownStatus(row.status);
    const several = product === undefined || product.shape === 'multi';
    const one = hostName === undefined ? [] : [hostName];
    const ask = several && wanted !== undefined && status !== 'cancelled' && status !== 'replaced';
    const names = ask ? (await look(id)).snapshot.names : several ? [] : one;
    return {
      id,
      ids: [id],
      // Whatever its state is called, it is there: nothing is bought beside it.
      ...(status === undefined
        ? { state: 'pending', waitingFor: 'person', message: `its state is called "${row.status}"` }
        : standingOf(status)),
      product: productName(row.type),
      names,
      validation: [],
      ...(years === undefined ? {} : { term: `${years}y` }),
      ...(purchasedAt === undefined ? {} : { placedAt: purchasedAt, dates: { orderedAt: purchasedAt } }),
      ...(status === 'replaced' ? { superseded: true } : {}),
      ...(status === 'newrenewal' ? { continues: true } : {}),
    };
  }

  /** Bought and never activated. */
  async function freeSlots(): Promise<readonly OrderSnapshot[]> {
    account.changed();
    const { rows } = await listing();
    const isFree = ({ status }: ListRow) => {
      const word = knownStatus(status);
      return word !== undefined && isSlot(word);
    };
    return Promise.all(rows.filter(isFree).map((row) => listedOrder(row, {})));
  }

  async function check(): Promise<ConnectionReport> {
    const { environment } = config;
    try {
      return { ok: true, environment, findings: [], balance: await balance() };
    } catch (error) {
      return refusedLogin(environment, error);
    }
  }

  const activate = activateStep(account);
  return {
    config,
    ...offering,
    audit: (spec) => auditSpec(spec, config.id),
    freeNames: (_product, names) => companionNames(names),
    uniqueValues: (action, hex) => (ASKING.has(action) ? { uniqueValue: hex(10) } : {}),
    check,
    quote,
    place: [createStep(account), activate],
    renew: [renewStep(account), activate],
    activator: { operation: [activate], check: (request) => checkRequest(account, request) },
    getOrder: async (orderId, recorded): Promise<OrderSnapshot> => (await look(orderId, recorded)).snapshot,
    collect,
    reissuer: {
      operation: [reissueStep(account)],
      addNames: [buyNamesStep(account), reissueStep(account)],
      sideEffect: () => undefined,
    },
    revoker: { operation: [revokeStep(account)], reasons: REVOCATION_REASONS },
    validator: namecheapValidator(account),
    list,
    freeSlots,
    balance,
    serverTime: async () => client.http.serverTime() ?? (await client.balances()).dateMs,
    close: () => client.close(),
  };
}
