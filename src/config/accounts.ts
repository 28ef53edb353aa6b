import ipaddr from 'ipaddr.js';
import type { PriceTable, ProviderConfig } from '../model/configuration.js';
import type { Json, JsonObject } from '../model/json.js';
import type { PublishedFormat } from '../model/manifest.js';
import { parseMoney } from '../model/money.js';
import type { SecretSource } from '../model/secret.js';
import type { ProviderDefinition } from '../ports/provider.js';
import { didYouMean, nearest, oneOf, type Report, schemaComplaints, withSuggestion } from './findings.js';
import { isObject, mapValues, numberAt, objectAt, optional, textAt, textsAt } from './json.js';
import type { Path } from './positions.js';
import { optionErrors } from './schemas.js';
import { mentionsVariable, parseSecretSource } from './variables.js';

/** Keys of a provider that mean the same for every type; the others are its type's own. */
const COMMON: ReadonlySet<string> = new Set([
  'type',
  'environment',
  'credentials',
  'url',
  'currency',
  'tax',
  'priority',
  'owner',
  'formats',
  'minimumBalance',
  'prices',
]);
const DEFAULT_PRIORITY = 100;
const ENVIRONMENTS = ['live', 'test', 'rehearsal'] as const;

/** What is wrong with one provider's block beyond its schema. */
export function checkAccount(
  id: string,
  block: JsonObject,
  definitions: readonly ProviderDefinition[],
  report: Report,
): void {
  const path: Path = ['providers', id];
  checkCredentialForms(objectAt(block, 'credentials'), [...path, 'credentials'], report);
  checkUrl(block, path, report);
  const type = textAt(block, 'type');
  if (type === undefined) return;
  const definition = definitions.find((it) => it.type === type);
  if (definition === undefined) {
    const types = definitions.map((it) => it.type);
    report([...path, 'type'], {
      code: 'provider.type',
      message: `Type "${type}" is not one this version serves: ${types.join(', ')}.`,
      suggestion: didYouMean(type, types) ?? `Write ${oneOf(types)}.`,
    });
    return;
  }
  checkCredentialNames(definition, block, path, report);
  const options = optionsOf(block);
  for (const it of schemaComplaints(optionErrors(definition.optionsSchema, options), path, [...COMMON])) {
    report(it.path, it.complaint, it.at);
  }
  refuseVariables(options, path, report);
}

const optionsOf = (block: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(block).filter(([key]) => !COMMON.has(key)));

/** Every credential is named, never written: a literal is refused and not repeated. */
export function checkCredentialForms(credentials: JsonObject, path: Path, report: Report): void {
  for (const [key, value] of Object.entries(credentials)) {
    if (typeof value === 'string' && parseSecretSource(value) !== undefined) continue;
    report([...path, key], {
      code: 'credential.literal',
      message: `"${key}" must name where the secret is, not hold it.`,
      suggestion: `Write "\${${key
        .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
        .replace(/\W/g, '_')
        .toUpperCase()}}" or "\${file:/path}", and replace the secret if it was real.`,
    });
  }
}

function checkCredentialNames(
  { credentialNames, type }: ProviderDefinition,
  block: JsonObject,
  path: Path,
  report: Report,
): void {
  const given = Object.keys(objectAt(block, 'credentials'));
  const known = [...credentialNames.required, ...credentialNames.optional];
  const credentials = [...path, 'credentials'];
  for (const key of given) {
    if (known.includes(key)) continue;
    const suggestion = known.length === 0 ? 'Remove it.' : didYouMean(key, known);
    report(
      [...credentials, key],
      {
        code: 'credential.unknown',
        message: `"${key}" is no credential of type ${type}.`,
        ...withSuggestion(suggestion),
      },
      'key',
    );
  }
  for (const key of credentialNames.required) {
    if (given.includes(key)) continue;
    // The misspelt one was complained about already.
    if (given.some((it) => !known.includes(it) && nearest(it, [key]) !== undefined)) continue;
    report(
      given.length > 0 ? credentials : path,
      {
        code: 'credential.missing',
        message: `The credential "${key}" of type ${type} is missing.`,
        suggestion: `Add ${key}: "\${…}" to credentials:.`,
      },
      'key',
    );
  }
}

