import type { ProviderConfig } from '../../model/configuration.js';
import { CertError } from '../../model/errors.js';
import type { Json, JsonObject } from '../../model/json.js';

interface KnownCa {
  readonly live: string;
  readonly test?: string;
}

/**
 * Directories as the CAs document them: letsencrypt.org/docs/acme-protocol-updates and /docs/staging-environment,
 * zerossl.com/documentation/acme, pki.goog (Public CA).
 */
const KNOWN: Readonly<Record<string, KnownCa>> = {
  letsencrypt: {
    live: 'https://acme-v02.api.letsencrypt.org/directory',
    test: 'https://acme-staging-v02.api.letsencrypt.org/directory',
  },
  zerossl: { live: 'https://acme.zerossl.com/v2/DV90' },
  google: {
    live: 'https://dv.acme-v02.api.pki.goog/directory',
    test: 'https://dv.acme-v02.test-api.pki.goog/directory',
  },
};

const KNOWN_HOSTS: ReadonlySet<string> = new Set(
  Object.values(KNOWN).flatMap(({ live, test }) =>
    [live, test].flatMap((url) => (url === undefined ? [] : [new URL(url).hostname])),
  ),
);

/** What the configuration says of one account. */
export interface AcmeOptions {
  readonly directoryUrl: string;
  /** E-mail addresses, without `mailto:`. */
  readonly contacts: readonly string[];
  readonly termsAgreed: boolean;
  /** Common name of an issuer in the chain that is preferred. */
  readonly preferredChain?: string;
  readonly profile?: string;
  readonly maxNames: number;
}

const DEFAULT_MAX_NAMES = 100;

const isText = (value: Json | undefined): value is string => typeof value === 'string';

/** @throws CertError `config.invalid` where no directory follows from it */
export function optionsOf(config: ProviderConfig): AcmeOptions {
  const { contacts, termsAgreed, preferredChain, profile, maxNames } = config.options;
  return {
    directoryUrl: directoryOf(config),
    contacts: Array.isArray(contacts) ? contacts.filter(isText) : [],
    termsAgreed: termsAgreed === true,
    ...(isText(preferredChain) ? { preferredChain } : {}),
    ...(isText(profile) ? { profile } : {}),
    maxNames: typeof maxNames === 'number' ? maxNames : DEFAULT_MAX_NAMES,
  };
}

function directoryOf({ id, environment, url, options: { ca } }: ProviderConfig): string {
  const wrong = (why: string, remedy: string) =>
    new CertError('config.invalid', `providers.${id}: ${why}`, { remedy });
  if (url !== undefined && ca !== undefined)
    throw wrong('`ca` and `url` say two things', 'Write one of them.');
  if (url !== undefined) {
    const host = URL.parse(url)?.hostname ?? '';
    if (environment === 'rehearsal' && KNOWN_HOSTS.has(host)) {
      throw wrong(
        `${host} is a real CA, which no rehearsal may use`,
        'Write the address of a sandbox, or environment: test with the directory of its staging environment.',
      );
    }
    return url;
  }
  const names = Object.keys(KNOWN).join(', ');
  const known = isText(ca) && Object.hasOwn(KNOWN, ca) ? KNOWN[ca] : undefined;
  if (known === undefined) {
    throw wrong('no CA is named', `Write its ACME directory as \`url\`, or \`ca\` with one of: ${names}.`);
  }
  if (environment === 'rehearsal') {
    throw wrong('a rehearsal needs a sandbox as `url`', 'Write environment: test for the staging of a CA.');
  }
  const found = environment === 'live' ? known.live : known.test;
  if (found !== undefined) return found;
  throw wrong(`${String(ca)} documents no test environment`, 'Use environment: live, or another CA.');
}

export const optionsSchema: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ca: {
      enum: Object.keys(KNOWN),
      description: 'A CA whose directory is known here; environment: test takes its staging.',
    },
    termsAgreed: {
      type: 'boolean',
      description: 'You agree to the terms of service that the directory of the CA names.',
    },
    contacts: {
      type: 'array',
      maxItems: 10,
      items: { type: 'string', pattern: '^[^@\\s,?]+@[^@\\s,?]+$', maxLength: 254 },
      description: 'E-mail addresses of the account, for those CAs that write to them.',
    },
    preferredChain: {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      description: 'Of several chains, the one with an issuer of this common name.',
    },
    profile: {
      type: 'string',
      minLength: 1,
      maxLength: 100,
      description: 'Profile of every order, where the CA offers profiles.',
    },
    maxNames: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      description: 'Most names the CA takes in one certificate (100).',
    },
  },
};

export const manifestOptionsSchema: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    profile: {
      type: 'string',
      minLength: 1,
      maxLength: 100,
      description: 'Profile of the certificate, where the CA offers profiles.',
    },
  },
};
