import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadApprovals, loadConfiguration, loadManifests } from '../../src/config/load.js';
import { buildProgram } from '../../src/entry/cli/program.js';
import type { Finding } from '../../src/model/manifest.js';
import { providerDefinitions } from '../../src/providers/index.js';
import { localCa } from '../../src/providers/local-ca/index.js';
import { LINE_FAULTS } from '../../src/sandbox/frame/faults.js';
import { sandboxDefinitions, startSandbox } from '../../src/sandbox/index.js';
import { solverDefinitions } from '../../src/solvers/index.js';
import { catalogueOf } from '../support/catalogue.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const text = (page: string): string => readFileSync(join(ROOT, page), 'utf8');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path)),
];
/** Decisions tell of their day. */
const guides = pages.filter((page) => !page.startsWith('docs/decisions/'));

interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  /** What follows the language: a path, or `part`. */
  readonly label: string;
  readonly body: string;
}

const FENCE = /^( *)```([a-z]*)[ ]?([^\n]*)\n([\s\S]*?)^\1```$/gm;

const blocksOf = (page: string): readonly Block[] =>
  [...text(page).matchAll(FENCE)].map((match) => {
    const [, indent = '', language = '', label = '', body = ''] = match;
    const line = text(page).slice(0, match.index).split('\n').length;
    return { page, line, language, label, body: body.replaceAll(new RegExp(`^${indent}`, 'gm'), '') };
  });

const proseOf = (page: string): string => text(page).replaceAll(FENCE, '');
const blocks = guides.flatMap(blocksOf);
const where = ({ page, line, label }: Block): string => `${page}:${line} ${label}`;

const yamlBlocks = blocks.filter(({ language }) => language === 'yaml');
const configurationBlock = yamlBlocks.find(({ label }) => label === 'certwright.yaml');
const CONFIGURATION = configurationBlock?.body ?? '';

const told = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ position, message }) => `${position.file}:${position.line} ${message}`);

async function findingsInManifest(path: string, body: string): Promise<readonly string[]> {
  const loaded = loadConfiguration(
    { path: 'certwright.yaml', text: CONFIGURATION },
    providerDefinitions,
    solverDefinitions,
  );
  if (loaded.configuration === undefined) throw new Error('the configuration of the guides has errors');
  const beside = join(dirname(path), 'beside.yaml');
  const files = [
    { path, text: body },
    ...(path.endsWith('_defaults.yaml') ? [{ path: beside, text: 'domain: beside.example.com\n' }] : []),
  ];
  const { findings, specs } = await loadManifests({
    files,
    configuration: loaded.configuration,
    catalogue: catalogueOf(loaded.configuration),
    variables: {},
    readFile: async () => 'a request',
    inspectCsr: async () => ({
      names: ['own.example.com'],
      algorithm: 'ecdsa-p256',
      keyHash: 'ab'.repeat(32),
      strong: true,
    }),
  });
  return specs.length === 1 ? told(findings) : [...told(findings), `${specs.length} certificates`];
}

/** A part of a configuration, put into the whole one, key by key on two levels. */
function withPart(part: string): string {
  const whole: Record<string, unknown> = parse(CONFIGURATION);
  for (const [key, value] of Object.entries<Record<string, unknown>>(parse(part))) {
    whole[key] = Array.isArray(value) ? value : { ...(whole[key] ?? {}), ...value };
  }
  return stringify(whole);
}

async function findingsIn({ label, body }: Block): Promise<readonly string[]> {
  if (label.startsWith('examples/')) return body === text(label) ? [] : [`differs from ${label}`];
  if (label.startsWith('certificates/')) return findingsInManifest(label, body);
  if (label.startsWith('approvals/')) return told(loadApprovals([{ path: label, text: body }]).findings);
  const whole = label === 'part' ? withPart(body) : body;
  return told(
    loadConfiguration({ path: 'certwright.yaml', text: whole }, providerDefinitions, solverDefinitions)
      .findings,
  );
}

