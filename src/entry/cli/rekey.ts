import type { Configuration } from '../../model/configuration.js';
import { CertError, explain } from '../../model/errors.js';
import type { Secret } from '../../model/secret.js';
import { toInstant } from '../../model/time.js';
import { ConfigurationError } from '../../reconcile/open-run.js';
import { sealAnew } from '../../reconcile/rekey.js';
import { sealAccountAnew } from '../../reconcile/rekey-accounts.js';
import { terminalText } from '../../report/escape.js';
import { type RekeySurvey, surveyText } from '../../report/rekey-text.js';
import { count } from '../../report/words.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode } from '../exit.js';
import { certificateMarks, runnerMarks, surveyOf } from '../rekey/survey.js';
import { sealerOf } from '../sealers.js';
import { lookAround } from '../situation.js';
import { openWorkplace, type Workplace } from '../workplace.js';
import { askable, type Impossible, recordWishes } from './ask-many.js';
import type { Globals } from './globals.js';
import { agreed, printTold } from './person.js';
import type { Options } from './program.js';
import { withConfigurationFindings } from './refused.js';
import { refuseReissue, reissueComing } from './reissue.js';
import { openState } from './state.js';

/** `certwright rekey`: seals what is sealed anew, for the recipients that certwright.yaml names now. */
export async function run(context: Context, globals: Globals, options: Options): Promise<number> {
  return withConfigurationFindings(context, async () => {
    const workplace = await openWorkplace(context, globals);
    try {
      return await rekey(context, globals, options, workplace);
    } finally {
      await workplace.close();
    }
  });
}

async function rekey(
  context: Context,
  globals: Globals,
  options: Options,
  workplace: Workplace,
): Promise<ExitCode> {
  const { deps, repository } = workplace;
  const view = await openState(deps);
  const { configuration, findings } = await deps.readFiles(view.snapshot.approval);
  if (!configuration) throw new ConfigurationError(findings);
  const survey = await surveyOf(repository, view, configuration, context.clock.now());
  context.progress.clear();
  if (!globals.json) context.print(`${surveyText(survey, context.render)}\n`);
  const due = isDue(survey);
  const wanted = options.reissueRemoved === true ? survey.exposed.map(({ name }) => name) : [];
  if (options.dryRun === true || (!due && wanted.length === 0)) {
    tell(context, globals, survey, { ...NOTHING, hint: survey.exposed.length > 0 });
    return EXIT.fine;
  }
  const identities = await workplace.identities(configuration.id);
  if (due && identities.length === 0 && !configuration.keys.keystore) {
    throw new CertError('key.no-identity', 'what is sealed has to be opened before it can be sealed anew', {
      remedy: 'give an identity that opens it by `--identity FILE` or CERTWRIGHT_IDENTITY',
    });
  }
  if (!(await agreed(context, options, question(survey, due, wanted.length)))) return EXIT.fine;
  const accounts = due
    ? await accountsAnew(context, workplace, configuration, survey, identities)
    : NO_ACCOUNTS;
  const sealer = sealerOf(context, configuration.keys, 'certificate', async () => identities);
  const keys = due
    ? await sealAnew(deps, view, sealer, certificateMarks(configuration))
    : { sealed: [], left: [] };
  const asked = wanted.length === 0 ? NOBODY : await askForNewKeys(context, workplace, survey);
  const left = [...accounts.left, ...keys.left.map(({ path, why }) => ({ what: path, why }))];
  tell(context, globals, survey, {
    sealed: keys.sealed.map(({ path }) => path),
    accounts: accounts.sealed,
    left,
    ...asked,
    hint: wanted.length === 0 && survey.exposed.length > 0,
  });
  return left.length > 0 ? EXIT.error : EXIT.fine;
}

const isDue = ({ keys, accounts }: RekeySurvey): boolean =>
  keys.some((key) => key.isDue) || accounts.some(({ files }) => files.some((file) => file.isDue));

const question = ({ openers }: RekeySurvey, due: boolean, reissues: number): string =>
  [
    ...(due ? [`Seal all of this anew for ${count(openers.length, 'recipient')}`] : []),
    ...(reissues > 0 ? [`ask for new keys for ${count(reissues, 'certificate')}`] : []),
  ]
    .join(', and ')
    .replace(/^./, (first) => first.toUpperCase())
    .concat('?');

interface Left {
  readonly what: string;
  readonly why: string;
}

