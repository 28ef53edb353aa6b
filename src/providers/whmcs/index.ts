import type { ProviderConfig } from '../../model/configuration.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import type { Capabilities, Deliverer, Offering, ProviderDefinition } from '../../ports/provider.js';
import { checkDelivery, deliveredCapabilities } from './delivery.js';
import { CALL_LIMIT_MS, CONCURRENCY } from './limits.js';
import { canReissue, DEFAULT_PATIENCE_MS, isDelivered, readOptions, type ShopOptions } from './options.js';
import { optionsSchema } from './schema.js';

/** What an account with all fields and functions mapped can do; what is not mapped is taken off in `describe`. */
const capabilities: Capabilities = {
  search: 'findable',
  callLimitMs: CALL_LIMIT_MS,
  separateActivation: false,
  reissue: 'free',
  reissueChangesId: false,
  revoke: true,
  revokesCurrentOnly: true,
  cancel: true,
  autoRenewFlag: false,
  balance: true,
  quote: true,
  list: true,
  push: false,
  resendMails: true,
  handedIn: true,
  patienceMs: DEFAULT_PATIENCE_MS,
  wildcard: true,
  termCounting: 'months',
  carriesRemainingDays: false,
  trust: 'public',
  terms: true,
  concurrency: CONCURRENCY,
  notes: {
    search:
      'By a custom field of the order form that holds our reference; without one mapped, a lost order is for a person to tell.',
    visibilityLagMs: 'Not documented; 24 hours are assumed.',
    caa: 'The authority is the business of the module; `caa` of a product says it, where it is known.',
    reissue:
      'By a function of the module and a field for the CSR, or by people, who are told to; for every product of the account.',
    revoke: 'Only where the module has a function for it that every product names.',
    revocationShown: 'Only where the state field of every product is mapped.',
    cancel: 'An order that is Pending is cancelled; later it is a request that people grant.',
    autoRenewFlag: 'WHMCS bills recurring services by itself; that invoice is the one certwright pays.',
    balance: 'Credit of the client; none where invoices are paid otherwise (payFromCredit: false).',
    resendMails: 'Only where the module has a function for it that every product names.',
    carriesRemainingDays: 'What an authority adds is the business of the module.',
    deliveredBy: 'Only with `upstream`: products with `completion: upstream` come through that account.',
    renewsItself: 'Only with `renewalOwner: whmcs`.',
    handedIn: 'Products with `completion: manual`, whose certificate the shop shows nobody but people.',
    push: 'WHMCS calls nobody that certwright could listen to; it polls.',
    wildcard: 'As the products of the shop are.',
    patienceMs:
      'A DV order; `patience` sets it. Look first whether credit is missing further up, then at the order in WHMCS.',
  },
};

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** @throws CertError `config.invalid` */
function describe(config: ProviderConfig, deliverer?: Deliverer): Offering {
  const { id, environment, url } = config;
  const host = url !== undefined && URL.canParse(url) ? new URL(url).hostname : undefined;
  if (host === undefined) {
    throw new CertError('config.invalid', `providers.${id}: a WHMCS shop needs its address as \`url\``, {
      remedy: 'Write the address of the shop with its folder, as https://billing.example.com.',
    });
  }
  if (environment === 'rehearsal' && !LOOPBACK.test(host)) {
    throw new CertError('config.invalid', `providers.${id}: a rehearsal needs a sandbox as \`url\``, {
      remedy:
        'Write the address of `certwright sandbox whmcs`, or environment: test for a test installation.',
    });
  }
  const options = readOptions(config);
  checkDelivery(config, options, deliverer);
  const [first] = options.products;
  return {
    capabilities: capabilitiesOf(options, deliverer),
    products: options.products,
    ...(first === undefined ? {} : { defaultProduct: first.id }),
  };
}

/** What hangs on fields and functions, an account has where every one of its products has it. */
function capabilitiesOf(options: ShopOptions, deliverer: Deliverer | undefined): Capabilities {
  const { products, payFromCredit, patienceMs, renewalOwner } = options;
  const every = (test: (product: ShopOptions['products'][number]) => boolean): boolean =>
    products.length > 0 && products.every(test);
  const { resendMails: _resend, handedIn: _handed, ...base } = capabilities;
  return {
    ...base,
    search: every(({ fields }) => fields.reference !== undefined) ? 'findable' : 'none',
    reissue: every(canReissue) ? 'free' : false,
    revoke: every(({ functions }) => functions.revoke !== undefined),
    ...(every(({ fields }) => fields.state !== undefined) ? {} : { revocationShown: false as const }),
    ...(every(({ functions }) => functions.resend !== undefined) ? { resendMails: true } : {}),
    ...(products.some(({ completion }) => completion === 'manual') ? { handedIn: true as const } : {}),
    patienceMs,
    ...(renewalOwner === 'whmcs' ? { renewsItself: true as const } : {}),
    balance: payFromCredit,
    wildcard: products.some(({ wildcard }) => wildcard),
    ...(options.upstream === undefined ? {} : { deliveredBy: options.upstream, reissueChangesId: true }),
    ...(deliverer && every(isDelivered) ? deliveredCapabilities(deliverer) : {}),
  };
}

const manifestOptionsSchema: JsonObject = { type: 'object', additionalProperties: false, properties: {} };

/** SSL products of a WHMCS shop through its external API, whatever module is behind them; RVssl by a profile. */
export const whmcs: ProviderDefinition = {
  type: 'whmcs',
  title: 'WHMCS',
  capabilities,
  credentialNames: { required: ['identifier', 'secret'], optional: ['accessKey'] },
  links: { docs: 'https://developers.whmcs.com/api/' },
  optionsSchema,
  manifestOptionsSchema,
  describe,
  deliveredBy: ({ options }) => (typeof options.upstream === 'string' ? options.upstream : undefined),
  async create(deps) {
    const { createWhmcs } = await import('./provider.js');
    const { upstream } = deps;
    return createWhmcs(
      deps,
      describe(deps.config, upstream && { config: upstream.config, offering: upstream }),
    );
  },
};
