import { CertError } from '../../model/errors.js';
import { Secret } from '../../model/secret.js';
import { parseDuration } from '../../model/term.js';
import { HOUR_MS } from '../../model/time.js';

export const MODES = ['auto', 'plan', 'apply', 'sync', 'validate', 'comment'] as const;
export type Mode = (typeof MODES)[number];

/** `with:` of the step; action.yml has the defaults. */
export interface Inputs {
  readonly mode: Mode;
  /** Absent: nothing is written to pull requests. */
  readonly token?: Secret;
  readonly workingDirectory: string;
  /** An age identity, or the path of its file. */
  readonly identity?: string;
  readonly sync: 'auto' | 'always' | 'never';
  readonly waitMs: number;
  readonly comment: boolean;
  readonly check: boolean;
  readonly approvals: boolean;
  /** Who makes the commits of the state branch: git here, or GitHub, which signs them. */
  readonly commits: 'git' | 'api';
  readonly dashboard: boolean;
  readonly failOnAttention: boolean;
  /** Where metrics of runs that carry out are written. */
  readonly metricsFile?: string;
  /** Dead man's switch of runs that carry out: its address, or a file that holds it. */
  readonly ping?: Secret;
  /** Path of what the run of a pull request left. */
  readonly report?: string;
}

/** A list of every account once a day, whatever the schedule is. */
export const SYNC_OLDER_MS = 20 * HOUR_MS;

/** The runner hands inputs over as `INPUT_<NAME>`, upper case, hyphens kept. @throws CertError `usage` */
export function readInputs(env: NodeJS.ProcessEnv): Inputs {
  const text = (name: string): string => (env[`INPUT_${name.toUpperCase()}`] ?? '').trim();
  const wrong = (name: string, remedy: string): CertError =>
    new CertError('usage', `the input ${name} is ${JSON.stringify(text(name))}`, { remedy });
  const flag = (name: string, fallback: boolean): boolean => {
    const value = text(name).toLowerCase();
    if (value === '') return fallback;
    if (value === 'true' || value === 'false') return value === 'true';
    throw wrong(name, 'write true or false');
  };
  const oneOf = <T extends string>(name: string, values: readonly T[], fallback: T): T => {
    const value = text(name) === '' ? fallback : text(name);
    const found = values.find((one) => one === value);
    if (found === undefined) throw wrong(name, `write one of ${values.join(', ')}`);
    return found;
  };
  const waitMs = parseDuration(text('wait') === '' ? '2m' : text('wait'));
  if (waitMs === undefined) throw wrong('wait', 'write a duration such as 2m or 0s');
  const [token, identity, report] = [text('token'), text('identity'), text('report')];
  const [metricsFile, ping] = [text('metrics-file'), text('ping')];
  return {
    mode: oneOf('mode', MODES, 'auto'),
    ...(token === '' ? {} : { token: new Secret(token) }),
    workingDirectory: text('working-directory') || '.',
    ...(identity === '' ? {} : { identity }),
    sync: oneOf('sync', ['auto', 'always', 'never'], 'auto'),
    waitMs,
    comment: flag('comment', true),
    check: flag('check', true),
    approvals: flag('approvals', true),
    commits: oneOf('commits', ['git', 'api'], 'git'),
    dashboard: flag('dashboard', false),
    failOnAttention: flag('fail-on-attention', true),
    ...(metricsFile === '' ? {} : { metricsFile }),
    ...(ping === '' ? {} : { ping: new Secret(ping) }),
    ...(report === '' ? {} : { report }),
  };
}
