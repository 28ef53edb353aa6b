import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { generateIdentity, isRecipient, recipientOf } from '../../keys/age.js';
import { readIdentityFile, writeIdentityFile } from '../../keys/identity-file.js';
import { proveRecipients } from '../../keys/prove.js';
import type { Configuration } from '../../model/configuration.js';
import { CertError } from '../../model/errors.js';
import { STATE_FORMAT_VERSION, type StateHeader } from '../../model/status.js';
import { refusedPush } from '../../reconcile/land.js';
import { HEADER_PATH } from '../../repository/layout.js';
import { stableJson } from '../../repository/stable.js';
import { type Context, identityFolder } from '../context.js';
import { EXIT } from '../exit.js';
import { readConfiguration } from '../files.js';
import { gitHubWishes, setUpGitHub } from '../github/set-up.js';
import { newRepositoryId } from '../repository-id.js';
import { writeStarterFiles } from '../starter.js';
import { openWorkplace, type Workplace } from '../workplace.js';
import type { Globals } from './globals.js';
import { type Owners, tell, tellGitHub } from './init-text.js';
import type { Options } from './program.js';

/** `certwright init`: files in the checkout, an identity outside it, state and seen on the remote. Repeats safely. */
export async function run(context: Context, globals: Globals, options: Options): Promise<number> {
  const others = options.recipient as readonly string[];
  const wishes = gitHubWishes(options);
  await refuseBadRecipients(others);
  const workplace = await openWorkplace(context, globals);
  try {
    refuseBroken(workplace);
    const existing = workplace.local.configuration;
    const gitHub = async () =>
      wishes && setUpGitHub(workplace.checkout.root, await there(context, workplace), wishes);
    if (!existing && others.length === 0 && !options.singleRecipient) throw needTwo();
    const snapshot = await observeIfThere(workplace);
    if (snapshot ? snapshot.integrity.kind !== 'absent' : await hasOwnState(workplace)) {
      if (existing === undefined || wishes === undefined) return alreadyThere(context, workplace);
      tellGitHub(context, globals, workplace, await gitHub());
      return EXIT.fine;
    }
    const owners = existing
      ? await knownOwners(workplace)
      : await newOwners(context, workplace, others, options.identityFile);
    const written = existing ? [] : await writeStarterFiles(workplace.checkout.root, owners);
    await createState(workplace, owners);
    tell(context, globals, workplace, { owners, written, gitHub: await gitHub() });
    return EXIT.fine;
  } finally {
    await workplace.close();
  }
}

/** The configuration as it lies there now. */
async function there(context: Context, { checkout }: Workplace): Promise<Configuration> {
  const { configuration } = await readConfiguration(checkout, context.definitions);
  if (configuration) return configuration;
  throw new CertError('internal', 'the certwright.yaml that was just written cannot be read');
}

/** undefined: the approval branch does not exist yet, as in a repository made a minute ago. */
async function observeIfThere({ repository }: Workplace) {
  try {
    return await repository.observe();
  } catch (error) {
    if (error instanceof CertError && error.code === 'repository.ref-missing') return undefined;
    throw error;
  }
}

/**
 * Without an approval branch: did an earlier init make the state that is there? For it to be anybody else's, two people
 * must have begun at once.
 * @throws CertError `repository.already-initialised`
 */
async function hasOwnState({ repository, local, deps }: Workplace): Promise<boolean> {
  const tip = await repository.stateTip();
  if (tip === undefined) return false;
  const [header] = await tip.list(HEADER_PATH);
  const [text = ''] = await tip.read(header === undefined ? [] : [header.blob]);
  const { repositoryId } = deps.parseHeader(text, HEADER_PATH);
  if (local.configuration?.id === repositoryId) return true;
  throw othersState();
}

const othersState = (): CertError =>
  new CertError('repository.already-initialised', 'somebody else has set certwright up already', {
    remedy: 'have them push the certwright.yaml that init wrote, and use it',
  });

