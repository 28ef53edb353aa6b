import type { Capabilities, ProductInfo, Violation } from '../../../src/model/capabilities.js';
import type { ProviderConfig } from '../../../src/model/configuration.js';
import { CertError } from '../../../src/model/errors.js';
import type { CertificateSpec } from '../../../src/model/manifest.js';
import { money } from '../../../src/model/money.js';
import { isWildcard } from '../../../src/model/names.js';
import { formatTerm, type Term } from '../../../src/model/term.js';
import { DAY_MS } from '../../../src/model/time.js';
import type {
  ListFilter,
  Offering,
  Provider,
  ProviderDefinition,
  ProviderDeps,
  Quote,
  QuoteSubject,
} from '../../../src/ports/provider.js';
import {
  CALL_LIMIT_MS,
  httpLine,
  type OpenLine,
  type PaidTestClient,
  paidTestClient,
} from './adapter-client.js';
import { readAll } from './adapter-look-up.js';
import { toSnapshot } from './adapter-map.js';
import { paidTestOperations } from './adapter-steps.js';

const term = (unit: Term['unit'], count: number): Term => ({ unit, count });

const DEFAULT_PRODUCT = 'paid-multi';

const PRODUCTS: readonly ProductInfo[] = [
  {
    id: 'paid-multi',
    vendorCode: 'paid-multi',
    title: 'Paid multi-domain',
    validation: 'dv',
    wildcard: false,
    maxNames: 5,
    terms: [term('day', 90), term('year', 1), term('year', 2)],
  },
  {
    id: 'paid-wildcard',
    vendorCode: 'paid-wildcard',
    title: 'Paid wildcard',
    validation: 'dv',
    wildcard: true,
    maxNames: 2,
    terms: [term('year', 1), term('year', 2)],
  },
];

/** The base personality: slots are anonymous, nothing can be searched. */
const BASE: Capabilities = {
  search: 'none',
  visibilityLagMs: 0,
  callLimitMs: CALL_LIMIT_MS,
  separateActivation: true,
  reissue: 'free',
  reissueChangesId: false,
  revoke: true,
  cancel: true,
  autoRenewFlag: 'read-write',
  balance: true,
  quote: true,
  list: true,
  push: true,
  changeValidation: true,
  resendMails: true,
  wildcard: true,
  termCounting: 'months',
  carriesRemainingDays: false,
  renewalWindowMs: 90 * DAY_MS,
  trust: 'private',
  terms: true,
  concurrency: 4,
  notes: {
    search: 'Slots are bought without a reference and listed only by those who know their ids.',
  },
};

function capabilitiesOf(config: ProviderConfig): Capabilities {
  const { search, visibilityLagMs, reissueChangesId, carriesRemainingDays, cancel, pollEveryMs } =
    config.options;
  return {
    ...BASE,
    ...(search === 'unique' || search === 'findable' ? { search } : {}),
    ...(typeof visibilityLagMs === 'number' ? { visibilityLagMs } : {}),
    ...(typeof pollEveryMs === 'number' ? { pollEveryMs } : {}),
    ...(typeof reissueChangesId === 'boolean' ? { reissueChangesId } : {}),
    ...(typeof carriesRemainingDays === 'boolean' ? { carriesRemainingDays } : {}),
    ...(cancel === false
      ? { cancel, notes: { ...BASE.notes, cancel: 'Orders are cancelled by the support.' } }
      : {}),
  };
}

function audit(spec: CertificateSpec): readonly Violation[] {
  const product = PRODUCTS.find(({ id }) => id === (spec.product ?? DEFAULT_PRODUCT));
  if (product === undefined) {
    return [{ code: 'product', message: `${spec.product} is not sold here`, field: 'product' }];
  }
  const found: Violation[] = [];
  const wanted = spec.term === undefined ? undefined : formatTerm(spec.term);
  if (wanted === undefined || !product.terms.some((sold) => formatTerm(sold) === wanted)) {
    found.push({
      code: 'term',
      message: `${product.id} is not sold for ${wanted ?? 'no term'}`,
      field: 'term',
    });
  }
  if (spec.names.length > product.maxNames) {
    found.push({
      code: 'names',
      message: `${product.id} has at most ${product.maxNames} names`,
      field: 'domains',
    });
  }
  if (!product.wildcard && spec.names.some(isWildcard)) {
    found.push({ code: 'wildcard', message: `${product.id} has no wildcards`, field: 'domains' });
  }
  return found;
}

