import type { ProviderConfig } from '../../model/configuration.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { INCORPORATION, optionText } from '../../model/option-schema.js';
import { DAY_MS } from '../../model/time.js';
import type { Capabilities, Offering, ProviderDefinition } from '../../ports/provider.js';
import { BUDGET, CALL_LIMIT_MS, CONCURRENCY } from './limits.js';
import { DEFAULT_PRODUCT, PRODUCTS } from './products.js';

const capabilities: Capabilities = {
  search: 'none',
  slots: 'shared',
  callLimitMs: CALL_LIMIT_MS,
  separateActivation: true,
  reissue: 'free',
  reissueChangesId: true,
  revoke: true,
  revokesSuperseded: true,
  revocationShown: false,
  cancel: false,
  autoRenewFlag: false,
  balance: true,
  quote: true,
  list: true,
  push: false,
  changeValidation: true,
  resendMails: true,
  wildcard: true,
  termCounting: 'months',
  carriesRemainingDays: true,
  renewalWindowMs: 90 * DAY_MS,
  renewalGraceMs: 180 * DAY_MS,
  trust: 'public',
  caa: { domains: ['ssl.com'], perhaps: ['sectigo.com', 'comodoca.com', 'comodo.com'] },
  terms: true,
  concurrency: CONCURRENCY,
  notes: {
    search:
      'A purchase carries no reference and no name: it is a slot until it is activated, and slots are told apart by who bought them alone.',
    slots:
      'shared: no slot is taken without its id; exclusive: nobody else buys in the account, so a new slot is ours.',
    visibilityLagMs: 'Not documented; 24 hours are assumed.',
    reissue: 'Free inside the paid term; names beyond those bought are bought first.',
    reissueChangesId: 'Every reissue has an id of its own; the old one is told as replaced by it.',
    revoke: 'Only what a reissue has superseded; a whole order is revoked by the support alone.',
    revocationShown: 'What a revoked certificate is called afterwards is not documented.',
    cancel: 'Orders are cancelled by the support alone.',
    autoRenewFlag: 'Certificates are not renewed by Namecheap itself.',
    carriesRemainingDays: 'A renewal that is activated before the old one ends keeps its days.',
    renewalWindowMs: 'From 90 days before the end until 180 days after it.',
    caa: 'Issued by SSL.com since July 2026; older subscriptions are Sectigo’s.',
    renewsItself: 'Only with `renewalOwner: whmcs`.',
    push: 'It calls nobody back; certwright polls.',
  },
};

/** Its own hosts: an order there is real, or at its own sandbox, whatever the configuration calls it. */
const REAL_HOSTS = /(^|\.)namecheap\.com$/;
const SANDBOX_HOST = 'api.sandbox.namecheap.com';

const invalid = (message: string, remedy: string): CertError =>
  new CertError('config.invalid', message, { remedy });

/** @throws CertError `config.invalid` */
function checkAddress({ id, environment, url, options }: ProviderConfig): void {
  const host = url !== undefined && URL.canParse(url) ? new URL(url).hostname : undefined;
  const isReal = host !== undefined && REAL_HOSTS.test(host);
  if (options.profile === 'wvphost' && (url === undefined || isReal)) {
    throw invalid(
      `providers.${id}: profile wvphost needs the address that your module uses as \`url\``,
      isReal
        ? 'A module that speaks to Namecheap itself is served without a profile.'
        : 'It stands in the settings or the log of the module; no address of Wvphost is published.',
    );
  }
  if (environment === 'rehearsal' && (host === undefined || isReal)) {
    throw invalid(
      `providers.${id}: a rehearsal needs a sandbox as \`url\``,
      'Write the address of `certwright sandbox namecheap`, or environment: test for the vendor’s own sandbox.',
    );
  }
  if (isReal && (environment === 'test') !== (host === SANDBOX_HOST)) {
    throw invalid(
      `providers.${id}: ${host} does not fit environment: ${environment}`,
      `environment: test goes with ${SANDBOX_HOST}, environment: live with api.namecheap.com; leave \`url\` out to have the right one.`,
    );
  }
}

/** Announced together is what can leave within a minute, beside the looks before it. */
const batchOf = (perMinute: number): number => Math.max(1, Math.floor(perMinute / 2));

