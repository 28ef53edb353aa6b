import type { ProviderConfig } from '../../model/configuration.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { INCORPORATION } from '../../model/option-schema.js';
import { HOUR_MS } from '../../model/time.js';
import type { Capabilities, Offering, ProviderDefinition } from '../../ports/provider.js';
import { bundleViolations } from './bundle.js';
import { LICENCE_OFFER } from './licence-products.js';
import { CALL_LIMIT_MS, CONCURRENCY } from './limits.js';
import { notifiedOrder } from './notification.js';
import { DEFAULT_PRODUCT, PRODUCTS } from './products.js';

const capabilities: Capabilities = {
  search: 'findable',
  callLimitMs: CALL_LIMIT_MS,
  separateActivation: false,
  reissue: 'free',
  reissueChangesId: true,
  revoke: true,
  cancel: true,
  autoRenewFlag: false,
  balance: true,
  quote: false,
  list: true,
  push: true,
  licences: true,
  changeValidation: true,
  resendMails: true,
  pollEveryMs: 3 * HOUR_MS,
  wildcard: true,
  termCounting: 'days',
  carriesRemainingDays: false,
  trust: 'public',
  caa: {
    domains: ['sectigo.com'],
    perhaps: ['comodo.com', 'comodoca.com', 'usertrust.com', 'trust-provider.com'],
  },
  terms: true,
  concurrency: CONCURRENCY,
  notes: {
    search:
      'A repeated reference is asked to be refused, which clients report and Sectigo does not document: an order is looked for and found, and its absence needs every proof.',
    visibilityLagMs: 'Not documented; 24 hours are assumed.',
    reissue: 'No charge is known; the replaced certificate stays valid until it ends or is revoked.',
    reissueChangesId: 'A replacement may have an order number of its own.',
    carriesRemainingDays: 'Extra days on a renewal exist by arrangement only.',
    autoRenewFlag: 'Certificates are never renewed by Sectigo itself.',
    cancel:
      'Rejects what is not issued, refunds the rest; several domains and issued: by a support ticket alone.',
    quote: 'There is no call for prices; write them as `prices` in the configuration.',
    balance: 'The names of its values are not documented; what cannot be read for certain is said so.',
    caa: 'Sectigo asks for this one; others stand on its lists of some years and resellers, and are not counted on.',
    licences:
      'SiteLock, without a reference of ours: a lost order is found where the report says what it is, and never concluded to be absent.',
    push: 'Set up by the account manager, not by API, and taken by the daemon; without it certwright polls.',
  },
};

/** Its own hosts: an order there is real, whatever the configuration calls it. */
const REAL_HOSTS = /(^|\.)(trust-provider\.com|sectigo\.com|comodo\.(net|com))$/;

/** @throws CertError `config.invalid` */
function describe({ id, environment, url }: ProviderConfig): Offering {
  const host = url !== undefined && URL.canParse(url) ? new URL(url).hostname : '';
  if (environment === 'rehearsal' && (url === undefined || REAL_HOSTS.test(host))) {
    throw new CertError('config.invalid', `providers.${id}: a rehearsal needs a sandbox as \`url\``, {
      remedy: 'Write the address of a sandbox, or environment: test for test orders at Sectigo.',
    });
  }
  // The pace of polls is Sectigo's wish for its own server; whoever rehearses need not wait for three hours.
  const { pollEveryMs: _pace, ...unpaced } = capabilities;
  const certificates = { products: PRODUCTS, defaultProduct: DEFAULT_PRODUCT };
  if (environment === 'test') {
    // Orders for SiteLock know no test: they would be real.
    const { licences: _sites, ...untested } = capabilities;
    return { capabilities: untested, ...certificates };
  }
  const paced = environment === 'rehearsal' ? unpaced : capabilities;
  return { capabilities: paced, ...certificates, licences: LICENCE_OFFER };
}

const optionsSchema: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    callsPerMinute: {
      type: 'integer',
      minimum: 1,
      maximum: 6000,
      description: 'Most calls in a minute (300); Sectigo names no limit.',
    },
    dcvSuffix: {
      type: 'string',
      pattern: '^[a-z0-9-]+(\\.[a-z0-9-]+)+$',
      description: 'End of DCV records: sectigo.com, or comodoca.com where an older account wants it.',
    },
  },
};

const manifestOptionsSchema: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    serverSoftware: {
      type: 'integer',
      minimum: -1,
      maximum: 36,
      description: 'Old number of a server program; -1 (other) is always taken and nothing depends on it.',
    },
    isCustomerValidated: {
      type: 'boolean',
      description: 'The papers were vetted by the account already; only by arrangement with Sectigo.',
    },
    prioritiseCSRValues: {
      enum: ['Y', 'N', 'P', 'C'],
      description:
        'Y: the CSR wins over contacts (default); N: contacts win; P: contacts only; C: the CSR only.',
    },
    fileScheme: {
      enum: ['http', 'https'],
      description: 'How the file of an http validation is fetched.',
    },
    sitelockBundle: {
      type: 'boolean',
      description:
        'Take the free SiteLock bundle with the certificate; it goes to the e-mail of the contacts.',
    },
    ...INCORPORATION,
  },
};

/** Sectigo's reseller API for SSL certificates, by form POST. */
export const sectigo: ProviderDefinition = {
  type: 'sectigo',
  title: 'Sectigo reseller API',
  capabilities,
  credentialNames: { required: ['loginName', 'loginPassword'], optional: [] },
  links: {
    signUp: 'https://docs.sectigo.com/sitelock/sitelock-partner-integrations/sectigo-reseller-area.html',
    docs: 'https://docs.sectigo.com/sps/auto-apply-order/ssl-certificates',
  },
  optionsSchema,
  manifestOptionsSchema,
  offline: (spec, provider, contacts) => bundleViolations(spec, provider, contacts),
  describe,
  notifiedOrder,
  async create(deps) {
    const { createSectigo } = await import('./provider.js');
    return createSectigo(deps, describe(deps.config));
  },
};
