import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { keysNamedIn, parseKeyHash } from '../../keys/key-list.js';
import { CertError, messageOf } from '../../model/errors.js';
import { isOpen } from '../../model/intent.js';
import type { CompromisedKey, RequestRecord } from '../../model/status.js';
import { toInstant } from '../../model/time.js';
import type { PlanInput } from '../../planner/input.js';
import { refuseLostState } from '../../reconcile/land.js';
import { ConfigurationError } from '../../reconcile/open-run.js';
import type { StateView } from '../../reconcile/state.js';
import { type CompromiseSurvey, compromiseText, peopleNeeded } from '../../report/compromise-text.js';
import { count } from '../../report/words.js';
import { type ApprovalDraft, approvalDraft } from '../approval-draft.js';
import { type Recorded, recordCompromise } from '../compromise/record.js';
import { compromiseSurvey, withBlocked } from '../compromise/survey.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { lookAround } from '../situation.js';
import { planWithoutPrices } from '../unpriced-plan.js';
import { openWorkplace } from '../workplace.js';
import type { Globals } from './globals.js';
import { agreed, printTold, reasonOf } from './person.js';
import type { Options } from './program.js';
import { withConfigurationFindings } from './refused.js';
import { statusNamed } from './state.js';

/** `certwright compromise`: a key is known to somebody else. Blocks it, has it replaced everywhere, and revoked. */
export async function run(
  context: Context,
  globals: Globals,
  options: Options,
  names: readonly string[],
): Promise<number> {
  const reason = reasonOf(options);
  return withConfigurationFindings(context, async () => {
    const workplace = await openWorkplace(context, globals);
    try {
      const { deps } = workplace;
      const situation = await lookAround(context, deps);
      const { view, input, reading } = situation;
      refuseLostState(view);
      if (!input) throw new ConfigurationError(reading.findings);
      const at = toInstant(deps.clock.now());
      const hashes = await wantedKeys(context, options, names, view);
      const keys = hashes.map((keyHash): CompromisedKey => ({ keyHash, at, reason }));
      const survey = compromiseSurvey(situation, input, keys, options.revokeNow === true);
      context.progress.clear();
      if (!globals.json) context.print(`${compromiseText(survey, context.render)}\n`);
      if (options.dryRun === true) {
        tell(context, globals, survey, NOTHING, []);
        return EXIT.fine;
      }
      if (!(await agreed(context, options, question(survey, options.revokeNow === true)))) return EXIT.fine;
      const recorded = await recordCompromise(deps, view, survey, keys, reason);
      tell(context, globals, survey, recorded, approvalsFor(context, input, keys, survey));
      return EXIT.fine;
    } finally {
      await workplace.close();
    }
  });
}

/** @throws CertError `usage` */
async function wantedKeys(
  context: Context,
  options: Options,
  names: readonly string[],
  view: StateView,
): Promise<readonly string[]> {
  const given = (Array.isArray(options.key) ? options.key : []).map(String).map((text) => {
    const keyHash = parseKeyHash(text);
    if (keyHash !== undefined) return keyHash;
    throw new CertError('usage', '--key is no hash of a public key', {
      remedy:
        'give the SHA-256 of its SubjectPublicKeyInfo in hex, or in base64 as `sha256/…`; --file takes the key itself',
    });
  });
  const file = typeof options.file === 'string' ? await keysInFile(resolve(context.cwd, options.file)) : [];
  const all = [...new Set([...names.flatMap((name) => keysOf(view, name)), ...given, ...file])];
  if (all.length > 0) return all;
  throw new CertError('usage', 'nothing says which key is compromised', {
    remedy: 'give names of certificates, --key HASH, or --file with keys or hashes',
  });
}

async function keysInFile(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new CertError('usage', `--file cannot be read: ${messageOf(error)}`);
  });
  return (await keysNamedIn(text)).map((key) => {
    if ('keyHash' in key) return key.keyHash;
    throw new CertError('usage', `${path}: ${key.problem}`, {
      remedy: 'each line is the SHA-256 of a SubjectPublicKeyInfo, or the file holds PEM blocks',
    });
  });
}

