import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isScalar, parseDocument } from 'yaml';
import { CertError } from '../../model/errors.js';
import { land } from '../../reconcile/land.js';
import { commitMessage } from '../../reconcile/message.js';
import type { StateView } from '../../reconcile/state.js';
import { HEADER_PATH } from '../../repository/layout.js';
import { CONFIGURATION_FILE } from '../configuration-file.js';
import type { Context } from '../context.js';
import { newRepositoryId } from '../repository-id.js';
import { configurationOf, type Workplace } from '../workplace.js';
import { agreed, type Told } from './person.js';
import type { Options } from './program.js';
import { headerOf } from './state.js';

/**
 * `--copy`: this repository gets an id of its own. First the state, then the file: stopped in between, the same command
 * finishes, and until the new id is merged nothing is bought under either.
 */
export async function claimCopy(
  context: Context,
  workplace: Workplace,
  view: StateView,
  options: Options,
): Promise<Told | undefined> {
  const { deps } = workplace;
  const file = await openIdFile(workplace);
  const { remote } = view.snapshot;
  const header = headerOf(view);
  const inCheckout = configurationOf(workplace.local).id;
  if (isEmptied(view) && header.remote === remote && header.repositoryId !== inCheckout) {
    await writeFile(file.path, file.withId(header.repositoryId));
    return told({ changed: false, from: inCheckout, id: header.repositoryId, remote });
  }
  if (header.remote === remote) {
    throw new CertError('usage', `the state belongs to ${remote} itself: there is no copy to claim`);
  }
  const question = `Everything certwright knows here was written for ${header.remote} and is removed: ${count(view)}. The certificates there live on; this repository begins anew. Is it a copy?`;
  if (!(await agreed(context, options, question))) return undefined;
  // What was typed into certwright.yaml beforehand is as good as a drawn one.
  const id = inCheckout === header.repositoryId ? newRepositoryId(context) : inCheckout;
  await land({ deps }, view, (head) => {
    const now = headerOf(head);
    if (now.repositoryId !== header.repositoryId || now.remote !== header.remote) throw claimedMeanwhile();
    const removed = new Set([...head.files.keys(), ...head.toRestore.map(({ path }) => path)]);
    removed.delete(HEADER_PATH);
    const { manifestCommit: _none, rebuilt: _lost, ...kept } = now;
    return {
      files: [...removed].map((path) => ({ path, content: null })),
      header: { ...kept, repositoryId: id, remote, provenRecipients: [] },
      message: commitMessage([`claim: a copy of ${header.remote}, now ${id} at ${remote}`]),
    };
  });
  await writeFile(file.path, file.withId(id));
  return told({ changed: true, from: header.repositoryId, id, remote });
}

const isEmptied = (view: StateView): boolean => [...view.files.keys()].every((path) => path === HEADER_PATH);

const count = ({ statuses }: StateView): string =>
  statuses.size === 1 ? '1 certificate' : `${statuses.size} certificates`;

const claimedMeanwhile = (): CertError =>
  new CertError('repository.moved', 'somebody else claimed this state meanwhile; nothing was changed', {
    remedy: 'look at `certwright plan` again',
  });

interface IdFile {
  readonly path: string;
  /** The text with another id: nothing else moves, comments and spaces included. */
  withId(id: string): string;
}

/** @throws CertError `config.invalid` before anything is changed, where the id cannot be edited */
async function openIdFile({ checkout, local }: Workplace): Promise<IdFile> {
  configurationOf(local);
  const path = join(checkout.root, CONFIGURATION_FILE);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CertError('config.invalid', `there is no ${CONFIGURATION_FILE} to write the new id into`, {
      cause,
      remedy: 'run it in a checkout of the approval branch',
    });
  });
  const node = parseDocument(text).get('id', true);
  const range = isScalar(node) ? node.range : undefined;
  if (!range) throw new CertError('config.invalid', `${path} has no \`id:\` that could be replaced`);
  const [start, end] = range;
  return { path, withId: (id) => `${text.slice(0, start)}${quoted(id)}${text.slice(end)}` };
}

/** Digits alone, or 123e45, would be a number in YAML. */
const quoted = (id: string): string => (/^[a-z]+[a-z0-9]*$/.test(id) && !RESERVED.has(id) ? id : `"${id}"`);

const RESERVED: ReadonlySet<string> = new Set(['true', 'false', 'null']);

function told({
  changed,
  from,
  id,
  remote,
}: {
  readonly changed: boolean;
  readonly from: string;
  readonly id: string;
  readonly remote: string;
}): Told {
  return {
    changed,
    facts: { claimed: 'copy', from, to: id, remote, file: CONFIGURATION_FILE },
    sentences: [
      changed
        ? `Claimed as a copy: the state at ${remote} is empty and has the id ${id} (before: ${from}).`
        : `The state at ${remote} is empty and has the id ${id} already.`,
      `Written: id ${id} in ${CONFIGURATION_FILE}.`,
      `Next: commit and push ${CONFIGURATION_FILE} to the approval branch, run \`certwright keys prove\` with an identity (\`--identity FILE\`: the default folder goes by the id), then \`certwright plan\`.`,
    ],
  };
}