async function refuseBadRecipients(recipients: readonly string[]): Promise<void> {
  for (const recipient of recipients) {
    if (await isRecipient(recipient)) continue;
    throw new CertError('usage', 'a --recipient is no age recipient', {
      remedy:
        'it starts with age1; the other person sees it with `age-keygen -y FILE` or in their identity file',
    });
  }
}

function refuseBroken({ local, checkout }: Workplace): void {
  const broken = local.findings.find((finding) => finding.code !== 'config.missing');
  if (local.configuration || !broken) return;
  throw new CertError('config.invalid', `${checkout.root} has a certwright.yaml with errors`, {
    remedy: 'run `certwright validate` and mend it first',
  });
}

const needTwo = (): CertError =>
  new CertError('usage', 'one identity alone would be the only way to every private key', {
    remedy:
      'give a second person with `--recipient age1…`, or accept the risk with `--single-recipient` (back the identity up well)',
  });

function alreadyThere(context: Context, { local }: Workplace): number {
  context.say(
    local.configuration
      ? 'certwright is set up here already: state and certwright.yaml exist'
      : 'the remote has certwright state already: check out the approval branch to see its certwright.yaml',
  );
  return 0;
}

async function knownOwners({ local, identities }: Workplace): Promise<Owners> {
  const { id, keys } = local.configuration ?? { id: '', keys: { recipients: [], runnerRecipients: [] } };
  return {
    id,
    recipients: keys.recipients,
    runnerRecipients: keys.runnerRecipients,
    proven: await provenBy(keys.recipients, await identities(id)),
    identityFiles: [],
  };
}

async function newOwners(
  context: Context,
  { checkout }: Workplace,
  others: readonly string[],
  wanted: unknown,
): Promise<Owners> {
  const id = newRepositoryId(context);
  const folder = identityFolder(context.env, id);
  const file = typeof wanted === 'string' ? wanted : join(folder, 'identity.txt');
  const runnerFile = join(folder, 'runner.txt');
  const person = existsSync(file) ? undefined : await generateIdentity();
  if (person) await writeIdentityFile(file, person, checkout.root);
  const runner = await generateIdentity();
  await writeIdentityFile(runnerFile, runner, checkout.root);
  // Read back from disk: what counts is that the file opens, not that we once held the key.
  const { identities } = await readIdentityFile(file);
  const own = person?.recipient ?? (await ownRecipient(identities));
  const recipients = [...new Set([own, ...others])];
  return {
    id,
    recipients,
    runnerRecipients: [runner.recipient, own],
    proven: await provenBy(recipients, identities),
    identityFiles: [file, runnerFile],
  };
}

async function ownRecipient(
  identities: Parameters<typeof proveRecipients>[0]['identities'],
): Promise<string> {
  const [first] = identities;
  if (!first) throw new CertError('key.no-identity', 'the identity file holds no identity');
  return recipientOf(first);
}

async function provenBy(
  recipients: readonly string[],
  identities: Parameters<typeof proveRecipients>[0]['identities'],
): Promise<readonly string[]> {
  if (identities.length === 0) return [];
  const proofs = await proveRecipients({ recipients, identities });
  return proofs.filter((proof) => proof.proven).map((proof) => proof.recipient);
}

/** Both refs in one create-only push: of two people who do this at once, one is second. */
async function createState({ repository, deps }: Workplace, owners: Owners): Promise<void> {
  const header: StateHeader = {
    formatVersion: STATE_FORMAT_VERSION,
    revision: 1,
    repositoryId: owners.id,
    remote: repository.remote,
    provenRecipients: owners.proven,
  };
  const outcome = await repository.initialise(
    [{ path: HEADER_PATH, content: stableJson(header) }],
    'create the state of certwright\n',
  );
  if (outcome.kind === 'pushed') return;
  deps.log.info({ text: outcome.text }, 'state not created');
  if (outcome.kind === 'refused') throw refusedPush(outcome.text);
  throw othersState();
}
