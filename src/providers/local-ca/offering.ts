import type { ProviderConfig } from '../../model/configuration.js';
import type { Capabilities, Offering } from '../../ports/provider.js';
import { type Offer, offerOf } from './offer.js';

/** The most an account can do: terms, quote, balance and carried days need `prices` in its configuration. */
export const capabilities: Capabilities = {
  search: 'unique',
  visibilityLagMs: 0,
  callLimitMs: 60_000,
  separateActivation: false,
  reissue: 'free',
  reissueChangesId: false,
  revoke: true,
  cancel: true,
  autoRenewFlag: false,
  balance: true,
  quote: true,
  list: true,
  push: false,
  wildcard: true,
  termCounting: 'months',
  carriesRemainingDays: true,
  trust: 'private',
  terms: true,
  concurrency: 64,
  notes: {
    autoRenewFlag: 'Nothing is renewed behind your back: the CA acts only when certwright asks.',
    push: 'The CA has no server; a run looks when something can have changed.',
    revoke: 'Recorded in the books; the CA publishes neither CRL nor OCSP.',
    terms: 'Only with `prices` in the configuration; without them everything is free and has no paid term.',
    quote: 'Only with `prices` in the configuration; without them everything is free.',
    balance: 'Only with `prices` and `balance` in the configuration.',
  },
};

/** What an account configured like this sells. @throws CertError `config.invalid` */
export const describe = (config: ProviderConfig): Offering => offeringOf(offerOf(config));

/** What of the kind's capabilities this account's configuration leaves, and what it sells. */
export const offeringOf = ({ priced, credit, products, defaultProduct }: Offer): Offering => ({
  capabilities: {
    ...capabilities,
    terms: priced,
    quote: priced,
    balance: credit !== undefined,
    carriesRemainingDays: priced,
  },
  products,
  ...(defaultProduct !== undefined && { defaultProduct }),
});
