import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

/** A module of src as the rules see it. Paths are relative to src, with `/`. */
export interface Module {
  readonly path: string;
  /** Specifiers as written: imports, type imports, re-exports, `import()` of a literal. */
  readonly imports: readonly string[];
  /** Those of them that are loaded with the module itself: no types, no `import()`. */
  readonly loads: readonly string[];
  /** Names of globals and members the module reaches for: `Date.now`, `new Date()`, `process`, `console`. */
  readonly reaches: readonly string[];
}

const REACHED_OBJECTS = new Set([
  'console',
  'process',
  'performance',
  'globalThis',
  'setTimeout',
  'setInterval',
  'fetch',
]);

/** @throws Error when the text does not parse */
export function parseModule(path: string, text: string): Module {
  const { program, module, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`);
  const reaches: string[] = [];
  const dynamic: string[] = [];
  /** Where a name is only the label of a member. */
  const labels = new Set<number>();
  new Visitor({
    MemberExpression(node) {
      if (!node.computed) labels.add(node.property.start);
      if (node.object.type !== 'Identifier' || node.computed || node.property.type !== 'Identifier') return;
      const name = `${node.object.name}.${node.property.name}`;
      if (name === 'Date.now' || name === 'Math.random') reaches.push(name);
    },
    NewExpression(node) {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0) {
        reaches.push('new Date()');
      }
    },
    CallExpression(node) {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date') reaches.push('Date()');
    },
    Property(node) {
      if (!node.computed && !node.shorthand) labels.add(node.key.start);
    },
    TSPropertySignature(node) {
      if (!node.computed) labels.add(node.key.start);
    },
    Identifier(node) {
      if (REACHED_OBJECTS.has(node.name) && !labels.has(node.start)) reaches.push(node.name);
    },
    ImportExpression(node) {
      const source = node.source;
      dynamic.push(source.type === 'Literal' ? String(source.value) : '(computed)');
    },
    TSImportType(node) {
      dynamic.push(String(node.source.value));
    },
  }).visit(program);
  const fromExports = module.staticExports.flatMap((statement) =>
    statement.entries.flatMap((entry) => (entry.moduleRequest === null ? [] : [entry.moduleRequest.value])),
  );
  const fromImports = module.staticImports.map((statement) => statement.moduleRequest.value);
  const onlyTypes = (entries: readonly { readonly isType: boolean }[]): boolean =>
    entries.length > 0 && entries.every(({ isType }) => isType);
  const loads = [
    ...module.staticImports.flatMap(({ entries, moduleRequest }) =>
      onlyTypes(entries) ? [] : [moduleRequest.value],
    ),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ isType, moduleRequest }) =>
        isType || moduleRequest === null ? [] : [moduleRequest.value],
      ),
    ),
  ];
  return {
    path,
    imports: [...new Set([...fromImports, ...fromExports, ...dynamic])],
    loads: [...new Set(loads)],
    reaches: [...new Set(reaches)],
  };
}

/** Path inside src of a relative import, `.js` read as the `.ts` it stands for. */
export const targetOf = (from: string, specifier: string): string =>
  posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');

/** Every TypeScript module below a folder. */
export function readModules(root: string): readonly Module[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => parseModule(relative(root, file).split(sep).join('/'), readFileSync(file, 'utf8')));
}