/** @throws CertError `config.invalid` */
function describe(config: ProviderConfig): Offering {
  checkAddress(config);
  const { id, options } = config;
  const exclusive = options.slots === 'exclusive';
  if (options.useFreeSlots === true && !exclusive) {
    throw invalid(
      `providers.${id}: useFreeSlots needs \`slots: exclusive\``,
      'In a shared account a free slot may be somebody’s; take one over by `adopt: { order: "…" }` in a manifest.',
    );
  }
  const perMinute =
    typeof options.callsPerMinute === 'number' ? options.callsPerMinute : BUDGET.callsPerMinute;
  return {
    capabilities: {
      ...capabilities,
      batch: batchOf(perMinute),
      ...(exclusive ? { slots: 'exclusive' } : {}),
      ...(options.useFreeSlots === true ? { usesFreeSlots: true } : {}),
      ...(options.renewalOwner === 'whmcs' ? { renewsItself: true } : {}),
    },
    products: PRODUCTS,
    defaultProduct: DEFAULT_PRODUCT,
  };
}

const calls = (description: string, maximum: number): JsonObject => ({
  type: 'integer',
  minimum: 4,
  maximum,
  description,
});

const optionsSchema: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    profile: {
      enum: ['wvphost'],
      description: 'A reseller whose module speaks like Namecheap; `url` is the address it uses.',
    },
    renewalOwner: {
      enum: ['self', 'whmcs'],
      description:
        'Who renews: certwright (self, the default), by the provider’s own call; or a WHMCS shop, whose module buys what certwright activates.',
    },
    slots: {
      enum: ['shared', 'exclusive'],
      description: 'exclusive: nobody but this repository buys certificates in the account.',
    },
    useFreeSlots: {
      type: 'boolean',
      description: 'With slots: exclusive, slots that nobody has activated are used before any is bought.',
    },
    productNames: {
      type: 'object',
      additionalProperties: false,
      description: 'Names by which this account sells products, where they are not Namecheap’s present ones.',
      properties: Object.fromEntries(
        PRODUCTS.map(({ id, title }) => [id, optionText(`Instead of ${title}.`, 50)]),
      ),
    },
    deliveryEmail: {
      type: 'string',
      pattern: '^[^@\\s]+@[^@\\s]+$',
      maxLength: 255,
      description: 'Where Namecheap mails issued files; absent: the admin contact, where there is one.',
    },
    callsPerMinute: calls(`Most calls in a minute (${BUDGET.callsPerMinute}).`, 6000),
    callsPerHour: calls(`Most calls in an hour (${BUDGET.callsPerHour}).`, 360_000),
    callsPerDay: calls(`Most calls in a day (${BUDGET.callsPerDay}).`, 8_640_000),
  },
};

/** https://www.namecheap.com/support/api/methods/ssl/activate/ */
const SERVERS = [
  'apacheopenssl apachessl apacheraven apachessleay apache2 apacheapachessl tomcat cpanel ipswitch plesk weblogic website',
  'webstar nginx iis iis4 iis5 c2net ibmhttp iplanet domino dominogo4625 dominogo4626 netscape zeusv3 cobaltseries ensim',
  'hsphere other',
].flatMap((names) => names.split(' '));

const manifestOptionsSchema: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    webServerType: { enum: SERVERS, description: 'Server program; other (default) always works.' },
    ...INCORPORATION,
    joiDate: {
      type: 'string',
      pattern: '^\\d{4}-\\d{2}-\\d{2}$',
      description: 'EV: day of incorporation.',
    },
    companyDba: optionText('EV: name the company does business as.', 128),
  },
};

/** SSL API of Namecheap, XML: bought first, activated with a request later, a new id with every reissue. */
export const namecheap: ProviderDefinition = {
  type: 'namecheap',
  title: 'Namecheap',
  capabilities,
  credentialNames: { required: ['apiUser', 'apiKey', 'clientIp'], optional: ['userName'] },
  links: {
    signUp: 'https://www.namecheap.com/support/api/intro/',
    docs: 'https://www.namecheap.com/support/api/methods/ssl/',
  },
  optionsSchema,
  manifestOptionsSchema,
  describe,
  async create(deps) {
    const { createNamecheap } = await import('./provider.js');
    return createNamecheap(deps, describe(deps.config));
  },
};
