import ipaddr from 'ipaddr.js';
import type {
  ApprovalKind,
  ApprovalMode,
  ApprovalRequestsConfig,
  Configuration,
  ContactPerson,
  ContactSet,
  EndpointsConfig,
  HookConfig,
  KeystoreConfig,
  PersonalText,
  PolicyRule,
  PreflightConfig,
  ProgramHook,
  RequestGrouping,
  Spending,
} from '../model/configuration.js';
import { parseEndpoint } from '../model/endpoint.js';
import type { Json, JsonObject } from '../model/json.js';
import { parseMoney } from '../model/money.js';
import { parseDuration } from '../model/term.js';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../model/time.js';
import type { ProviderDefinition } from '../ports/provider.js';
import type { SolverDefinition } from '../ports/solver.js';
import { checkAccount, checkCredentialForms, toAccount, toCredentials } from './accounts.js';
import type { Report } from './findings.js';
import { at, flagAt, isObject, listAt, mapValues, objectAt, optional, textAt, textsAt } from './json.js';
import { isNameGlob } from './name-glob.js';
import { checkNotifications, toNotification } from './notifications.js';
import type { Path } from './positions.js';
import { checkSolvers, keysOf, SOLVER_KEYS, toSolver } from './solvers.js';
import { mentionsVariable, parseSecretSource } from './variables.js';
import type { YamlDocument } from './yaml.js';

/** Values that stand in for keys a manifest leaves out, and where they were written. */
export interface DefaultsLayer {
  readonly values: JsonObject;
  readonly document: YamlDocument;
  /** Where `values` stands in the document. */
  readonly path: Path;
}

/** The configuration with what only reading manifests needs. */
export interface LoadedConfiguration extends Configuration {
  readonly defaults: DefaultsLayer;
}

const DEFAULT_APPROVAL: Readonly<Record<ApprovalKind, ApprovalMode>> = {
  order: 'merge',
  renew: 'auto',
  free: 'auto',
  revoke: 'pull-request',
};
const DEFAULT_REQUESTS: ApprovalRequestsConfig = { group: 'each', perRun: 10, open: 20 };
const GROUPINGS: readonly RequestGrouping[] = ['each', 'owner', 'all'];
const MODES: readonly ApprovalMode[] = ['merge', 'auto', 'pull-request', 'never'];
const DNS_PORT = 53;
const DEFAULT_KEYSTORE_MS = 30 * SECOND_MS;
const SECRET_KEYS = /^(url|key|.*(key|token|secret|password|passphrase))$/i;

/** Everything about a configuration that its schema cannot say. */
export function checkConfiguration(
  root: Json,
  definitions: readonly ProviderDefinition[],
  solvers: readonly SolverDefinition[],
  report: Report,
): void {
  for (const [id, block] of Object.entries(objectAt(root, 'providers'))) {
    if (isObject(block)) checkAccount(id, block, definitions, report);
  }
  for (const [id, block] of Object.entries(objectAt(root, 'solvers'))) {
    if (!isObject(block)) continue;
    const { credentials, options } = keysOf(block, solvers);
    // Credentials of its type are judged with the type.
    const others = Object.entries(block).filter(([key]) => !credentials.includes(key));
    const plain = new Set([...SOLVER_KEYS, ...options]);
    checkSecretKeys(Object.fromEntries(others), plain, ['solvers', id], report);
  }
  checkSolvers(objectAt(root, 'solvers'), solvers, report);
  checkNotifications(root, report);
  checkContacts(objectAt(root, 'contacts'), report);
  checkManifestVariables(root, report);
  checkRecipients(root, report);
  checkRules(root, report);
  checkResolvers(root, report);
  checkHooks(root, report);
}

/** Keys whose values are secrets by their name, outside `credentials:`. */
function checkSecretKeys(block: JsonObject, plain: ReadonlySet<string>, path: Path, report: Report): void {
  const isSecret = (key: string): boolean => !plain.has(key) && SECRET_KEYS.test(key);
  const secret = Object.entries(block).filter(([key]) => isSecret(key));
  checkCredentialForms(Object.fromEntries(secret), path, report);
  for (const [key, value] of Object.entries(block)) {
    if (isSecret(key) || typeof value !== 'string' || !mentionsVariable(value)) continue;
    if (parseSecretSource(value) === undefined) report([...path, key], partialVariable);
  }
}

const partialVariable = {
  code: 'variable.form',
  message: 'A variable must be the whole value.',
  suggestion: `Write "\${NAME}" and nothing else.`,
};

function checkContacts(contacts: JsonObject, report: Report): void {
  for (const [id, set] of Object.entries(contacts)) {
    for (const [part, fields] of Object.entries(isObject(set) ? set : {})) {
      for (const [key, value] of Object.entries(isObject(fields) ? fields : {})) {
        if (typeof value !== 'string' || !mentionsVariable(value)) continue;
        if (parseSecretSource(value) === undefined) report(['contacts', id, part, key], partialVariable);
      }
    }
  }
}

