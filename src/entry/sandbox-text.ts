import type { JsonObject } from '../model/json.js';
import { jsonText } from '../report/json.js';
import { colorsOf, hang, pad, type RenderOptions } from '../report/layout.js';
import { LINE_FAULTS } from '../sandbox/frame/faults.js';
import { type Sandbox, type SandboxDefinition, settingsSchema } from '../sandbox/index.js';

interface Form extends RenderOptions {
  readonly json: boolean;
}

/** What to paste where, for a sandbox that has started. Its login opens nothing but itself. */
export function startedText(
  definition: SandboxDefinition,
  sandbox: Sandbox,
  options: Form & { readonly stateFile: string | undefined },
): string {
  const { type, title, credentials } = definition;
  const { url, token, login } = sandbox;
  const settings = sandbox.settings();
  if (options.json)
    return jsonText({ type, url, token, login, settings, stateFile: options.stateFile ?? null });
  const colors = colorsOf(options);
  const names = Object.entries(credentials);
  const paragraph = (text: string): readonly string[] => hang('  ', text, options.width);
  return [
    `${title} sandbox at ${url} (nothing real is sold here)`,
    '',
    colors.dim('certwright.yaml:'),
    '  providers:',
    `    ${type}:`,
    `      type: ${type}`,
    '      environment: rehearsal',
    `      url: ${url}`,
    ...definition.configuration(settings).map((line) => `      ${line}`),
    '      credentials:',
    ...names.map(([name, variable]) => `        ${name}: "\${${variable}}"`),
    '',
    colors.dim('shell:'),
    ...names.map(([name, variable]) => `  export ${variable}=${login[name] ?? ''}`),
    `  export SANDBOX=${url}/_sandbox SANDBOX_TOKEN=${token}`,
    '',
    colors.dim('proof of control:'),
    ...definition.hints(settings).flatMap(paragraph),
    '',
    colors.dim('control:'),
    ...paragraph('curl -H "Authorization: Bearer $SANDBOX_TOKEN" $SANDBOX/'),
    ...(options.stateFile === undefined
      ? paragraph('Everything is forgotten at the end; --state FILE keeps it.')
      : paragraph(`Kept, with its throw-away keys, in ${options.stateFile}`)),
    ...paragraph('Ctrl-C stops it.'),
  ].join('\n');
}

/** Every kind, with what it can be told. */
export function listSandboxes(definitions: readonly SandboxDefinition[], options: Form): string {
  if (options.json) {
    return jsonText({
      sandboxes: definitions.map(({ type, title, settings, faults, operations }) => ({
        type,
        title,
        operations,
        settings: settingsSchema(settings),
        faults: { ...LINE_FAULTS_TEXT, ...descriptions(faults) },
      })),
    });
  }
  const colors = colorsOf(options);
  return definitions
    .flatMap(({ type, title, settings, faults }) => [
      `${type}  ${title}`,
      '',
      colors.dim('settings (--set NAME=VALUE), with their defaults:'),
      ...Object.entries(settings).flatMap(([name, { default: value, description, schema }]) => [
        `  ${name}=${short(JSON.stringify(value))}`,
        ...hang('      ', `${description}${choicesOf(schema)}`, options.width),
      ]),
      '',
      colors.dim('faults (--fault NAME[:VALUE][@OPERATION][*TIMES]):'),
      ...Object.entries({ ...LINE_FAULTS_TEXT, ...descriptions(faults) }).flatMap(([name, description]) =>
        hang(`  ${pad(name, 18)}`, description, options.width),
      ),
      '',
    ])
    .join('\n')
    .trimEnd();
}

type Told = Pick<SandboxDefinition['faults'][string], 'description' | 'value'>;

/** `slow:5000` and what it does. */
const descriptions = (table: Readonly<Record<string, Told>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(table).map(([name, { description, value }]) => [
      value === undefined ? name : `${name}:${value.example}`,
      description,
    ]),
  );

const LINE_FAULTS_TEXT = descriptions(LINE_FAULTS);

/** Price lists are long; `--json` has them whole. */
const short = (text: string): string => (text.length <= 50 ? text : `${text.slice(0, 47)}...`);

const choicesOf = ({ enum: choices }: JsonObject): string =>
  Array.isArray(choices) ? ` [${choices.join(', ')}]` : '';
