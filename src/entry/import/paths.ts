import { nameOfPath } from '../../config/layers.js';
import { CertError } from '../../model/errors.js';
import { type DnsName, isWildcard } from '../../model/names.js';
import { checkName } from '../../repository/layout.js';

export const DEFAULT_TEMPLATE = 'certificates/{owner}/{domain}.yaml';

/** What a path may be made of. */
export interface PathParts {
  readonly domain: DnsName;
  readonly owner: string;
  readonly provider: string;
  readonly product: string;
  readonly order: string;
}

const KEYS: readonly (keyof PathParts)[] = ['domain', 'owner', 'provider', 'product', 'order'];
const PLACEHOLDER = /\{([^{}]*)\}/g;
/** Of a name's 128 characters, so that an owner's folder and a suffix find room beside a long domain. */
const LONGEST_PART = 90;

const isKey = (word: string): word is keyof PathParts => KEYS.some((key) => key === word);

/** @throws CertError `usage` where a path made of it could leave `certificates/` or be no manifest */
export function checkTemplate(template: string): void {
  const wrong = (why: string) =>
    new CertError('usage', `--out ${JSON.stringify(template)} ${why}`, {
      remedy: `write it like ${DEFAULT_TEMPLATE}; ${KEYS.map((key) => `{${key}}`).join(', ')} are replaced`,
    });
  const unknown = [...template.matchAll(PLACEHOLDER)].find(([, word = '']) => !isKey(word));
  if (unknown) throw wrong(`has ${unknown[0]}, which is not known`);
  if (!/^certificates\/.*\.ya?ml$/.test(template)) throw wrong('is no YAML file below certificates/');
  const why = checkName(nameOfPath(template.replace(PLACEHOLDER, 'x')));
  if (why !== undefined) throw wrong(`cannot be a name: it ${why}`);
}

export const usesOwner = (template: string): boolean => template.includes('{owner}');

/** One folder or file name out of any text: nothing of it can climb, hide or end a path. */
function slug(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .slice(0, LONGEST_PART)
    .replaceAll(/^[._-]+|[._-]+$/g, '');
  return plain === '' ? 'unnamed' : plain;
}

const domainPart = (domain: DnsName): string => (isWildcard(domain) ? `wildcard.${domain.slice(2)}` : domain);

/** The path below the repository, before collisions are looked at. */
export const pathFor = (template: string, parts: PathParts): string =>
  template.replaceAll(PLACEHOLDER, (_, key: keyof PathParts) =>
    slug(key === 'domain' ? domainPart(parts.domain) : parts[key]),
  );

const parentsOf = (name: string): readonly string[] =>
  name
    .split('/')
    .map((_, i, all) => all.slice(0, i).join('/'))
    .slice(1);

/** Gives every order a name of its own, beside the ones there are. */
export class NameBook {
  readonly #taken = new Set<string>();
  readonly #folders = new Set<string>();

  constructor(names: Iterable<string>) {
    for (const name of names) this.#take(name);
  }

  /** The path, with the order's id and then a number behind it where its name is taken; undefined where none can be. */
  claim(path: string, order: string): string | undefined {
    const [, stem = '', extension = ''] = /^(.*)(\.ya?ml)$/.exec(path) ?? [];
    const stems = [stem, `${stem}-${slug(order)}`];
    for (let n = 2; n < 100; n += 1) stems.push(`${stem}-${slug(order)}-${n}`);
    const free = stems.find((one) => this.#isFree(nameOfPath(one + extension)));
    if (free === undefined) return undefined;
    this.#take(nameOfPath(free + extension));
    return free + extension;
  }

  #isFree(name: string): boolean {
    if (checkName(name) !== undefined || this.#taken.has(name) || this.#folders.has(name)) return false;
    return !parentsOf(name).some((folder) => this.#taken.has(folder));
  }

  #take(name: string): void {
    this.#taken.add(name);
    for (const folder of parentsOf(name)) this.#folders.add(folder);
  }
}