/** Names of variables anywhere in credentials: no manifest may use them. */
function* credentialVariables(root: Json): Generator<string> {
  const blocks = [
    ...Object.values(objectAt(root, 'providers')).map((it) => objectAt(it, 'credentials')),
    ...Object.values(objectAt(root, 'solvers')),
    ...listAt(root, 'notifications'),
  ];
  yield* textsAt(at(objectAt(root, 'keys'), 'keystore') ?? {}, 'environment');
  for (const block of blocks) {
    for (const value of isObject(block) ? Object.values(block) : []) {
      const source = typeof value === 'string' ? parseSecretSource(value) : undefined;
      if (source?.kind === 'variable') yield source.name;
    }
  }
}

function checkManifestVariables(root: Json, report: Report): void {
  const credentials = new Set(credentialVariables(root));
  for (const [index, name] of listAt(root, 'manifestVariables').entries()) {
    if (typeof name !== 'string' || !credentials.has(name)) continue;
    report(['manifestVariables', index], {
      code: 'variable.credential',
      message: `${name} holds a credential of this configuration, which a manifest must not be able to read.`,
      suggestion: 'Remove it from manifestVariables:.',
    });
  }
}

function checkRecipients(root: Json, report: Report): void {
  for (const list of ['recipients', 'runnerRecipients']) {
    for (const [index, text] of listAt(objectAt(root, 'keys'), list).entries()) {
      if (typeof text !== 'string' || !/^age-secret-key-/i.test(text)) continue;
      report(['keys', list, index], {
        code: 'recipient.secret',
        message: 'This is the secret half of an identity, not a recipient.',
        suggestion: 'Make a new identity, and write its recipient (age1…) here.',
      });
    }
  }
}

function checkResolvers(root: Json, report: Report): void {
  for (const [index, text] of listAt(objectAt(root, 'preflight'), 'resolvers').entries()) {
    // What looks like no address at all is the schema's to say.
    if (typeof text !== 'string' || !/^[0-9a-f:.[\]]+$/i.test(text)) continue;
    const endpoint = parseEndpoint(text, DNS_PORT);
    if (endpoint && ipaddr.isValid(endpoint.host)) continue;
    report(['preflight', 'resolvers', index], {
      code: 'resolver.address',
      message: `"${text}" is no IP address, nor one with a port.`,
      suggestion: 'Write the address of a resolver, such as 192.0.2.53.',
    });
  }
}

function checkHooks(root: Json, report: Report): void {
  for (const [event, hook] of Object.entries(objectAt(root, 'hooks'))) {
    const given = ['run', 'dispatch'].filter((key) => at(hook, key) !== undefined);
    if (given.length === 1) continue;
    report(['hooks', event], {
      code: 'hook.kind',
      message:
        given.length === 0
          ? 'Nothing says what is to be started.'
          : 'A hook starts a program or sends an event, not both.',
      suggestion: 'Write run: [./deploy.sh] or dispatch: certwright-published.',
    });
  }
}

function checkRules(root: Json, report: Report): void {
  for (const [index, rule] of listAt(objectAt(root, 'policy'), 'rules').entries()) {
    const glob = textAt(rule, 'match');
    const path = ['policy', 'rules', index];
    if (glob !== undefined && !isNameGlob(glob)) {
      report([...path, 'match'], {
        code: 'policy.glob',
        message: '"match" is no glob over certificate names.',
        suggestion: 'Write for example team-a/** for everything of one folder.',
      });
    }
    if (isObject(rule) && Object.keys(rule).length === 1 && glob !== undefined)
      report(path, {
        code: 'policy.empty-rule',
        severity: 'warning',
        message: 'This rule changes nothing.',
        suggestion: 'Give it approval:, perOrder:, perDay: or perMonth:, or remove it.',
      });
  }
}

