import type { Capabilities, ProviderDefinition } from '../../ports/provider.js';
import { optionsSchema } from './offer.js';
import { createLocalCa, describeLocalCa } from './provider.js';

/** The most an account can do: terms, quote, balance and carried days need `prices` in its configuration. */
const capabilities: Capabilities = {
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

/** A private CA whose books live in the repository: the embedded default, for demos, tests and internal names. */
export const localCa: ProviderDefinition = {
  type: 'local-ca',
  title: 'Embedded private CA',
  capabilities,
  credentialNames: { required: [], optional: [] },
  optionsSchema,
  manifestOptionsSchema: { type: 'object', additionalProperties: false, properties: {} },
  describe: (config) => describeLocalCa(config, capabilities),
  create: (deps) => createLocalCa(deps, capabilities),
};