const NO_ACCOUNTS = { sealed: [] as readonly string[], left: [] as readonly Left[] };
const NOBODY = { requested: [] as readonly string[], impossible: [] as readonly Impossible[] };
const NOTHING = { sealed: [], accounts: [], left: [], ...NOBODY };

/** What runs keep sealed: an account that the identities given do not open does not stop the others. */
async function accountsAnew(
  context: Context,
  { repository }: Workplace,
  configuration: Configuration,
  survey: RekeySurvey,
  identities: readonly Secret[],
): Promise<{ readonly sealed: readonly string[]; readonly left: readonly Left[] }> {
  const sealer = sealerOf(context, configuration.keys, 'runner', async () => identities);
  const sealed: string[] = [];
  const left: Left[] = [];
  for (const { account, files } of survey.accounts) {
    if (!files.some((file) => file.isDue)) continue;
    try {
      const marks = runnerMarks(configuration);
      const done = await sealAccountAnew(account, repository.accounts(account), sealer, marks);
      sealed.push(...done.map((file) => `${account}/${file}`));
    } catch (error) {
      if (!(error instanceof CertError) || !error.code.startsWith('key.')) throw error;
      left.push({ what: `account ${account}`, why: explain(error) });
    }
  }
  return { sealed, left };
}

/** The normal planner makes the new keys. */
async function askForNewKeys(context: Context, { deps }: Workplace, { exposed }: RekeySurvey) {
  const situation = await lookAround(context, deps);
  const names = exposed.map(({ name }) => name);
  const { subjects, impossible } = askable(situation, names, refuseReissue);
  const former = new Map(exposed.map(({ name, formerly }) => [name, formerly]));
  const written = await recordWishes(
    deps,
    situation.view,
    subjects.map(({ status: { name } }) => ({
      name,
      request: {
        id: deps.random.hex(8),
        action: 'reissue' as const,
        requestedAt: toInstant(deps.clock.now()),
        reason: `recipient removed: ${former.get(name)?.join(', ')}`,
        newKey: true as const,
      },
      isComing: (status) => reissueComing(status) !== undefined,
    })),
    ({ name }) => `ask for reissue ${name}: a removed recipient knows its key`,
  );
  return { requested: written.map(({ name }) => name), impossible };
}

interface Result {
  readonly sealed: readonly string[];
  readonly accounts: readonly string[];
  readonly left: readonly Left[];
  readonly requested: readonly string[];
  readonly impossible: readonly Impossible[];
  /** Say how to have new keys made. */
  readonly hint: boolean;
}

function tell(context: Context, globals: Globals, survey: RekeySurvey, result: Result): void {
  const { sealed, accounts, left, requested, impossible, hint } = result;
  const changed = sealed.length + accounts.length + requested.length > 0;
  const done = [
    ...(sealed.length === 0 ? [] : [count(sealed.length, 'key')]),
    ...(accounts.length === 0 ? [] : [`${count(accounts.length, 'file')} of accounts`]),
  ];
  printTold(context, globals, {
    changed,
    facts: {
      ...surveyFacts(survey),
      sealed,
      accountsSealed: accounts,
      left: left.map((one) => ({ ...one })),
      requested,
      impossible: impossible.map((one) => ({ ...one })),
    },
    sentences: [
      ...(done.length === 0 ? [] : [`Sealed anew: ${done.join(' and ')}.`]),
      ...(requested.length === 0
        ? []
        : [
            `Recorded: ${count(requested.length, 'certificate')} to be reissued with new keys.`,
            'Next: `certwright apply` carries it out.',
          ]),
      ...(hint
        ? ['For new keys where they are known: certwright rekey --reissue-removed']
        : changed
          ? []
          : ['Nothing was changed.']),
    ],
  });
  for (const { what, why } of left) context.say(`warning: ${terminalText(what)} was left as it is: ${why}`);
  for (const { name, why, remedy } of impossible) {
    context.say(`warning: ${name} is not asked for: ${why}${remedy === undefined ? '' : `; ${remedy}`}`);
  }
}

const surveyFacts = ({ openers, added, removed, keys, accounts, exposed, unknown }: RekeySurvey) => ({
  recipients: openers,
  added: added.map((one) => ({ ...one })),
  removed,
  keys: { total: keys.length, due: keys.filter((key) => key.isDue).length },
  accounts: accounts.map(({ account, files }) => ({
    account,
    files: files.map(({ file, isDue: due, formerly }) => ({ file, due, formerly })),
  })),
  exposed: exposed.map((one) => ({ ...one })),
  unknown,
});