async function quote(
  client: PaidTestClient,
  { action, product, term: wanted }: QuoteSubject,
): Promise<Quote> {
  if (action === 'reissue') {
    const { currency } = (await client.account()).value;
    return { price: { kind: 'known', amount: money('0', currency), source: 'reissues are free' } };
  }
  if (action === 'add-names' || wanted === undefined) {
    return { price: { kind: 'unknown', why: 'the seller has no price for this' } };
  }
  try {
    const { price, currency } = (await client.price(product, formatTerm(wanted))).value;
    return { price: { kind: 'known', amount: money(price, currency), source: 'price call' } };
  } catch (error) {
    if (!(error instanceof CertError) || error.code !== 'provider.refused') throw error;
    return { price: { kind: 'unknown', why: error.message } };
  }
}

async function* list(client: PaidTestClient, filter: ListFilter) {
  for (const order of (await readAll(client)).orders.map((order) => toSnapshot(order))) {
    const named = filter.names === undefined || filter.names.some((name) => order.names.includes(name));
    if (named && (filter.product === undefined || filter.product === order.product)) yield order;
  }
}

/** What an account configured like this sells. */
const offering = (config: ProviderConfig): Offering => ({
  capabilities: capabilitiesOf(config),
  products: PRODUCTS,
  defaultProduct: DEFAULT_PRODUCT,
});

function createPaidTest(deps: ProviderDeps, open: OpenLine): Provider {
  const client = paidTestClient(deps, open);
  const { search, cancel } = capabilitiesOf(deps.config);
  const operations = paidTestOperations(client, search);
  const balance = async () => {
    const { value } = await client.account();
    return money(value.balance, value.currency);
  };
  return {
    config: deps.config,
    ...offering(deps.config),
    audit,
    freeNames: () => [],
    uniqueValues: () => ({}),
    check: async () => {
      try {
        return { ok: true, environment: deps.config.environment, findings: [], balance: await balance() };
      } catch (error) {
        if (!(error instanceof CertError)) throw error;
        return { ok: false, environment: deps.config.environment, findings: [error.message] };
      }
    },
    quote: (subject) => quote(client, subject),
    place: operations.place,
    renew: operations.place,
    getOrder: async (orderId, recorded) => toSnapshot((await client.order(orderId)).value, recorded),
    collect: async (orderId) => {
      // A 404 has two meanings here; the order itself tells them apart.
      const { serial } = (await client.order(orderId)).value;
      if (serial === null) return undefined;
      const { certificate, chain } = (await client.certificate(orderId)).value;
      return { certificatePem: certificate, chainPem: chain };
    },
    ...(search === 'none'
      ? {}
      : {
          findByReference: async (reference: string) =>
            (await readAll(client, reference)).orders.map((order) => toSnapshot(order)),
        }),
    reissuer: { operation: operations.reissue, sideEffect: () => undefined },
    revoker: { operation: operations.revoke, reasons: ['unspecified', 'keyCompromise', 'superseded'] },
    ...(cancel ? { canceller: { operation: operations.cancel } } : {}),
    autoRenew: { operation: operations.autoRenew },
    validator: {
      recheck: (orderId) => client.recheck(orderId),
      change: (orderId, items) => client.changeValidation(orderId, items),
      resend: (orderId, items) =>
        client.resendMails(
          orderId,
          items.map(({ name }) => name),
        ),
    },
    list: (filter) => list(client, filter),
    balance,
    trustAnchors: async () => [(await client.root()).value.root],
    serverTime: async () => client.http.serverTime() ?? (await client.account()).atMs,
    close: () => client.http.close(),
  };
}

/** Compiled once, however many sellers there are. */
const OPTIONS = {
  type: 'object',
  additionalProperties: false,
  properties: {
    search: { enum: ['unique', 'findable', 'none'] },
    visibilityLagMs: { type: 'integer', minimum: 0 },
    pollEveryMs: { type: 'integer', minimum: 0 },
    reissueChangesId: { type: 'boolean' },
    carriesRemainingDays: { type: 'boolean' },
    cancel: { type: 'boolean' },
  },
};
const NO_OPTIONS = { type: 'object', additionalProperties: false, properties: {} };

/** Bought and activated in two calls, asynchronous, not searchable unless its options say so; over any line. */
export const paidTestOver = (open: OpenLine): ProviderDefinition => ({
  type: 'paid-test',
  title: 'Paid provider of the tests',
  capabilities: BASE,
  credentialNames: { required: ['token'], optional: [] },
  optionsSchema: OPTIONS,
  manifestOptionsSchema: NO_OPTIONS,
  describe: offering,
  notifiedOrder: (fields) => fields.get('order') ?? undefined,
  create: async (deps) => createPaidTest(deps, open),
});

/** The second member of the port, for tests: paid, and over real HTTP. */
export const paidTest: ProviderDefinition = paidTestOver(httpLine);
