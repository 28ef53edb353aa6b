import { jsonText } from '../../report/json.js';
import type { Context } from '../context.js';
import type { GitHubFiles } from '../github/set-up.js';
import type { Workplace } from '../workplace.js';
import type { Globals } from './globals.js';

/** Who can open what, and where their identities are. */
export interface Owners {
  readonly id: string;
  readonly recipients: readonly string[];
  readonly runnerRecipients: readonly string[];
  readonly proven: readonly string[];
  /** Files written now; [] where the configuration was there already. */
  readonly identityFiles: readonly string[];
}

export interface Made {
  readonly owners: Owners;
  readonly written: readonly string[];
  readonly gitHub: GitHubFiles | undefined;
}

/** What was set up, and what comes next. */
export function tell(
  context: Context,
  globals: Globals,
  { repository, checkout, local }: Workplace,
  { owners, written, gitHub }: Made,
): void {
  const files = [...written, ...(gitHub?.written ?? [])];
  if (globals.json) {
    const { identityFiles, ...shown } = owners;
    const github = gitHub === undefined ? {} : { github: gitHub };
    context.print(
      jsonText({ ...shown, identityFiles, written: files, remote: repository.remote, ...github }),
    );
    return;
  }
  const approval = local.configuration?.branches.approval ?? 'main';
  const [identity, runner] = owners.identityFiles;
  context.print(
    [
      `State created at ${repository.remote}.`,
      ...(files.length > 0 ? [`Written below ${checkout.root}:`, ...files.map((file) => `  ${file}`)] : []),
      ...keptLines(gitHub),
      ...(identity
        ? [
            '',
            'Your identity, the key to every private key:',
            `  ${identity}`,
            'Back it up now, outside this machine (a password manager, a printed sheet):',
            'what is sealed to a lost identity stays sealed.',
            `For CI, put the content of`,
            `  ${runner ?? ''}`,
            'into the secret CERTWRIGHT_IDENTITY; it opens the embedded CA, no private key.',
          ]
        : []),
      '',
      'Next:',
      '  1. edit certificates/example.yaml, then `certwright validate`',
      `  2. commit, push, and merge to ${approval}`,
      '  3. `certwright plan`, then `certwright apply`',
      ...nextLines(gitHub),
    ].join('\n'),
  );
}

/** The repository was set up before; only what GitHub needs was written. */
export function tellGitHub(
  context: Context,
  globals: Globals,
  { checkout }: Workplace,
  gitHub: GitHubFiles | undefined,
): void {
  if (globals.json) {
    context.print(jsonText({ written: gitHub?.written ?? [], github: gitHub }));
    return;
  }
  const written = gitHub?.written ?? [];
  context.print(
    [
      ...(written.length > 0
        ? [`Written below ${checkout.root}:`, ...written.map((file) => `  ${file}`)]
        : ['Everything is there already.']),
      ...keptLines(gitHub),
      ...nextLines(gitHub),
    ].join('\n'),
  );
}

const keptLines = (gitHub: GitHubFiles | undefined): readonly string[] =>
  (gitHub?.kept ?? []).map((file) => `Left alone, because it is there: ${file} (--force overwrites it)`);

const nextLines = (gitHub: GitHubFiles | undefined): readonly string[] =>
  gitHub === undefined ? [] : ['', 'On GitHub:', ...gitHub.next.map((step) => `  - ${step}`)];
