import { CertError, messageOf } from '../../model/errors.js';
import { readState } from '../../reconcile/state.js';
import { type Diagnosis, doctorText } from '../../report/doctor-text.js';
import { jsonText } from '../../report/json.js';
import { count } from '../../report/words.js';
import { checkAccount } from '../account-check.js';
import { closeAccounts, openAccounts } from '../accounts.js';
import type { Context } from '../context.js';
import { channelsOf } from '../doctor/channels.js';
import { examineGitHub } from '../doctor/github.js';
import { ages, pushing, recipientsOf, stateOf } from '../doctor/repository.js';
import { EXIT, type ExitCode, exitCodeOfError } from '../exit.js';
import { forgePlace, openForge, repositoryAt } from '../forge.js';
import { openCheckout, openWorkplace, type Workplace } from '../workplace.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';

/** `certwright doctor`: looks at everything a run depends on, and changes nothing. */
export async function run(context: Context, globals: Globals, options: Options): Promise<number> {
  const workplace = await openWorkplace(context, globals);
  try {
    const { diagnoses, code } = await examine(context, workplace, options.github === true);
    context.progress.clear();
    context.print(
      globals.json ? jsonText({ diagnoses, exitCode: code }) : doctorText(diagnoses, context.render),
    );
    return code;
  } finally {
    await workplace.close();
  }
}

interface Examined {
  readonly diagnoses: readonly Diagnosis[];
  readonly code: ExitCode;
}

async function examine(context: Context, workplace: Workplace, gitHub: boolean): Promise<Examined> {
  const { repository, deps, local } = workplace;
  const files = await examineFiles(context);
  const { configuration } = local;
  if (!configuration) return { diagnoses: files, code: EXIT.error };
  const diagnoses = [...files];
  let code: ExitCode = EXIT.fine;
  context.progress.step(`asking ${repository.remote}`);
  try {
    const snapshot = await repository.observe();
    diagnoses.push(...(await pushing(workplace, snapshot)));
    const view = await readState(deps, snapshot);
    diagnoses.push(...stateOf(workplace, view, configuration));
    if (snapshot.integrity.kind === 'lost') code = EXIT.attention;
    if (snapshot.integrity.kind !== 'absent') {
      const identities = await workplace.identities();
      diagnoses.push(...recipientsOf(view, configuration, identities.length));
      diagnoses.push(...(await ages(context, workplace, view, configuration)));
      diagnoses.push(...(await channelsOf(context, workplace, view, configuration)));
    }
  } catch (error) {
    const failed = refused('remote', error);
    diagnoses.push(failed);
    code = error instanceof CertError ? exitCodeOfError(error) : EXIT.error;
  }
  diagnoses.push(...(await examineAccounts(context, workplace)));
  if (gitHub) diagnoses.push(...(await onGitHub(context, workplace)));
  const hasProblem = diagnoses.some(({ level }) => level === 'problem');
  return { diagnoses, code: code === EXIT.fine && hasProblem ? EXIT.error : code };
}

/** Anything but an interruption is one more line. */
function refused(part: string, error: unknown): Diagnosis {
  if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
  const remedy = error.remedy === undefined ? {} : { remedy: error.remedy };
  return { part, level: 'problem', message: messageOf(error), ...remedy };
}

async function examineFiles(context: Context): Promise<readonly Diagnosis[]> {
  const { local } = await openCheckout(context);
  const errors = local.findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    const [first] = errors;
    const message = `${count(errors.length, 'error')} in the files: ${first?.message ?? ''}`;
    return [{ part: 'files', level: 'problem', message, remedy: 'run `certwright validate`' }];
  }
  const many = count(local.desired?.specs.length ?? 0, 'manifest');
  return [{ part: 'files', level: 'ok', message: `configuration and ${many} are fine` }];
}

async function examineAccounts(context: Context, workplace: Workplace): Promise<readonly Diagnosis[]> {
  const accounts = await openAccounts(context, workplace, []);
  try {
    return await Promise.all(
      accounts.map(async (account): Promise<Diagnosis> => {
        context.progress.step(`asking ${account.config.id}`);
        const {
          account: id,
          result,
          findings,
          clockDifferenceMs,
        } = await checkAccount(account, context.clock);
        const part = 'accounts';
        if (result === 'fine') {
          const seconds = Math.abs(Math.round((clockDifferenceMs ?? 0) / 1000));
          const clock =
            clockDifferenceMs === undefined ? '' : `, its clock is within ${seconds} s of this one`;
          return { part, level: 'ok', message: `${id} can be used${clock}` };
        }
        const message = `${id}: ${[result, ...findings].join('; ')}`;
        return { part, level: 'problem', message, remedy: `\`certwright check ${id}\` tells where to look` };
      }),
    );
  } finally {
    await closeAccounts(accounts);
  }
}

async function onGitHub(context: Context, workplace: Workplace): Promise<readonly Diagnosis[]> {
  const { repository, local } = workplace;
  const place = forgePlace(context, repository.remote);
  if (!place || !local.configuration) {
    const known = repositoryAt(context, repository.remote) !== undefined;
    const message = known ? 'there is no token to ask GitHub with' : `${repository.remote} is not on GitHub`;
    const remedy = known
      ? 'set GITHUB_TOKEN or GH_TOKEN, best of an administrator (gh auth token)'
      : 'set GITHUB_REPOSITORY, and GITHUB_SERVER_URL and GITHUB_API_URL for GitHub Enterprise';
    return [{ part: 'github', level: 'problem', message, remedy }];
  }
  context.progress.step(`asking GitHub about ${place.repository}`);
  const forge = openForge(context, place);
  try {
    return await examineGitHub(forge, local.configuration, context.clock.now());
  } finally {
    await forge.close();
  }
}
