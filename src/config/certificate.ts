import type { JsonObject } from '../model/json.js';
import type {
  AdoptWish,
  CertificateSpec,
  KeyAlgorithm,
  KeySpec,
  PublishedFormat,
  ValidationMethod,
  ValidationSpec,
  ValidationWish,
} from '../model/manifest.js';
import { parseMoney } from '../model/money.js';
import { type DnsName, nameSet, parseName } from '../model/names.js';
import { parseDuration, parseTerm } from '../model/term.js';
import { specDigest } from './digest.js';
import type { Report } from './findings.js';
import { at, flagAt, isObject, listAt, objectAt, optional, textAt, textsAt } from './json.js';
import type { Resolved } from './layers.js';
import type { Path } from './positions.js';

const ALGORITHMS: readonly KeyAlgorithm[] = ['rsa-2048', 'rsa-3072', 'rsa-4096', 'ecdsa-p256', 'ecdsa-p384'];
const METHODS: readonly ValidationMethod[] = ['dns', 'http', 'email', 'manual'];
const FORMATS: readonly PublishedFormat[] = ['pem', 'p7b', 'der'];

/** A CSR of the user's own, read from the repository and inspected. */
export interface OwnCsr {
  readonly path: string;
  readonly csrPem: string;
  readonly keyHash: string;
}

/** What a resolved manifest means; undefined where it names no valid domain. `csr` is the CSR its `key:` points at. */
export function toCertificate(
  resolved: Resolved,
  name: string,
  csr: OwnCsr | undefined,
  report: Report,
): CertificateSpec | undefined {
  const { values, document } = resolved;
  const names = namesOf(values, report);
  const [commonName] = names;
  if (commonName === undefined) return undefined;
  const spec: Omit<CertificateSpec, 'digest'> = {
    kind: 'certificate',
    name,
    position: document.position,
    names: nameSet(names),
    commonName,
    providers: resolved.providers,
    ...optional('product', textAt(values, 'product')),
    ...optional('term', parseTerm(textAt(values, 'term') ?? '')),
    autoRenew: flagAt(values, 'autoRenew') ?? false,
    ...optional('renewBeforeMs', parseDuration(textAt(values, 'renewBefore') ?? '')),
    ...optional('reissueBeforeMs', parseDuration(textAt(values, 'reissueBefore') ?? '')),
    ...optional('maxPrice', parseMoney(textAt(values, 'maxPrice') ?? '')),
    ...optional('owner', textAt(values, 'owner')),
    key: keyOf(values, csr),
    validation: validationOf(values, names, report),
    ...optional('contacts', textAt(values, 'contacts')),
    formats: FORMATS.filter((it) => textsAt(values, 'formats').includes(it)),
    providerOptions: optionsByProvider(resolved),
    preflightSkip: textsAt(objectAt(values, 'preflight'), 'skip').toSorted(),
    ...optional('distinct', textAt(values, 'distinct')),
    ...optional('reissue', textAt(values, 'reissue')),
    suspend: flagAt(values, 'suspend') ?? false,
    migrate: textAt(values, 'migrate') === 'now' ? 'now' : 'at-renewal',
    ...optional('adopt', adoptOf(objectAt(values, 'adopt'))),
    endpoints: endpointsOf(values, report),
  };
  return { ...spec, digest: specDigest(spec) };
}

/** In the order written: the first is the common name. */
function namesOf(values: JsonObject, report: Report): readonly DnsName[] {
  const written: readonly (readonly [Path, unknown])[] = [
    [['domain'], at(values, 'domain')],
    ...listAt(values, 'domains').map((it, index) => [['domains', index], it] as const),
    ...listAt(values, 'alternativeNames').map((it, index) => [['alternativeNames', index], it] as const),
  ];
  return written.flatMap(([path, raw]) => {
    if (typeof raw !== 'string') return [];
    const parsed = parseName(raw);
    if (parsed.ok) return [parsed.name];
    report(path, {
      code: 'names.invalid',
      message: `"${raw}" ${parsed.why}.`,
      suggestion: 'Write a full name such as shop.example.com or "*.example.com".',
    });
    return [];
  });
}

function keyOf(values: JsonObject, csr: OwnCsr | undefined): KeySpec {
  if (csr !== undefined) return { kind: 'csr', ...csr };
  const wish = at(values, 'key');
  if (wish === 'external') return { kind: 'external' };
  const named = typeof wish === 'string' ? wish : textAt(wish, 'algorithm');
  return {
    kind: 'generated',
    algorithm: ALGORITHMS.find((it) => it === named) ?? 'ecdsa-p256',
    rotate: textAt(wish, 'rotate') === 'never' ? 'never' : 'always',
  };
}

function wishOf(value: JsonObject | string | undefined, fallback: ValidationMethod): ValidationWish {
  const method = typeof value === 'string' ? value : textAt(value, 'method');
  return {
    method: METHODS.find((it) => it === method) ?? fallback,
    ...optional('solver', textAt(value, 'solver')),
    ...optional('approver', textAt(value, 'approver')),
  };
}

function validationOf(values: JsonObject, names: readonly DnsName[], report: Report): ValidationSpec {
  const value = at(values, 'validation');
  const general = wishOf(typeof value === 'string' || isObject(value) ? value : undefined, 'dns');
  const per: Record<DnsName, ValidationWish> = {};
  for (const [raw, wish] of Object.entries(objectAt(value, 'per'))) {
    const parsed = parseName(raw);
    if (!parsed.ok || !names.includes(parsed.name)) {
      report(
        ['validation', 'per', raw],
        {
          code: 'validation.name',
          message: `"${raw}" is none of this certificate's names.`,
          suggestion: 'Write one of its names, or remove it.',
        },
        'key',
      );
    } else if (typeof wish === 'string' || isObject(wish)) per[parsed.name] = wishOf(wish, general.method);
  }
  return { ...general, per };
}

/** Flat for one provider, keyed by provider where `provider:` is a list. */
function optionsByProvider({ values, providers }: Resolved): CertificateSpec['providerOptions'] {
  const options = objectAt(values, 'providerOptions');
  const [only] = providers;
  if (Object.keys(options).length === 0 || only === undefined) return {};
  if (!isKeyed(values)) return { [only]: options };
  return Object.fromEntries(
    Object.entries(options).flatMap(([id, own]) =>
      providers.includes(id) && isObject(own) ? [[id, own]] : [],
    ),
  );
}

export const isKeyed = (values: JsonObject): boolean => Array.isArray(at(values, 'provider'));

export function adoptOf(adopt: JsonObject): AdoptWish | undefined {
  const order = textAt(adopt, 'order');
  if (order !== undefined) return { kind: 'order', order };
  const orders = textsAt(adopt, 'ignore');
  return orders.length > 0 ? { kind: 'ignore', orders } : undefined;
}

const MAX_PORT = 65_535;

function endpointsOf(values: JsonObject, report: Report): readonly string[] {
  return listAt(values, 'endpoints').flatMap((it, index) => {
    if (typeof it !== 'string') return [];
    const port = Number(it.slice(it.lastIndexOf(':') + 1));
    if (port <= MAX_PORT) return [it.toLowerCase()];
    report(['endpoints', index], {
      code: 'endpoint.port',
      message: `There is no port above ${MAX_PORT}.`,
      suggestion: 'Write host and port, such as shop.example.com:443.',
    });
    return [];
  });
}
