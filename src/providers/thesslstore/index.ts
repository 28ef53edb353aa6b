import type { ProviderConfig } from '../../model/configuration.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { INCORPORATION, optionText } from '../../model/option-schema.js';
import type { Capabilities, Offering, ProviderDefinition } from '../../ports/provider.js';
import { CALL_LIMIT_MS, CONCURRENCY } from './limits.js';
import { DEFAULT_PRODUCT, PRODUCTS } from './products.js';

const capabilities: Capabilities = {
  search: 'findable',
  absence: false,
  callLimitMs: CALL_LIMIT_MS,
  separateActivation: false,
  reissue: 'free',
  reissueChangesId: false,
  revoke: true,
  revocationShown: false,
  cancel: true,
  autoRenewFlag: false,
  balance: true,
  quote: true,
  list: true,
  push: false,
  changeValidation: true,
  resendMails: true,
  wildcard: true,
  termCounting: 'months',
  carriesRemainingDays: false,
  trust: 'public',
  terms: true,
  concurrency: CONCURRENCY,
  notes: {
    search: 'An order is found by our reference; whether a repeated one is refused is not documented.',
    absence:
      'What is answered for a reference nobody used is not documented: a lost purchase that does not show is for a person to tell.',
    visibilityLagMs: 'Not documented; data of an order may come some seconds late.',
    reissue: 'Free inside the paid term; names beyond those bought are not sold by it.',
    revocationShown: 'Whether the state of an order shows a revocation is not documented.',
    cancel: 'A request for a refund, within 30 days of activation, that people decide later.',
    carriesRemainingDays:
      'Days can be carried over for Sectigo products by a member whose limits are not documented.',
    autoRenewFlag: 'Orders are never renewed by the store itself, as far as is known.',
    push: 'What its callbacks deliver is not documented; certwright polls.',
  },
};

/** Its own hosts: an order there is real, or at its own sandbox, whatever the configuration calls it. */
const REAL_HOSTS = /(^|\.)thesslstore\.(com|eu)$/;
const SANDBOX_HOST = 'sandbox-wbapi.thesslstore.com';

/** @throws CertError `config.invalid` */
function describe({ id, environment, url }: ProviderConfig): Offering {
  const host = url !== undefined && URL.canParse(url) ? new URL(url).hostname : undefined;
  if (environment === 'rehearsal' && (host === undefined || REAL_HOSTS.test(host))) {
    throw new CertError('config.invalid', `providers.${id}: a rehearsal needs a sandbox as \`url\``, {
      remedy:
        'Write the address of `certwright sandbox thesslstore`, or environment: test for the vendor’s own sandbox.',
    });
  }
  if (host !== undefined && (environment === 'test') !== (host === SANDBOX_HOST) && REAL_HOSTS.test(host)) {
    throw new CertError(
      'config.invalid',
      `providers.${id}: ${host} does not fit environment: ${environment}`,
      {
        remedy: `environment: test goes with ${SANDBOX_HOST}, environment: live with the other hosts; leave \`url\` out to have the right one.`,
      },
    );
  }
  return { capabilities, products: PRODUCTS, defaultProduct: DEFAULT_PRODUCT };
}

const optionsSchema: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    csrEncoding: {
      enum: ['url', 'pem'],
      description:
        'How the CSR is written: percent-encoded (default), or plain PEM where the account refuses that.',
    },
    callsPerMinute: {
      type: 'integer',
      minimum: 1,
      maximum: 6000,
      description: 'Most calls in a minute (300); the vendor names no limit.',
    },
  },
};

const manifestOptionsSchema: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    webServerType: optionText('Code of the server program; Other (default) always works.', 64),
    organizationId: {
      type: 'integer',
      minimum: 1,
      description: 'DigiCert: an organisation that is vetted already, instead of contacts.',
    },
    fileScheme: {
      enum: ['http', 'https'],
      description: 'How the file of an http validation is fetched (https: Sectigo products).',
    },
    ...INCORPORATION,
  },
};

/** Reseller API of The SSL Store, JSON over POST: subscriptions with an end date and a paid-till date. */
export const theSslStore: ProviderDefinition = {
  type: 'thesslstore',
  title: 'The SSL Store',
  capabilities,
  credentialNames: { required: ['partnerCode', 'authToken'], optional: [] },
  links: { signUp: 'https://www.thesslstore.com/reseller/', docs: 'https://www.thesslstore.com/api/' },
  optionsSchema,
  manifestOptionsSchema,
  describe,
  async create(deps) {
    const { createTheSslStore } = await import('./provider.js');
    return createTheSslStore(deps, describe(deps.config));
  },
};