describe('YAML in the guides', () => {
  it('is there, and says what file or part it is', () => {
    const known = /^(?:certwright\.yaml|certificates\/\S+\.yaml|approvals\/\S+\.yaml|part|examples\/\S+)$/;
    expect(yamlBlocks.length).toBeGreaterThan(10);
    expect(yamlBlocks.filter(({ label }) => !known.test(label)).map(where)).toEqual([]);
  });

  it.each(yamlBlocks.map((block) => [where(block), block] as const))(
    '%s has no findings',
    async (_, block) => {
      expect(await findingsIn(block)).toEqual([]);
    },
  );
});

const program = buildProgram(async () => undefined);

/** Words of a command line as a shell would split it. */
const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');

const PROMPTED = /^\$ certwright (.*)$/;
const IN_SHELL = /(?:^|&& |; )certwright (.*)$/;

/** Every command line of certwright that a page shows. */
function commandLinesOf(page: string): readonly string[] {
  const spans = [...proseOf(page).matchAll(/`certwright ([^`]+)`/g)].map((match) => match[1] ?? '');
  const shown = blocksOf(page).flatMap(({ language, body }) => {
    const pattern = language === 'sh' ? IN_SHELL : PROMPTED;
    return body.split('\n').flatMap((line) => pattern.exec(line.trim())?.[1] ?? []);
  });
  return [...spans, ...shown];
}

const flagsOf = (command: Command): readonly string[] => [
  '-h',
  '--help',
  ...command.options.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined)),
];

/** What is wrong with a command line; undefined when certwright would take it. */
function problemOf(line: string): string | undefined {
  const words = [...wordsOf(line.replace(/ (?:[|>#].*|>.*)$/, ''))];
  let command: Command = program;
  let flags = flagsOf(program);
  while (words.length > 0) {
    const word = words.shift() ?? '';
    const [flag = ''] = word.split('=');
    if (/^--?[a-zA-Z]/.test(word)) {
      if (!flags.includes(flag)) return `${command.name()} has no option ${flag}`;
      const option = [...program.options, ...command.options].find(
        ({ short, long }) => short === flag || long === flag,
      );
      if (option?.required && !word.includes('=')) words.shift();
    } else if (command.commands.length > 0) {
      const next = command.commands.find((one) => one.name() === word);
      if (next === undefined) return `there is no command ${word}`;
      command = next;
      flags = [...flagsOf(program), ...flagsOf(command)];
    } else if (command.registeredArguments.length === 0) return `${command.name()} takes no argument ${word}`;
  }
  return undefined;
}

/** `keys prove` and the others, with their full names. */
const allCommands: readonly (readonly [string, Command])[] = program.commands.flatMap((command) =>
  command.commands.length === 0
    ? [[command.name(), command] as const]
    : command.commands.map((sub) => [`${command.name()} ${sub.name()}`, sub] as const),
);

const sectionOf = (page: string, title: string): string =>
  text(page)
    .split(/^## /m)
    .find((section) => section.split('\n')[0] === title) ?? '';

describe('commands in the guides', () => {
  it('can tell a command line that does not exist', () => {
    expect(problemOf('plan --remote-files -o json')).toBeUndefined();
    expect(problemOf('-C /srv keys prove')).toBeUndefined();
    expect(problemOf('plan --remote')).toBe('plan has no option --remote');
    expect(problemOf('forget shop')).toBe('there is no command forget');
    expect(problemOf('validate shop')).toBe('validate takes no argument shop');
  });

  it.each(guides)('%s shows only commands and options that exist', (page) => {
    const wrong = commandLinesOf(page).flatMap((line) => {
      const problem = problemOf(line);
      return problem === undefined ? [] : [`certwright ${line}: ${problem}`];
    });
    expect(wrong).toEqual([]);
  });

  it.each(allCommands)('%s has a section in commands.md with every option', (name, command) => {
    const section = sectionOf('docs/commands.md', name);
    expect(section).not.toBe('');
    const long = command.options.map((option) => option.long ?? '');
    expect(long.filter((flag) => !section.includes(flag))).toEqual([]);
    const [, rest = ''] = text('README.md').split('## Commands');
    expect(rest).toContain(`\`certwright ${name}\``);
  });

  it('explains the options every command takes', () => {
    const [intro = ''] = text('docs/commands.md').split(/^## /m);
    const long = program.options.map((option) => option.long ?? '');
    expect(long.filter((flag) => !intro.includes(flag))).toEqual([]);
    const helps = allCommands.map(([, command]) => command.helpInformation());
    expect(helps.filter((help) => long.some((flag) => !help.includes(`${flag} `)))).toEqual([]);
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const schema = (file: string): Schema => JSON.parse(text(`schemas/${file}.schema.json`));
const keysOf = (...parts: readonly (Schema | undefined)[]): readonly string[] =>
  parts.flatMap((part) => Object.keys(part?.properties ?? {}));

/** Keys that stand nowhere in code on a page, alone or at the end of a path. */
const missingOn = (page: string, keys: readonly string[]): readonly string[] =>
  keys.filter((key) => !new RegExp(`\`(?:[a-zA-Z]+\\.)*${key}\``).test(proseOf(page)));

describe('keys in the guides', () => {
  it('configuration.md names every key of certwright.yaml', () => {
    const { properties, $defs, ...root } = schema('certwright');
    const { branches, keys, policy } = properties ?? {};
    const { approval, spending, rules } = policy?.properties ?? {};
    const wanted = keysOf(
      { ...root, ...(properties && { properties }) },
      branches,
      keys,
      approval,
      spending,
      rules?.items,
      $defs?.provider,
    );
    expect(wanted.length).toBeGreaterThan(35);
    expect(missingOn('docs/configuration.md', wanted)).toEqual([]);
  });

  it.each(sandboxDefinitions)(
    'sandbox.md names every setting, fault, operation and route of $type',
    async (sandbox) => {
      const { settings, faults, operations } = sandbox;
      const words = [...Object.keys(settings), ...Object.keys({ ...LINE_FAULTS, ...faults }), ...operations];
      const page = text('docs/sandbox.md');
      expect(words.filter((word) => !page.includes(`\`${word}\``) && !page.includes(`\`${word}:`))).toEqual(
        [],
      );
      const started = await startSandbox(sandbox.type);
      onTestFinished(() => started.close());
      const { routes } = JSON.parse(JSON.stringify(await started.control('GET', '')));
      const paths = (routes as readonly { path: string }[]).map(({ path }) =>
        path.replace(/:\w+/, (name) => name.slice(1).toUpperCase()),
      );
      expect(paths.filter((path) => !page.includes(path))).toEqual([]);
    },
  );

  it('manifest.md names every key of a manifest and of defaults', () => {
    const { certificate, sitelock } = schema('manifest').$defs ?? {};
    const wanted = keysOf(certificate, sitelock, schema('defaults'));
    expect(wanted.length).toBeGreaterThan(35);
    expect(missingOn('docs/manifest.md', wanted)).toEqual([]);
  });

  it('local-ca.md names every option of local-ca', () => {
    const wanted = keysOf(localCa.optionsSchema as Schema);
    expect(wanted).toContain('validityDays');
    expect(missingOn('docs/providers/local-ca.md', wanted)).toEqual([]);
  });
});

/** As GitHub makes anchors of headings. */
const anchorsOf = (page: string): readonly string[] =>
  [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('links in the documentation', () => {
  it.each(pages)('%s leads to files and headings that exist', (page) => {
    const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
    const broken = links
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? join(ROOT, page) : resolve(ROOT, dirname(page), path);
        if (!existsSync(target)) return true;
        return anchor !== undefined && !anchorsOf(relative(ROOT, target)).includes(anchor);
      });
    expect(broken).toEqual([]);
  });
});
