import type { LoadedConfiguration } from '../../config/configuration.js';
import type { GitRepository, Reader } from '../../repository/git-repository.js';
import type { Proposal } from '../../repository/proposal.js';
import type { Context } from '../context.js';
import { readConfiguration } from '../files.js';
import { openRemote } from '../remote.js';
import { DEFAULT_BRANCHES } from '../workplace.js';

export interface OpenedProposal {
  /** To be closed. */
  readonly repository: GitRepository & Reader;
  readonly proposal: Proposal;
  /** Of the branch it goes into: absent where that has none, or none that can be used. */
  readonly configuration?: LoadedConfiguration;
}

/**
 * A proposal and the branch it goes into. The names of the branches come from that branch's own configuration: what lies
 * in the folder may be anybody's.
 * @param ref  full: `refs/pull/7/head`
 * @throws CertError
 */
export async function openProposal(context: Context, branch: string, ref: string): Promise<OpenedProposal> {
  const branches = { ...DEFAULT_BRANCHES, approval: branch };
  const repository = await openRemote(context, branches);
  try {
    const proposal = await repository.proposal(branch, ref);
    const { configuration } = await readConfiguration(proposal.base, context.definitions);
    if (!configuration || configuration.branches.state === branches.state) {
      return { repository, proposal, ...(configuration === undefined ? {} : { configuration }) };
    }
    await repository.close();
    const named = { ...branches, state: configuration.branches.state };
    return { repository: await openRemote(context, named), proposal, configuration };
  } catch (error) {
    await repository.close();
    throw error;
  }
}
