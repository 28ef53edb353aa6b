import type { JsonObject } from '../model/json.js';
import type { Finding, Position } from '../model/manifest.js';
import { checkName } from '../repository/layout.js';
import { type OwnCsr, toCertificate } from './certificate.js';
import { type Catalogue, checkSpec } from './checks.js';
import type { LoadedConfiguration } from './configuration.js';
import { didYouMean, type Report, schemaComplaints, toFinding, withSuggestion } from './findings.js';
import { at, isObject } from './json.js';
import { type FolderDefaults, type Resolved, resolve } from './layers.js';
import {
  checkCsrNames,
  checkCsrStrength,
  type InspectCsr,
  type LoadedCsr,
  loadCsr,
  type ReadFile,
} from './own-csr.js';
import { type Locate, locator, type Path } from './positions.js';
import { schemaErrors } from './schemas.js';
import { toSitelock } from './sitelock.js';
import type { Meant } from './together.js';
import { substitute, type VariableScope } from './variables.js';
import type { YamlDocument } from './yaml.js';

/** What a manifest is read against. */
export interface ManifestContext {
  /** Absent when it has errors: then manifests are only checked against their schema. */
  readonly configuration: LoadedConfiguration | undefined;
  readonly catalogue: Catalogue;
  /** Environment; only `manifestVariables` are looked up. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** A file of the repository, by its path from the root. */
  readonly readFile: ReadFile;
  readonly inspectCsr: InspectCsr;
}

export interface DocumentResult {
  /** Absent when it cannot be told. */
  readonly name?: string;
  readonly findings: readonly Finding[];
  /** Absent when anything in it is an error. */
  readonly meant?: Meant;
}

const KINDS = ['certificate', 'sitelock'] as const;
type Kind = (typeof KINDS)[number];

/** One document of a manifest file. `pathName` is its name where it gives none; absent where it has to. */
export async function readDocument(
  document: YamlDocument,
  pathName: string | undefined,
  folders: readonly FolderDefaults[],
  context: ManifestContext,
): Promise<DocumentResult> {
  const findings: Finding[] = [];
  const locate = locator(document);
  const report: Report = (path, complaint, where) => {
    findings.push(toFinding(locate, path, complaint, where));
  };
  const name = nameOf(document, pathName, report);
  const done = (meant?: Meant): DocumentResult => {
    const errors = document.flawed || findings.some((it) => it.severity === 'error');
    return {
      ...(name !== undefined && { name }),
      findings: name === undefined ? findings : findings.map((it) => nameFinding(it, document, name)),
      ...(meant !== undefined && !errors && { meant }),
    };
  };
  const kind = kindOf(document, report);
  if (kind === undefined) return done();
  const { values, flawed } = readValues(document, kind, context, report);
  const layers = folders.flatMap(({ layer }) => layer ?? []);
  // A default with errors has its own finding; guessing on would only add wrong ones.
  if (context.configuration === undefined || layers.length < folders.length || values === undefined)
    return done();
  const resolved = resolve(document, values, kind, layers, context.configuration);
  const careful = reportInLayers(resolved, locate, flawed, findings);
  return done(await meaningOf(resolved, name ?? '', context, context.configuration, careful));
}

/** A finding that stands in a default concerns more than this manifest. */
const nameFinding = (it: Finding, { file }: YamlDocument, name: string): Finding =>
  it.position.file === file.path ? { ...it, name } : it;

function nameOf(document: YamlDocument, pathName: string | undefined, report: Report): string | undefined {
  const own = at(document.value, 'name');
  const name = own === undefined ? pathName : typeof own === 'string' ? own : undefined;
  if (name === undefined) {
    // Another type than text is the schema's to say.
    if (own === undefined && isObject(document.value))
      report([], {
        code: 'name.missing',
        message: 'In a file with several documents each needs a name.',
        suggestion: 'Add name: to this document.',
      });
    return undefined;
  }
  const why = checkName(name);
  if (why === undefined) return name;
  report(['name'], {
    code: 'name.invalid',
    message: own === undefined ? `The name "${name}", from the path, ${why}.` : `The name "${name}" ${why}.`,
    suggestion: own === undefined ? 'Rename the file, or add name:.' : 'Write a name such as team-a/shop.',
  });
  return undefined;
}

function kindOf(document: YamlDocument, report: Report): Kind | undefined {
  if (!isObject(document.value)) {
    report([], {
      code: 'schema.type',
      message: 'The document must be a mapping (key: value).',
      suggestion: 'Write domain: shop.example.com.',
    });
    return undefined;
  }
  const written = at(document.value, 'kind') ?? 'certificate';
  const kind = KINDS.find((it) => it === written);
  if (kind === undefined)
    report(['kind'], {
      code: 'schema.value',
      message: '"kind" is none of the values there are.',
      ...withSuggestion(didYouMean(typeof written === 'string' ? written : '', KINDS)),
    });
  return kind;
}

