import { CertError } from '../../model/errors.js';
import { nameMatcher } from '../../policy/rules.js';
import type { Options } from './program.js';

/** What a person wants to see: name globs, owner, provider, state. Everything given must fit. */
export interface Selection {
  readonly names: readonly string[];
  readonly owner?: string;
  readonly provider?: string;
  readonly state?: string;
}

export interface Selectable {
  readonly name: string;
  readonly owner?: string;
  readonly provider?: string;
  readonly state?: string;
}

export function selectionOf(options: Options, names: readonly string[]): Selection {
  const text = (key: string) => (typeof options[key] === 'string' ? { [key]: options[key] } : {});
  return { names, ...text('owner'), ...text('provider'), ...text('state') };
}

export function matches(selection: Selection, one: Selectable): boolean {
  const { names, owner, provider, state } = selection;
  return (
    (names.length === 0 || names.some((glob) => nameMatcher(glob)(one.name))) &&
    (owner === undefined || one.owner === owner) &&
    (provider === undefined || one.provider === provider) &&
    (state === undefined || one.state?.toLowerCase() === state.toLowerCase())
  );
}

/** A selector that fits nothing is a typing error more often than an empty answer. */
export function refuseEmpty(selection: Selection, all: readonly Selectable[]): void {
  if (selection.names.length === 0) return;
  const unknown = selection.names.filter((glob) => !all.some((one) => nameMatcher(glob)(one.name)));
  if (unknown.length === 0) return;
  throw new CertError('usage', `no certificate is called ${unknown.map((glob) => `"${glob}"`).join(', ')}`, {
    remedy: "`certwright status -o name` lists the names; globs need quotes in a shell: 'team-a/**'",
  });
}