function refuseVariables(options: JsonObject, path: Path, report: Report): void {
  const walk = (value: Json, here: Path): void => {
    if (typeof value === 'string' && mentionsVariable(value)) {
      report(here, {
        code: 'variable.place',
        message: 'Only credentials and contacts can come from variables.',
        suggestion: 'Write the value itself, or move the key into credentials:.',
      });
    } else if (Array.isArray(value)) {
      value.forEach((item, index) => {
        walk(item, [...here, index]);
      });
    } else if (isObject(value)) {
      for (const [key, item] of Object.entries(value)) walk(item, [...here, key]);
    }
  };
  walk(options, path);
}

function checkUrl(block: JsonObject, path: Path, report: Report): void {
  const text = textAt(block, 'url');
  const problem = text === undefined ? undefined : urlProblem(text, textAt(block, 'environment') ?? 'live');
  if (problem !== undefined) report([...path, 'url'], { code: 'provider.url', ...problem });
}

function urlProblem(text: string, environment: string): { message: string; suggestion: string } | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    return { message: '"url" is no address of a server.', suggestion: 'Write https://host/path.' };
  if (url.username !== '' || url.password !== '')
    return {
      message: '"url" holds a user name or password.',
      suggestion: 'Move it into credentials:, and replace the secret if it was real.',
    };
  const here = isLoopback(url.hostname);
  if (url.protocol === 'http:' && !here)
    return {
      message: '"url" would send credentials in clear.',
      suggestion: 'Write https:// instead of http://.',
    };
  if (here && environment === 'live')
    return {
      message: 'A server on this machine is not the real provider.',
      suggestion: 'Write environment: rehearsal, which never counts as live.',
    };
  return undefined;
}

function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return ipaddr.isValid(host) && ipaddr.parse(host).range() === 'loopback';
}

/** A block without complaints, as the model has it. */
export function toAccount(id: string, block: JsonObject): ProviderConfig {
  const environment = ENVIRONMENTS.find((it) => it === textAt(block, 'environment')) ?? 'live';
  return {
    id,
    type: textAt(block, 'type') ?? '',
    environment,
    credentials: toCredentials(objectAt(block, 'credentials')),
    ...optional('url', textAt(block, 'url')),
    ...optional('currency', textAt(block, 'currency')),
    ...optional('tax', textAt(block, 'tax')?.replace('%', '')),
    priority: numberAt(block, 'priority') ?? DEFAULT_PRIORITY,
    ...optional('owner', textAt(block, 'owner')),
    ...optional('formats', toFormats(block)),
    ...optional('minimumBalance', parseMoney(textAt(block, 'minimumBalance') ?? '')),
    prices: toPrices(objectAt(block, 'prices')),
    options: optionsOf(block),
  };
}

const toFormats = (block: JsonObject): readonly PublishedFormat[] | undefined => {
  const wanted = textsAt(block, 'formats');
  return 'formats' in block
    ? (['pem', 'p7b', 'der'] as const).filter((it) => wanted.includes(it))
    : undefined;
};

export function toCredentials(credentials: JsonObject): Readonly<Record<string, SecretSource>> {
  const sources: Record<string, SecretSource> = {};
  for (const [key, value] of Object.entries(credentials)) {
    const source = typeof value === 'string' ? parseSecretSource(value) : undefined;
    if (source !== undefined) sources[key] = source;
  }
  return sources;
}

const toPrices = (prices: JsonObject): PriceTable =>
  mapValues(prices, (terms) =>
    Object.fromEntries(
      Object.entries(isObject(terms) ? terms : {}).flatMap(([term, row]) => {
        const base = parseMoney(textAt(row, 'base') ?? '');
        if (base === undefined) return [];
        const perName = parseMoney(textAt(row, 'perName') ?? '');
        return [[term, { base, names: numberAt(row, 'names') ?? 1, ...optional('perName', perName) }]];
      }),
    ),
  );
