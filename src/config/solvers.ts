import type { SolverConfig } from '../model/configuration.js';
import type { Json, JsonObject } from '../model/json.js';
import { type DnsName, parseName } from '../model/names.js';
import type { SolverDefinition } from '../ports/solver.js';
import { checkCredentialForms } from './accounts.js';
import { type Complaint, didYouMean, oneOf, type Report, schemaComplaints } from './findings.js';
import { isObject, textAt, textsAt } from './json.js';
import type { Path } from './positions.js';
import { optionErrors } from './schemas.js';
import { parseSecretSource } from './variables.js';

/** Keys of a solver that mean the same for every type; the others are its type's own. */
export const SOLVER_KEYS: ReadonlySet<string> = new Set(['type', 'zones']);

/** Keys that a solver's type has of its own; none for a type that is not known. */
export function keysOf(
  block: JsonObject,
  definitions: readonly SolverDefinition[],
): { readonly credentials: readonly string[]; readonly options: readonly string[] } {
  const definition = definitions.find(({ type }) => type === textAt(block, 'type'));
  if (!definition) return { credentials: [], options: [] };
  const { credentialNames, optionsSchema } = definition;
  const { properties } = optionsSchema;
  return {
    credentials: [...credentialNames.required, ...credentialNames.optional],
    options: isObject(properties) ? Object.keys(properties) : [],
  };
}

/** What is wrong with the solvers beyond their schema. */
export function checkSolvers(
  solvers: JsonObject,
  definitions: readonly SolverDefinition[],
  report: Report,
): void {
  const known: Known[] = [];
  for (const [id, block] of Object.entries(solvers)) {
    if (!isObject(block)) continue;
    const path = ['solvers', id];
    const zones = checkZones(block, path, report);
    const definition = checkType(block, definitions, path, report);
    if (!definition) continue;
    known.push({ id, definition, zones: zones.length > 0 ? zones : [{ zone: '', path }] });
    checkOwnKeys(block, definition, path, report);
  }
  checkOverlaps(known, report);
}

interface Zone {
  /** '': every name. */
  readonly zone: DnsName;
  readonly path: Path;
}

interface Known {
  readonly id: string;
  readonly definition: SolverDefinition;
  readonly zones: readonly Zone[];
}

function checkZones(block: JsonObject, path: Path, report: Report): readonly Zone[] {
  return textsAt(block, 'zones').flatMap((text, index) => {
    const here = [...path, 'zones', index];
    const parsed = parseName(text);
    if (parsed.ok) return [{ zone: parsed.name, path: here }];
    report(here, { code: 'names.invalid', message: `"${text}" ${parsed.why}.` });
    return [];
  });
}

function checkType(
  block: JsonObject,
  definitions: readonly SolverDefinition[],
  path: Path,
  report: Report,
): SolverDefinition | undefined {
  const type = textAt(block, 'type');
  const definition = definitions.find((one) => one.type === type);
  if (type === undefined || definition) return definition;
  const types = definitions.map((one) => one.type);
  const suggestion = didYouMean(type, types) ?? `Write ${oneOf(types)}.`;
  const message = `Type "${type}" is not one this version has: ${types.join(', ')}.`;
  report([...path, 'type'], { code: 'solver.type', message, suggestion });
  return undefined;
}

function checkOwnKeys(block: JsonObject, definition: SolverDefinition, path: Path, report: Report): void {
  const { type, credentialNames, needsZones } = definition;
  const own = Object.entries(block).filter(([key]) => !SOLVER_KEYS.has(key));
  const credentials = [...credentialNames.required, ...credentialNames.optional];
  const given = Object.fromEntries(own.filter(([key]) => credentials.includes(key)));
  checkCredentialForms(given, path, report);
  const missing = (complaint: Complaint) => report(path, complaint, 'key');
  for (const key of credentialNames.required) {
    if (key in block) continue;
    missing({
      code: 'credential.missing',
      message: `"${key}" is missing: a solver of type ${type} needs it.`,
      suggestion: `Add ${key}: "\${…}".`,
    });
  }
  if (needsZones && !Array.isArray(block.zones)) {
    missing({
      code: 'solver.zones',
      message: `"zones" is missing: a solver of type ${type} changes only zones it is told.`,
      suggestion: 'Add zones: [example.com].',
    });
  }
  const options = Object.fromEntries(own.filter(([key]) => !credentials.includes(key)));
  const complaints = schemaComplaints(optionErrors(definition.optionsSchema, options), path, [
    ...SOLVER_KEYS,
    ...credentials,
  ]);
  const fromVariables = Object.keys(options).filter((key) => isSource(options[key] ?? null));
  for (const it of complaints) {
    const key = it.path[path.length];
    // That it is a variable is said below; its form says nothing more.
    if (it.at !== 'key' && fromVariables.some((one) => one === key)) continue;
    report(it.path, it.complaint, it.at);
  }
  for (const key of fromVariables) {
    report([...path, key], {
      code: 'variable.place',
      message: `"${key}" of a solver cannot come from a variable.`,
      suggestion: 'Write the value itself.',
    });
  }
}

const isSource = (value: Json): boolean =>
  typeof value === 'string' && parseSecretSource(value) !== undefined;

/** The longest zone wins; between two of the same length nobody could tell. */
function checkOverlaps(known: readonly Known[], report: Report): void {
  const taken = new Map<string, string>();
  for (const { id, definition, zones } of known) {
    for (const { zone, path } of zones) {
      const rivals = definition.proves.flatMap((method) => taken.get(`${method} ${zone}`) ?? []);
      for (const method of definition.proves) taken.set(`${method} ${zone}`, id);
      const [rival] = rivals;
      if (rival === undefined) continue;
      report(path, {
        code: 'solver.overlap',
        message:
          zone === ''
            ? `"${id}" and "${rival}" both serve every name, and nothing tells which of them is meant.`
            : `${zone} is served by "${rival}" too, and nothing tells which of them is meant.`,
        suggestion: 'Give each zone to one solver.',
      });
    }
  }
}

/** A block without complaints, as the model has it; `parts` are its credentials and options. */
export function toSolver(
  id: string,
  block: JsonObject,
  definitions: readonly SolverDefinition[],
  parts: Pick<SolverConfig, 'credentials' | 'options'>,
): SolverConfig {
  const type = textAt(block, 'type') ?? '';
  const definition = definitions.find((one) => one.type === type);
  return {
    id,
    type,
    proves: definition?.proves ?? [],
    acts: definition?.create !== undefined,
    zones: textsAt(block, 'zones').flatMap((zone) => {
      const parsed = parseName(zone);
      return parsed.ok ? [parsed.name] : [];
    }),
    ...parts,
  };
}
