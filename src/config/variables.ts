import type { Json } from '../model/json.js';
import type { SecretSource } from '../model/secret.js';
import { type Complaint, nearest } from './findings.js';
import type { Path } from './positions.js';
import { isUnprintable } from './yaml-values.js';

const VARIABLE = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/;
const FILE = /^\$\{file:(\/[^{}]+)\}$/;
const ANY = /\$\{([^{}]*)\}/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Such a variable could be read out by any manifest, through any key that is printed. */
const SECRET_NAME = /passw|passphrase|secret|token|credential|private_?key|api_?key/i;

/** `"${NAME}"` and `"${file:/path}"`; undefined for everything else. */
export function parseSecretSource(text: string): SecretSource | undefined {
  const name = VARIABLE.exec(text)?.[1];
  if (name !== undefined) return { kind: 'variable', name };
  const path = FILE.exec(text)?.[1];
  return path === undefined ? undefined : { kind: 'file', path };
}

export const mentionsVariable = (text: string): boolean => text.includes('${');

export interface VariableScope {
  /** `manifestVariables` of the configuration. */
  readonly allowed: readonly string[];
  readonly values: Readonly<Record<string, string | undefined>>;
}

export interface Substituted {
  readonly value: Json;
  readonly complaints: readonly { readonly path: Path; readonly complaint: Complaint }[];
}

/**
 * A manifest's `${NAME}` replaced by their values. `keep` names texts that stay as they are.
 * A text with a complaint stays as it is, too.
 */
export function substitute(value: Json, scope: VariableScope, keep: (path: Path) => boolean): Substituted {
  if (!holdsVariable(value)) return { value, complaints: [] };
  const complaints: { path: Path; complaint: Complaint }[] = [];
  const walk = (it: Json, path: Path): Json => {
    if (typeof it === 'string') {
      if (!mentionsVariable(it) || keep(path)) return it;
      const result = substituteText(it, scope);
      if (typeof result === 'string') return result;
      complaints.push(...result.map((complaint) => ({ path, complaint })));
      return it;
    }
    if (Array.isArray(it)) return it.map((item, index) => walk(item, [...path, index]));
    if (typeof it !== 'object' || it === null) return it;
    return Object.fromEntries(Object.entries(it).map(([key, item]) => [key, walk(item, [...path, key])]));
  };
  return { value: walk(value, []), complaints };
}

/** Most manifests have none, and need no copy. */
function holdsVariable(value: Json): boolean {
  if (typeof value === 'string') return mentionsVariable(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(holdsVariable);
}

function substituteText(text: string, scope: VariableScope): string | readonly Complaint[] {
  const names = [...text.matchAll(ANY)].map((match) => match[1] ?? '');
  const complaints = names.flatMap((name) => variableProblem(name, scope) ?? []);
  if (names.length === 0) complaints.push(badForm);
  if (complaints.length > 0) return complaints;
  const result = text.replaceAll(ANY, (_, name: string) => scope.values[name] ?? '');
  return isUnprintable(result) || result.includes('\n')
    ? [{ code: 'variable.value', message: `The value of ${names.join(', ')} is no text on one line.` }]
    : result;
}

const badForm: Complaint = {
  code: 'variable.form',
  message: 'This is no variable.',
  suggestion: `Write "\${NAME}" with letters, digits and underscores.`,
};

/** Why a manifest cannot use this variable. */
export function variableProblem(name: string, { allowed, values }: VariableScope): Complaint | undefined {
  if (name.startsWith('file:'))
    return {
      code: 'variable.file',
      message: 'A manifest cannot read files.',
      suggestion: `Use "\${NAME}" with a name that manifestVariables: in certwright.yaml lists.`,
    };
  if (!NAME.test(name)) return badForm;
  if (!allowed.includes(name)) {
    const meant = nearest(name, allowed);
    return {
      code: 'variable.not-allowed',
      message: `Manifests cannot use the variable ${name}.`,
      suggestion:
        meant === undefined
          ? `Add ${name} to manifestVariables: in certwright.yaml if it holds no credential.`
          : `Did you mean "${meant}"?`,
    };
  }
  if (SECRET_NAME.test(name))
    return {
      code: 'variable.secret',
      message: `The variable ${name} looks like a secret, which this key would show.`,
      suggestion: 'Use it for password: only, or rename it if it holds none.',
    };
  if (!Object.hasOwn(values, name) || values[name] === undefined)
    return {
      code: 'variable.missing',
      message: `The variable ${name} is not set.`,
      suggestion: `Set ${name} in the environment of this run.`,
    };
  return undefined;
}
