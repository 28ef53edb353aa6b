import { refusedLogin } from '../../http/refused-login.js';
import { CertError } from '../../model/errors.js';
import { companionNames, type DnsName } from '../../model/names.js';
import type { CollectedCertificate, OrderSnapshot } from '../../model/order.js';
import { currencyOf } from '../../model/price.js';
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
import { auditSpec } from './audit.js';
import { readBalance } from './balance.js';
import { sectigoClient } from './client.js';
import type { Collected } from './collect.js';
import { suffixOf } from './dcv.js';
import { cancelStep, REVOCATION_REASONS, reissueStep, revokeStep } from './free-steps.js';
import { licenceOrder, sectigoLicences } from './licences.js';
import { certificateIds, type RowFacts, rowFacts } from './map.js';
import { listedOrder, lookAtOrder, namesOf, reportedOrder } from './orders.js';
import { findProduct } from './products.js';
import { purchaseStep } from './purchase.js';
import { quoteFor } from './quote.js';
import { ordersUnder, readReport } from './report.js';
import { sectigoValidator } from './validator.js';
import type { ReportRow } from './wire.js';

/** A certificate that came with a look is handed out for so long without another call: polls are counted. */
const FRESH_MS = MINUTE_MS;
/** The account's list is asked for once by many certificates that look before buying. */
const LIST_AGE_MS = 2 * MINUTE_MS;

