import { CertError } from '../../model/errors.js';
import type { SandboxDefinition, VendorFault } from './definition.js';
import { suggestion } from './suggest.js';

/** One way in which a sandbox misbehaves, and how often. */
export interface FaultRule {
  readonly name: string;
  readonly value?: string;
  /** Operation it happens to, `any`, or `writes`; absent = what the fault's kind says. */
  readonly operation?: string;
  /** How many times; null = until it is taken away. */
  readonly times: number | null;
}

const HTTP = { form: /^[345]\d\d$/, example: '503' };

/** Faults every sandbox can have; they belong to the line, not to the shop. */
export const LINE_FAULTS: Readonly<Record<string, Omit<VendorFault, 'operations'>>> = {
  'drop-before': { description: 'the line is cut before anything happens' },
  'drop-after': { description: 'the call takes effect, then the line is cut without a reply' },
  slow: {
    description: 'the call takes effect, its reply comes MS later',
    value: { form: /^\d{1,7}$/, example: '5000' },
  },
  status: { description: 'an HTTP status, nothing happens', value: HTTP },
  'status-after': { description: 'an HTTP status although the call took effect', value: HTTP },
  garbage: { description: 'the call takes effect, the reply makes no sense' },
};

const FORM = /^([a-z0-9-]+)(?::([^@*]+))?(?:@([A-Za-z]+))?(?:\*(\d+|always))?$/;

export interface Faults {
  /** @throws CertError when there is no such fault, operation or value */
  add(rule: FaultRule): void;
  /** Uses one up. */
  take(names: readonly string[], operation: string): FaultRule | undefined;
  list(): readonly FaultRule[];
  replace(rules: readonly FaultRule[]): void;
}

/**
 * `drop-after`, `slow:5000@CollectSSL`, `status:503@any*3`, `answer:-42*always`.
 * @throws CertError when the text is no fault
 */
export function parseFault(text: string): FaultRule {
  const [, name, value, operation, times] = FORM.exec(text) ?? [];
  if (name === undefined) {
    throw new CertError(
      'usage',
      `"${text}" is no fault; write NAME, NAME:VALUE, NAME@OPERATION or NAME*TIMES.`,
    );
  }
  return {
    name,
    ...(value === undefined ? {} : { value }),
    ...(operation === undefined ? {} : { operation }),
    times: times === 'always' ? null : Number(times ?? '1'),
  };
}

export function createFaults(definition: SandboxDefinition): Faults {
  const kinds: Readonly<Record<string, VendorFault>> = {
    ...Object.fromEntries(
      Object.entries(LINE_FAULTS).map(([name, kind]) => [
        name,
        { ...kind, operations: definition.purchases },
      ]),
    ),
    ...definition.faults,
  };
  let rules: { rule: FaultRule; left: number }[] = [];
  const matches = (rule: FaultRule, operation: string): boolean =>
    rule.operation === 'any' ||
    (rule.operation === 'writes' && (definition.writes ?? definition.purchases).includes(operation)) ||
    (rule.operation === undefined
      ? (kinds[rule.name]?.operations ?? []).includes(operation)
      : rule.operation === operation);
  const add = (rule: FaultRule): void => {
    check(rule, kinds, definition.operations);
    rules.push({ rule, left: rule.times ?? Number.POSITIVE_INFINITY });
  };
  return {
    add,
    take(names, operation) {
      const found = rules.find(({ rule }) => names.includes(rule.name) && matches(rule, operation));
      if (found === undefined) return undefined;
      found.left -= 1;
      if (found.left <= 0) rules = rules.filter((other) => other !== found);
      return found.rule;
    },
    list: () =>
      rules.map(({ rule, left }) => ({ ...rule, times: left === Number.POSITIVE_INFINITY ? null : left })),
    replace(next) {
      rules = [];
      for (const rule of next) add(rule);
    },
  };
}

function check(
  { name, value, operation, times }: FaultRule,
  kinds: Readonly<Record<string, VendorFault>>,
  operations: readonly string[],
): void {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === undefined) {
    throw new CertError('usage', `There is no fault "${name}"${suggestion(name, Object.keys(kinds))}.`);
  }
  if (kind.value === undefined ? value !== undefined : !kind.value.form.test(value ?? '')) {
    const wanted =
      kind.value === undefined ? 'takes no value' : `needs a value, as in ${name}:${kind.value.example}`;
    throw new CertError('usage', `The fault "${name}" ${wanted}.`);
  }
  const onTheWire = kind.operations.some((known) => operations.includes(known));
  if (operation !== undefined && !onTheWire) {
    throw new CertError('usage', `The fault "${name}" happens to no call; leave "@${operation}" away.`);
  }
  const groups = ['any', 'writes'];
  if (operation !== undefined && !groups.includes(operation) && !operations.includes(operation)) {
    const hint = suggestion(operation, operations);
    throw new CertError(
      'usage',
      `There is no operation "${operation}"${hint}; "any" stands for all, "writes" for those that write.`,
    );
  }
  if (times !== null && (!Number.isSafeInteger(times) || times < 1)) {
    throw new CertError('usage', `The fault "${name}" must happen at least once.`);
  }
}
