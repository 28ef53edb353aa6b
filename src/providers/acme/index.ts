import type { ProviderConfig } from '../../model/configuration.js';
import type { Capabilities, Offering, ProviderDefinition } from '../../ports/provider.js';
import { CALL_LIMIT_MS, CONCURRENCY } from './limits.js';
import { manifestOptionsSchema, optionsOf, optionsSchema } from './options.js';
import { PRODUCT, productsOf } from './products.js';

const capabilities: Capabilities = {
  search: 'none',
  visibilityLagMs: 0,
  callLimitMs: CALL_LIMIT_MS,
  separateActivation: false,
  reissue: 'free',
  reissueChangesId: true,
  revoke: true,
  cancel: false,
  autoRenewFlag: false,
  balance: false,
  quote: false,
  list: false,
  push: false,
  changeValidation: true,
  wildcard: true,
  termCounting: 'days',
  carriesRemainingDays: false,
  trust: 'public',
  terms: false,
  concurrency: CONCURRENCY,
  notes: {
    search:
      'An ACME order carries no reference. It costs nothing either, so one whose reply was lost is placed again.',
    terms: 'An account has no paid term; every next certificate is a free reissue.',
    reissueChangesId: 'Every certificate is an ACME order of its own.',
    cancel: 'An order that is not finished expires by itself.',
    autoRenewFlag: 'A CA issues only what it is asked for.',
    balance: 'ACME knows no money.',
    quote: 'ACME knows no price. What a CA charges for the account is agreed with it elsewhere.',
    list: 'The list of orders in RFC 8555 is not served by large CAs.',
    push: 'ACME has none; certwright looks.',
    caa: 'The directory of the CA tells it (`caaIdentities`), and the account its URL for `accounturi`.',
  },
};

/** @throws CertError `config.invalid` */
const describe = (config: ProviderConfig): Offering => ({
  capabilities,
  products: productsOf(optionsOf(config)),
  defaultProduct: PRODUCT,
});

/** Any CA that speaks ACME (RFC 8555). */
export const acme: ProviderDefinition = {
  type: 'acme',
  title: 'ACME (RFC 8555)',
  capabilities,
  credentialNames: { required: [], optional: ['accountKey', 'eabKeyId', 'eabHmacKey'] },
  links: { docs: 'https://www.rfc-editor.org/rfc/rfc8555' },
  optionsSchema,
  manifestOptionsSchema,
  describe,
  async create(deps) {
    const { createAcme } = await import('./provider.js');
    return createAcme(deps, describe(deps.config));
  },
};