/** One account at Sectigo. @throws CertError `config.invalid` */
export function createSectigo(deps: ProviderDeps, offering: Offering): Provider {
  const { config, clock, log } = deps;
  const client = sectigoClient(deps);
  const currency = currencyOf(config);
  let listed: { readonly atMs: number; readonly rows: Promise<readonly ReportRow[]> } | undefined;
  const account = {
    client,
    currency,
    testMode: config.environment === 'test',
    changed: () => {
      listed = undefined;
    },
  };
  const looks = { client, dcvSuffix: suffixOf(config.options), nowMs: () => clock.now() };
  const names = new Map<string, Promise<readonly DnsName[]>>();
  const fresh = new Map<string, { readonly atMs: number; readonly collected: Collected }>();

  async function getOrder(orderId: string, recorded?: Recorded): Promise<OrderSnapshot> {
    const { snapshot, collected } = await lookAtOrder(looks, orderId, recorded);
    if (snapshot.state === 'issued' && snapshot.reissuePending !== true) {
      fresh.set(orderId, { atMs: clock.monotonic(), collected });
    } else fresh.delete(orderId);
    return snapshot;
  }

  async function collect(orderId: string, recorded?: Recorded): Promise<CollectedCertificate | undefined> {
    const kept = fresh.get(orderId);
    fresh.delete(orderId);
    if (kept !== undefined && clock.monotonic() - kept.atMs <= FRESH_MS) return certificateIn(kept.collected);
    const { collected, snapshot } = await lookAtOrder(looks, orderId, recorded);
    return snapshot.reissuePending === true ? undefined : certificateIn(collected);
  }

  function allRows(): Promise<readonly ReportRow[]> {
    const nowMs = clock.monotonic();
    if (listed === undefined || nowMs - listed.atMs > LIST_AGE_MS) {
      listed = { atMs: nowMs, rows: readAll() };
      listed.rows.catch(account.changed);
    }
    return listed.rows;
  }

  async function readAll(): Promise<readonly ReportRow[]> {
    const { rows, complete } = await readReport(client, {});
    if (complete) return rows;
    throw new CertError(
      'wire.unexpected',
      'the list of orders changed while it was read; the next run reads it again',
    );
  }

  /** Told by a call for each order where the report does not: asked once, since only a reissue changes them. */
  function knownNames({ orderNumber }: ReportRow, facts: RowFacts): Promise<readonly DnsName[]> {
    if (facts.names !== undefined) return Promise.resolve(facts.names);
    const known = names.get(orderNumber) ?? namesOf(client, orderNumber, facts);
    names.set(orderNumber, known);
    known.catch(() => names.delete(orderNumber));
    return known;
  }

  /**
   * As a certificate, unless the report calls it a licence, or no call for certificates knows it.
   * @param isPurchase  for names that are to be bought: of one whose state nobody documents, nothing is told
   */
  async function orderOf(row: ReportRow, facts: RowFacts, isPurchase: boolean): Promise<ListedOrder> {
    if (facts.licence !== undefined) return licenceOrder(row, facts.licence.id);
    try {
      return await listedOrder(client, row, await knownNames(row, facts), clock.now());
    } catch (error) {
      if (!(error instanceof CertError)) throw error;
      const isAnyLicence = error.code === 'provider.refused' && certificateIds(row).length === 0;
      if (isAnyLicence) return licenceOrder(row, 'unknown');
      if (isPurchase || error.code !== 'wire.unexpected') throw error;
      log.warn(
        { provider: config.id, orderId: row.orderNumber, error: error.message },
        'state not documented',
      );
      return { ...reportedOrder(row, facts), state: 'issued', stateTold: false };
    }
  }

  async function* list(filter: ListFilter): AsyncIterable<ListedOrder> {
    const wanted = filter.product === undefined ? undefined : findProduct(filter.product);
    if (filter.product !== undefined && wanted === undefined) return;
    for (const row of await allRows()) {
      const facts = rowFacts(row);
      if (wanted !== undefined && facts.product !== undefined && facts.product !== wanted) continue;
      const may = (names: readonly string[]): boolean =>
        filter.names === undefined || filter.names.some((name) => names.includes(name));
      // Names the report tells are names of the order: where none of them is asked for, it is not for the names asked for.
      if (facts.domains.length > 0 && !may(facts.domains)) continue;
      if (facts.licence !== undefined && wanted !== undefined) continue;
      const order = await orderOf(row, facts, filter.names !== undefined);
      if (!may(order.names)) continue;
      // An order whose product the report does not tell may be of the one asked for: it counts, so that nothing is bought twice.
      const product = facts.product?.id ?? filter.product ?? order.product;
      yield {
        ...order,
        product,
        ...(order.placedAt === undefined ? {} : { dates: { orderedAt: order.placedAt } }),
      };
    }
  }

  async function balance() {
    const { balance: known, keys } = await readBalance(client);
    if (known) return known;
    throw new CertError('provider.unsupported', `the balance of ${config.id} cannot be read for certain`, {
      remedy: `Its reply names the values ${keys.join(', ') || 'not at all'}; report it, and leave minimumBalance out meanwhile.`,
    });
  }

  async function check(): Promise<ConnectionReport> {
    const { environment } = config;
    try {
      const { balance: known, keys } = await readBalance(client);
      const findings = known
        ? []
        : [`The login works; the balance cannot be told from its values ${keys.join(', ')}.`];
      return { ok: true, environment, findings, ...(known ? { balance: known } : {}) };
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
        ? { uniqueValue: hex(10) }
        : {},
    check,
    quote: async (subject) => quoteFor(config, currency, subject),
    place: [purchaseStep(account, 'place')],
    renew: [purchaseStep(account, 'renew')],
    getOrder,
    collect,
    findByReference: async (reference) => {
      const { rows } = await ordersUnder(client, reference);
      return Promise.all(
        rows.map(async (row) => {
          const names = await namesOf(client, row.orderNumber, rowFacts(row));
          return { ...(await listedOrder(client, row, names, clock.now())), reference };
        }),
      );
    },
    reissuer: {
      operation: [reissueStep(account)],
      sideEffect: () => undefined,
    },
    revoker: { operation: [revokeStep(account)], reasons: REVOCATION_REASONS },
    canceller: { operation: [cancelStep(account)] },
    ...(offering.licences === undefined ? {} : { licenser: sectigoLicences(account) }),
    validator: sectigoValidator(client),
    list,
    balance,
    serverTime: async () => client.http.serverTime() ?? (await client.accountBalance()).dateMs,
    close: () => client.http.close(),
  };
}

const certificateIn = (collected: Collected): CollectedCertificate | undefined =>
  collected.kind === 'issued' ? collected.certificate : undefined;