interface Values {
  readonly values: JsonObject | undefined;
  /** Keys that were complained about: nothing more is said of them. */
  readonly flawed: ReadonlySet<string>;
}

/** Variables replaced, schema checked; one complaint where a variable is the cause. */
function readValues(document: YamlDocument, kind: Kind, context: ManifestContext, report: Report): Values {
  const isPassword = (path: Path): boolean => path.join('/') === 'customer/password';
  const scope = scopeOf(context);
  const { value, complaints } = substitute(document.value, scope, isPassword);
  const flawed = new Set<string>();
  const raw = new Set(complaints.map(({ path }) => path.join('/')));
  for (const { path, complaint } of complaints) {
    flawed.add(String(path[0]));
    if (context.configuration !== undefined) report(path, complaint);
  }
  for (const it of schemaComplaints(schemaErrors(`manifest.schema.json#/$defs/${kind}`, value))) {
    flawed.add(String(it.path[0] ?? it.missing));
    if (!raw.has(it.path.join('/'))) report(it.path, it.complaint, it.at);
  }
  return { values: isObject(value) ? value : undefined, flawed };
}

const scopeOf = ({ configuration, variables }: ManifestContext): VariableScope => ({
  allowed: configuration?.manifestVariables ?? [],
  values: variables,
});

/** Complaints go to where the value really stands: the manifest, a folder's defaults or the configuration. */
function reportInLayers(
  resolved: Resolved,
  locate: Locate,
  flawed: ReadonlySet<string>,
  findings: Finding[],
): Report {
  return (path, complaint, where) => {
    const [key] = path;
    if (key === undefined) {
      const about = complaint.code.split('.')[0] ?? '';
      if (!flawed.has(ABOUT[about] ?? about)) findings.push(toFinding(locate, [], complaint, where));
      return;
    }
    if (flawed.has(String(key))) return;
    const origin = resolved.originOf(String(key));
    const place = origin.document === resolved.document ? locate : locator(origin.document);
    findings.push(toFinding(place, [...origin.path, ...path], complaint, where));
  };
}

/** Where a value really stands: in the manifest, a folder's defaults or the configuration. */
function positionIn(resolved: Resolved, path: Path): Position {
  const origin = resolved.originOf(String(path[0]));
  return locator(origin.document)([...origin.path, ...path]);
}

/** Which key a complaint about an absent value means, where its code does not say so. */
const ABOUT: Readonly<Record<string, string>> = { ceiling: 'maxPrice' };

async function meaningOf(
  resolved: Resolved,
  name: string,
  context: ManifestContext,
  configuration: LoadedConfiguration,
  report: Report,
): Promise<Meant | undefined> {
  const csr = await loadCsr(resolved, context.readFile, context.inspectCsr, report);
  const spec =
    resolved.kind === 'sitelock'
      ? toSitelock(resolved, name, scopeOf(context), report)
      : toCertificate(resolved, name, csr && ownCsr(csr), report);
  if (spec === undefined) return undefined;
  checkSpec(spec, resolved, configuration, context.catalogue, report);
  if (spec.kind === 'sitelock')
    return { name, document: resolved.document, spec, keyAlgorithm: '', product: spec.product };
  if (csr !== undefined) {
    checkCsrNames(csr, spec.names, report);
    const known = spec.providers.filter((id) => Object.hasOwn(configuration.providers, id));
    checkCsrStrength(
      csr,
      known.some((id) => context.catalogue.capabilities(id).trust === 'public'),
      report,
    );
  }
  const [first] = spec.providers.filter((id) => Object.hasOwn(configuration.providers, id));
  const sold = first === undefined ? [] : context.catalogue.products(first);
  const wanted = spec.product ?? (first === undefined ? '' : (context.catalogue.defaultProduct(first) ?? ''));
  return {
    name,
    document: resolved.document,
    spec: csr === undefined ? spec : { ...spec, csrPosition: positionIn(resolved, ['key', 'csr']) },
    keyAlgorithm: csr?.algorithm ?? (spec.key.kind === 'generated' ? spec.key.algorithm : spec.key.kind),
    // Twins are found by product, whether it is written by its name or by the vendor's code.
    product: sold.find(({ vendorCode }) => vendorCode === wanted)?.id ?? wanted,
  };
}

const ownCsr = ({ path, csrPem, keyHash }: LoadedCsr): OwnCsr => ({ path, csrPem, keyHash });
