import { CertError, messageOf } from '../../model/errors.js';
import type { DnsName } from '../../model/names.js';
import { isCertificate } from '../../planner/input.js';
import { readState } from '../../reconcile/state.js';
import { type Diagnosis, doctorText } from '../../report/doctor-text.js';
import { jsonText } from '../../report/json.js';
import { count } from '../../report/words.js';
import { checkAccount } from '../account-check.js';
import { closeAccounts, openAccounts } from '../accounts.js';
import type { Context } from '../context.js';
import { channelsOf } from '../doctor/channels.js';
import { clockLine, hostClock, type OtherClock } from '../doctor/clock.js';
import { examineDaemon } from '../doctor/daemon.js';
import { examineGitHub } from '../doctor/github.js';
import { line } from '../doctor/line.js';
import { machineOf } from '../doctor/machine.js';
import { mergedOf, pushing, recipientsOf, stateOf } from '../doctor/repository.js';
import { runsOf } from '../doctor/runs.js';
import { examineSolvers } from '../doctor/solvers.js';
import { EXIT, type ExitCode, exitCodeOfError } from '../exit.js';
import { forgePlace, openForge, repositoryAt } from '../forge.js';
import { openCheckout, openWorkplace, type Workplace } from '../workplace.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';

/** `certwright doctor`: looks at everything a run depends on, and changes nothing. */
export async function run(context: Context, globals: Globals, options: Options): Promise<number> {
  const workplace = await openWorkplace(context, globals);
  try {
    const { diagnoses, code } = await examine(context, workplace, options);
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

async function examine(context: Context, workplace: Workplace, options: Options): Promise<Examined> {
  const { repository, deps, local } = workplace;
  const { diagnosis, names } = await examineFiles(context);
  const files = [...machineOf(context), diagnosis];
  const { configuration } = local;
  if (!configuration) return { diagnoses: files, code: EXIT.error };
  const diagnoses = [...files];
  let code: ExitCode = EXIT.fine;
  context.progress.step(`asking ${repository.remote}`);
  try {
    const snapshot = await repository.observe();
    diagnoses.push(...(await pushing(workplace, snapshot)));
    diagnoses.push(...(await mergedOf(workplace, snapshot)));
    const view = await readState(deps, snapshot);
    diagnoses.push(...stateOf(workplace, view, configuration));
    if (snapshot.integrity.kind === 'lost') code = EXIT.attention;
    if (snapshot.integrity.kind !== 'absent') {
      const identities = await workplace.identities();
      diagnoses.push(...recipientsOf(view, configuration, identities.length));
      diagnoses.push(...(await runsOf(context, workplace, view, configuration)));
      diagnoses.push(...(await channelsOf(context, workplace, view, configuration)));
    }
  } catch (error) {
    const failed = refused('remote', error);
    diagnoses.push(failed);
    code = error instanceof CertError ? exitCodeOfError(error) : EXIT.error;
  }
  const { accounts, clocks } = await examineAccounts(context, workplace);
  const host = clocks.length === 0 ? await hostClock(context, repository.remote) : undefined;
  diagnoses.push(...accounts, clockLine(host === undefined ? clocks : [host]));
  context.progress.step('looking at zones');
  const solvers = Object.values(configuration.solvers);
  diagnoses.push(...(await examineSolvers(deps, solvers, names, context.env)));
  if (typeof options.daemon === 'string') diagnoses.push(await examineDaemon(options.daemon, context.signal));
  if (options.github === true) diagnoses.push(...(await onGitHub(context, workplace)));
  const hasProblem = diagnoses.some(({ level }) => level === 'problem');
  return { diagnoses, code: code === EXIT.fine && hasProblem ? EXIT.error : code };
}

/** Anything but an interruption is one more line. */
function refused(part: string, error: unknown): Diagnosis {
  if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
  const remedy = error.remedy === undefined ? {} : { remedy: error.remedy };
  return { part, level: 'problem', message: messageOf(error), ...remedy };
}

/** With names that certificates are declared for, to look at zones with. */
async function examineFiles(
  context: Context,
): Promise<{ readonly diagnosis: Diagnosis; readonly names: readonly DnsName[] }> {
  const { local } = await openCheckout(context);
  const names = local.desired?.specs.flatMap((spec) => (isCertificate(spec) ? spec.names : [])) ?? [];
  const errors = local.findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    const [first] = errors;
    const message = `${count(errors.length, 'error')} in the files: ${first?.message ?? ''}`;
    return { diagnosis: line('files', 'problem', message, 'run `certwright validate`'), names };
  }
  const many = count(local.desired?.specs.length ?? 0, 'manifest');
  return { diagnosis: line('files', 'ok', `configuration and ${many} are fine`), names };
}

interface ExaminedAccounts {
  readonly accounts: readonly Diagnosis[];
  /** Of accounts that told the time. */
  readonly clocks: readonly OtherClock[];
}

async function examineAccounts(context: Context, workplace: Workplace): Promise<ExaminedAccounts> {
  const accounts = await openAccounts(context, workplace, []);
  try {
    const checked = await Promise.all(
      accounts.map((account) => {
        context.progress.step(`asking ${account.config.id}`);
        return checkAccount(account, context.clock);
      }),
    );
    return {
      accounts: checked.map(({ account: id, result, findings }) =>
        result === 'fine'
          ? line('accounts', 'ok', `${id} can be used`)
          : line(
              'accounts',
              'problem',
              `${id}: ${[result, ...findings].join('; ')}`,
              `\`certwright check ${id}\` tells where to look`,
            ),
      ),
      clocks: checked.flatMap(({ account, clockDifferenceMs }) =>
        clockDifferenceMs === undefined ? [] : [{ who: account, aheadMs: clockDifferenceMs }],
      ),
    };
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