/** A configuration without errors, as the model has it. */
export function toConfiguration(
  document: YamlDocument,
  solvers: readonly SolverDefinition[],
): LoadedConfiguration {
  const root = document.value;
  const keys = objectAt(root, 'keys');
  const keystore = at(keys, 'keystore');
  const branches = objectAt(root, 'branches');
  const policy = objectAt(root, 'policy');
  return {
    version: 1,
    id: textAt(root, 'id') ?? '',
    branches: {
      approval: textAt(branches, 'approval') ?? 'main',
      state: textAt(branches, 'state') ?? 'certwright/state',
    },
    keys: {
      recipients: textsAt(keys, 'recipients'),
      runnerRecipients: textsAt(keys, 'runnerRecipients'),
      ...optional('keystore', isObject(keystore) ? toKeystore(keystore) : undefined),
    },
    providers: mapValues(objectAt(root, 'providers'), (it, id) => toAccount(id, isObject(it) ? it : {})),
    solvers: mapValues(objectAt(root, 'solvers'), (it, id) => {
      const block = isObject(it) ? it : {};
      return toSolver(id, block, solvers, split(block, SOLVER_KEYS));
    }),
    policy: {
      approval: { ...DEFAULT_APPROVAL, ...toApproval(objectAt(policy, 'approval')) },
      spending: toSpending(objectAt(policy, 'spending')),
      rules: listAt(policy, 'rules').map(toRule),
      requests: toRequests(objectAt(policy, 'requests')),
    },
    preflight: toPreflight(objectAt(root, 'preflight')),
    endpoints: toEndpoints(objectAt(root, 'endpoints')),
    contacts: mapValues(objectAt(root, 'contacts'), toContactSet),
    notifications: listAt(root, 'notifications').filter(isObject).flatMap(toNotification),
    hooks: mapValues(objectAt(root, 'hooks'), toHook),
    manifestVariables: textsAt(root, 'manifestVariables'),
    defaults: { values: objectAt(root, 'defaults'), document, path: ['defaults'] },
  };
}

function toApproval(block: JsonObject): Partial<Record<ApprovalKind, ApprovalMode>> {
  const approval: Partial<Record<ApprovalKind, ApprovalMode>> = {};
  for (const kind of ['order', 'renew', 'free', 'revoke'] as const) {
    const mode = MODES.find((it) => it === textAt(block, kind));
    if (mode !== undefined) approval[kind] = mode;
  }
  return approval;
}

const toPreflight = (block: JsonObject): PreflightConfig => ({
  off: flagAt(block, 'off') ?? false,
  resolvers: textsAt(block, 'resolvers'),
});

function toRequests(block: JsonObject): ApprovalRequestsConfig {
  const { perRun, open } = block;
  return {
    group: GROUPINGS.find((it) => it === textAt(block, 'group')) ?? DEFAULT_REQUESTS.group,
    perRun: typeof perRun === 'number' ? perRun : DEFAULT_REQUESTS.perRun,
    open: typeof open === 'number' ? open : DEFAULT_REQUESTS.open,
  };
}

const toEndpoints = (block: JsonObject): EndpointsConfig => ({
  off: flagAt(block, 'off') ?? false,
  servedWithinMs: parseDuration(textAt(block, 'servedWithin') ?? '') ?? DAY_MS,
});

const moneyAt = (block: Json, key: string) => parseMoney(textAt(block, key) ?? '');

const toSpending = (block: Json): Spending => ({
  ...optional('perOrder', moneyAt(block, 'perOrder')),
  ...optional('perDay', moneyAt(block, 'perDay')),
  ...optional('perMonth', moneyAt(block, 'perMonth')),
});

const toRule = (rule: Json): PolicyRule => ({
  match: textAt(rule, 'match') ?? '',
  ...toSpending(rule),
  approval: toApproval(objectAt(rule, 'approval')),
});

/** What is a variable goes to the credentials, the rest to the options. */
function split(block: JsonObject, common: ReadonlySet<string>) {
  const own = Object.entries(block).filter(([key]) => !common.has(key));
  const isSource = (value: Json): boolean =>
    typeof value === 'string' && parseSecretSource(value) !== undefined;
  return {
    credentials: toCredentials(Object.fromEntries(own)),
    options: Object.fromEntries(own.filter(([, value]) => !isSource(value))),
  };
}

const toHook = (block: Json): HookConfig => {
  const event = textAt(block, 'dispatch');
  return event === undefined ? toProgramHook(block) : { kind: 'dispatch', event };
};

const toProgramHook = (block: Json): ProgramHook => ({
  kind: 'run',
  run: textsAt(block, 'run'),
  timeoutMs: parseDuration(textAt(block, 'timeout') ?? '') ?? MINUTE_MS,
  environment: textsAt(block, 'environment'),
});

const toKeystore = (block: JsonObject): KeystoreConfig => ({
  type: 'exec',
  run: textsAt(block, 'run'),
  timeoutMs: parseDuration(textAt(block, 'timeout') ?? '') ?? DEFAULT_KEYSTORE_MS,
  environment: textsAt(block, 'environment'),
});

const toPersonalTexts = (block: JsonObject): Record<string, PersonalText> =>
  Object.fromEntries(
    Object.entries(block).flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, parseSecretSource(value) ?? value]] : [],
    ),
  );

function toContactSet(set: Json): ContactSet {
  const person = (key: string): ContactPerson | undefined =>
    at(set, key) === undefined ? undefined : toPersonalTexts(objectAt(set, key));
  return {
    ...optional(
      'organization',
      at(set, 'organization') === undefined ? undefined : toPersonalTexts(objectAt(set, 'organization')),
    ),
    ...optional('admin', person('admin')),
    ...optional('technical', person('technical')),
    ...optional('approver', person('approver')),
  };
}
