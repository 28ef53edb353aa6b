import type { Json } from '../model/json.js';
import type { Finding, Spec } from '../model/manifest.js';
import { checkName } from '../repository/layout.js';
import type { DefaultsLayer } from './configuration.js';
import { type ManifestContext, readDocument } from './document.js';
import { schemaComplaints, sortedFindings, toFinding } from './findings.js';
import { isObject } from './json.js';
import {
  defaultsFor,
  type FolderDefaults,
  folderDefaults,
  isDefaultsPath,
  isManifestPath,
  nameOfPath,
} from './layers.js';
import { locator, type Path } from './positions.js';
import { schemaErrors } from './schemas.js';
import { licenceClashes, type Meant, type Named, nameClashes, needClashes } from './together.js';
import { mentionsVariable } from './variables.js';
import { parseYaml, type SourceFile } from './yaml.js';

export interface LoadManifests extends ManifestContext {
  /** Texts below `certificates/`, in any order; others are ignored. */
  readonly files: readonly SourceFile[];
}

export interface LoadedManifests {
  /** Those without errors, in the order of files. */
  readonly specs: readonly Spec[];
  readonly findings: readonly Finding[];
  /** Names whose manifest, or a default it needs, has errors: not to be acted on, and not gone either. */
  readonly invalidNames: readonly string[];
  /** A file whose names cannot all be told: no manifest may count as gone. */
  readonly hasUnreadable: boolean;
}

/** Everything a run collects over all files. */
interface Ledger {
  readonly findings: Finding[];
  readonly invalid: Set<string>;
  readonly named: Named[];
  readonly meant: Meant[];
  unreadable: boolean;
}

/** Every manifest with everything wrong in all of them at once. Never throws for what stands in the texts. */
export async function loadManifests(input: LoadManifests): Promise<LoadedManifests> {
  const ledger: Ledger = { findings: [], invalid: new Set(), named: [], meant: [], unreadable: false };
  const files = input.files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const folders = files.filter(({ path }) => isDefaultsPath(path)).map((file) => readDefaults(file, ledger));
  for (const file of files.filter(({ path }) => isManifestPath(path))) {
    await readManifests(file, defaultsFor(file.path, folders), input, ledger);
  }
  const clashes = [
    ...nameClashes(ledger.named),
    ...needClashes(ledger.meant),
    ...licenceClashes(ledger.meant, ledger.named),
  ];
  for (const { document, path, at, complaint, names } of clashes) {
    const [name] = names.slice(-1);
    ledger.findings.push({ ...toFinding(locator(document), path, complaint, at), ...(name && { name }) });
    for (const it of names) ledger.invalid.add(it);
  }
  return {
    specs: ledger.meant.filter(({ name }) => !ledger.invalid.has(name)).map(({ spec }) => spec),
    findings: sortedFindings(ledger.findings),
    invalidNames: [...ledger.invalid].toSorted(),
    hasUnreadable: ledger.unreadable,
  };
}

const simple = (file: SourceFile, code: string, message: string, suggestion: string): Finding => ({
  severity: 'error',
  code,
  message,
  suggestion,
  position: { file: file.path, line: 1, column: 1 },
});

function readDefaults(file: SourceFile, ledger: Ledger): FolderDefaults {
  const { documents, findings, broken } = parseYaml(file);
  const own = [...findings];
  const [document, second] = documents;
  if (second !== undefined) {
    const suggestion = 'Remove the "---" and everything below it.';
    own.push({
      ...simple(file, 'defaults.documents', 'Defaults are one document.', suggestion),
      position: second.position,
    });
  }
  if (document !== undefined) {
    const locate = locator(document);
    for (const it of schemaComplaints(schemaErrors('defaults.schema.json', document.value))) {
      own.push(toFinding(locate, it.path, it.complaint, it.at));
    }
    mentions(document.value, (path) => {
      const message = 'Defaults cannot use variables.';
      const suggestion = 'Write the value itself, or use the variable in the manifests.';
      own.push(toFinding(locate, path, { code: 'variable.place', message, suggestion }));
    });
  }
  ledger.findings.push(...own);
  if (broken || own.length > 0) return folderDefaults(file.path, undefined);
  if (document === undefined || !isObject(document.value)) return folderDefaults(file.path, emptyLayer(file));
  return folderDefaults(file.path, { values: document.value, document, path: [] });
}

const emptyLayer = (file: SourceFile): DefaultsLayer => ({
  values: {},
  document: { file, index: 0, position: { file: file.path, line: 1, column: 1 }, value: {}, flawed: false },
  path: [],
});

function mentions(value: Json, found: (path: Path) => void, path: Path = []): void {
  if (typeof value === 'string') {
    if (mentionsVariable(value)) found(path);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) mentions(item, found, [...path, key]);
}

async function readManifests(
  file: SourceFile,
  folders: readonly FolderDefaults[],
  input: LoadManifests,
  ledger: Ledger,
): Promise<void> {
  const { documents, findings, count, broken } = parseYaml(file);
  ledger.findings.push(...findings);
  const pathName = nameOfPath(file.path);
  if (broken) {
    ledger.unreadable = true;
    if (checkName(pathName) === undefined) ledger.invalid.add(pathName);
  } else if (documents.length === 0) {
    ledger.invalid.add(pathName);
    const suggestion = 'Write domain: shop.example.com, or delete the file to stop managing the certificate.';
    ledger.findings.push(simple(file, 'manifest.empty', 'The manifest is empty.', suggestion));
  }
  for (const document of documents) {
    const fallback = count > 1 ? undefined : pathName;
    const { name, findings: own, meant } = await readDocument(document, fallback, folders, input);
    ledger.findings.push(...own);
    if (name === undefined) ledger.unreadable = true;
    else ledger.named.push({ name, document });
    if (meant !== undefined) ledger.meant.push(meant);
    else if (name !== undefined) ledger.invalid.add(name);
  }
}