/** The key a certificate is used with; of one that is not issued yet, those it was asked for with. */
function keysOf(view: StateView, name: string): readonly string[] {
  const { current, intents } = statusNamed(view, name);
  if (current) return [current.keyHash];
  const pending = intents.filter(isOpen).flatMap(({ keyHash }) => keyHash ?? []);
  if (pending.length > 0) return pending;
  throw new CertError('usage', `${name} has neither a certificate nor an order under way`);
}

const question = ({ keys, certificates }: CompromiseSurvey, now: boolean): string => {
  const revoked = certificates.filter(({ revoke }) => revoke.how !== 'person').length;
  return `Block ${count(keys.length, 'key')} for ever, have new ones made, and ${count(revoked, 'certificate')} revoked ${now ? 'at once' : 'after that'}? A revocation cannot be taken back.`;
};

/** Where the policy wants them: what a person merges, computed as if nothing had to be waited for. */
function approvalsFor(
  context: Context,
  input: PlanInput,
  keys: readonly CompromisedKey[],
  { certificates }: CompromiseSurvey,
): readonly ApprovalDraft[] {
  const statuses = new Map(input.state.statuses);
  for (const { name, serial, revoke } of certificates) {
    const status = statuses.get(name);
    if (!status || revoke.how === 'person') continue;
    const request: RequestRecord = {
      id: serial,
      action: 'revoke',
      requestedAt: toInstant(input.nowMs),
      reason: '',
      revocationReason: 'keyCompromise',
      serial,
    };
    statuses.set(name, {
      ...status,
      requests: [...status.requests.filter((r) => r.action !== 'revoke'), request],
    });
  }
  const blocked = withBlocked(input, keys);
  const plan = planWithoutPrices({ ...blocked, state: { ...blocked.state, statuses } });
  return plan.items
    .filter(({ reason, hold }) => reason === 'RevokeRequested' && hold?.code === 'approval-missing')
    .flatMap((item) => approvalDraft(item, undefined, context.clock.now(), context.random) ?? []);
}

const SHOWN_APPROVALS = 3;
const NOTHING: Recorded = { blocked: [], revocations: [] };

function tell(
  context: Context,
  globals: Globals,
  survey: CompromiseSurvey,
  recorded: Recorded,
  approvals: readonly ApprovalDraft[],
): void {
  const { blocked, revocations } = recorded;
  const changed = blocked.length + revocations.length > 0;
  const shown = approvals.slice(0, SHOWN_APPROVALS);
  const people = peopleNeeded(survey);
  printTold(context, globals, {
    changed,
    facts: {
      keys: survey.keys.map((one) => ({ ...one })),
      certificates: survey.certificates.map(({ reissue, revoke, ...one }) => ({
        ...one,
        ...(reissue === undefined ? {} : { reissue: { ...reissue } }),
        revoke: { ...revoke },
      })),
      orders: survey.orders.map((one) => ({ ...one })),
      manifests: survey.csrs.map((one) => ({ ...one })),
      blocked,
      revocations,
      approvals: approvals.map((one) => ({ ...one })),
    },
    sentences: [
      ...(changed
        ? [
            `Recorded: ${count(blocked.length, 'key')} blocked, ${count(revocations.length, 'revocation')} asked for.`,
            'Next: `certwright apply` makes the new keys; deploy them, then apply again.',
          ]
        : [recorded === NOTHING ? 'Nothing was changed.' : 'Nothing was added: it is recorded already.']),
      ...(people === undefined ? [] : [people]),
      ...(approvals.length === 0
        ? []
        : [
            `The policy wants an approval for ${count(approvals.length, 'revocation')}. Where no pull request comes for it, merge ${approvals.length === 1 ? 'this file' : 'files like these'} (\`certwright show NAME\` prints it again):`,
            ...shown.flatMap(({ file, text }) => ['', `${file}:`, ...text.trimEnd().split('\n')]),
          ]),
    ],
  });
}
