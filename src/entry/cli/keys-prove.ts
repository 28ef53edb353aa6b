import { createPrivateKey } from 'node:crypto';
import { openersOf } from '../../keys/marks.js';
import { proveRecipients } from '../../keys/prove.js';
import { CertError } from '../../model/errors.js';
import type { Sealer } from '../../ports/keystore.js';
import { ConfigurationError } from '../../reconcile/open-run.js';
import type { StateView } from '../../reconcile/state.js';
import { certificatePath } from '../../repository/layout.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode } from '../exit.js';
import { openKeystore, sealerOf } from '../sealers.js';
import { openWorkplace, type Workplace } from '../workplace.js';
import type { Globals } from './globals.js';
import { printTold } from './person.js';
import type { Options } from './program.js';
import { withConfigurationFindings } from './refused.js';
import { changeHeader, openState } from './state.js';

/** `certwright keys prove`: shows that an identity opens what is sealed to a recipient, and records it. */
export async function run(context: Context, globals: Globals, _options: Options): Promise<ExitCode> {
  return withConfigurationFindings(context, async () => {
    const workplace = await openWorkplace(context, globals);
    try {
      return await prove(context, globals, workplace);
    } finally {
      await workplace.close();
    }
  });
}

async function prove(context: Context, globals: Globals, workplace: Workplace): Promise<ExitCode> {
  const { deps } = workplace;
  const view = await openState(deps);
  const reading = await deps.readFiles(view.snapshot.approval);
  if (!reading.configuration) throw new ConfigurationError(reading.findings);
  const { id, keys } = reading.configuration;
  const identities = await workplace.identities(id);
  const keystore = openKeystore(context, keys);
  if (identities.length === 0 && !keystore) {
    throw new CertError('key.no-identity', 'there is no identity here to prove anything with', {
      remedy: 'give one by `--identity FILE` or CERTWRIGHT_IDENTITY',
    });
  }
  const proofs = await proveRecipients({
    recipients: keys.recipients,
    identities,
    ...(keystore === undefined ? {} : { keystore }),
  });
  const openers = openersOf(keys);
  const now = proofs.filter(({ proven }) => proven).map(({ recipient }) => recipient);
  if (now.length === 0) {
    throw new CertError(
      'key.no-identity',
      'none of the identities given belongs to a recipient of certwright.yaml on the approval branch',
      { remedy: 'give the identity of one of `keys: recipients:`, or add its `age1…` there and merge it' },
    );
  }
  const opened = await openOne(
    view,
    sealerOf(context, keys, 'certificate', async () => identities),
  );
  let proven: readonly string[] = [];
  const changed = await changeHeader(
    deps,
    view,
    `prove keys: ${now.length === 1 ? 'a recipient' : `${now.length} recipients`} can open what is sealed`,
    (header) => {
      proven = openers.filter((one) => now.includes(one) || header.provenRecipients.includes(one));
      return sameList(proven, header.provenRecipients) ? header : { ...header, provenRecipients: proven };
    },
  );
  tell(context, globals, { recipients: openers, now, proven, opened, changed });
  return EXIT.fine;
}

/** A recipient that is configured no more proves nothing. */
const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((one) => b.includes(one));

type Opened =
  | { readonly kind: 'none' }
  | { readonly kind: 'opened' | 'closed' | 'damaged'; readonly file: string; readonly why?: string };

/** The challenge shows that the identity fits; a real key shows that what lies in Git can be used. */
async function openOne(view: StateView, sealer: Sealer): Promise<Opened> {
  const names = [...view.statuses.keys()].sort();
  const file = names.map((name) => certificatePath(name, 'key')).find((path) => view.files.has(path));
  const blob = file === undefined ? undefined : view.files.get(file);
  if (file === undefined || blob === undefined) return { kind: 'none' };
  const [sealed = ''] = (await view.snapshot.state?.read([blob])) ?? [];
  try {
    return isPrivateKey(await sealer.open(sealed))
      ? { kind: 'opened', file }
      : { kind: 'damaged', file, why: 'it holds no private key' };
  } catch (error) {
    if (!(error instanceof CertError)) throw error;
    return { kind: error.code === 'key.no-identity' ? 'closed' : 'damaged', file, why: error.message };
  }
}

/** The cause stays out: what a parser says about a key may quote it. */
function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).type === 'private';
  } catch {
    return false;
  }
}

interface Result {
  readonly recipients: readonly string[];
  readonly now: readonly string[];
  readonly proven: readonly string[];
  readonly opened: Opened;
  readonly changed: boolean;
}

function tell(
  context: Context,
  globals: Globals,
  { recipients, now, proven, opened, changed }: Result,
): void {
  const unproven = recipients.filter((one) => !proven.includes(one));
  const words = (one: string) =>
    now.includes(one) ? 'proven now' : proven.includes(one) ? 'proven before' : 'not proven';
  printTold(context, globals, {
    changed,
    facts: {
      recipients: recipients.map((recipient) => ({
        recipient,
        proven: proven.includes(recipient),
        now: now.includes(recipient),
      })),
      ...(opened.kind === 'none' ? {} : { opened: { file: opened.file, ok: opened.kind === 'opened' } }),
    },
    sentences: [
      ...recipients.map((one) => `${one}  ${words(one)}`),
      ...(opened.kind === 'opened' ? [`${opened.file} was opened as well.`] : []),
      changed ? 'Recorded on the state branch.' : 'All of this was recorded already.',
    ],
  });
  for (const one of unproven) {
    context.say(
      `warning: nobody has shown that ${one} can open anything; let its owner run \`certwright keys prove\``,
    );
  }
  if (opened.kind === 'closed') {
    context.say(
      `warning: ${opened.file} cannot be opened by the identities given: it was sealed before they were recipients; whoever can open it runs \`certwright rekey\``,
    );
  }
  if (opened.kind === 'damaged') context.say(`warning: ${opened.file} is damaged: ${opened.why ?? ''}`);
}
