import { say } from './escape.js';
import { colorsOf, hang, type RenderOptions } from './layout.js';
import { count } from './words.js';

/** One thing that was looked at. */
export interface Diagnosis {
  /** `repository`, `accounts`, `github` … */
  readonly part: string;
  readonly level: 'ok' | 'warning' | 'problem';
  /** What is, one sentence without a full stop. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string;
}

const INDENT = ' '.repeat(9);

/** One line for each, what to do under it, and a sum. */
export function doctorText(diagnoses: readonly Diagnosis[], options: RenderOptions): string {
  const colors = colorsOf(options);
  const paint = { ok: colors.green, warning: colors.yellow, problem: colors.red } as const;
  const lines = diagnoses.flatMap(({ part, level, message, remedy }) => {
    const [first = '', ...rest] = hang(INDENT, `${part}: ${say(message)}`, options.width);
    return [
      `${paint[level](level.padEnd(INDENT.length))}${first.trimStart()}`,
      ...rest,
      ...(remedy === undefined ? [] : hang(`${INDENT}→ `, say(remedy), options.width)),
    ];
  });
  return [...lines, '', sum(diagnoses)].join('\n');
}

function sum(diagnoses: readonly Diagnosis[]): string {
  const many = (level: Diagnosis['level']) => diagnoses.filter((one) => one.level === level).length;
  const problems = many('problem');
  const warnings = many('warning');
  if (problems + warnings === 0) return 'Everything is as it should be.';
  return `${count(problems, 'problem')}, ${count(warnings, 'warning')}.`;
}
