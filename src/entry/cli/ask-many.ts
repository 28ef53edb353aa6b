import { CertError } from '../../model/errors.js';
import type { RequestRecord, Status } from '../../model/status.js';
import type { Deps } from '../../reconcile/deps.js';
import { landTelling } from '../../reconcile/land.js';
import { commitMessage } from '../../reconcile/message.js';
import { changedStatuses, statusFile } from '../../reconcile/run.js';
import type { StateView } from '../../reconcile/state.js';
import type { Situation } from '../situation.js';
import { type Subject, subjectIn, withRequest } from './request.js';

/** Somebody for whom nothing can be asked, and what a person has to do instead. */
export interface Impossible {
  readonly name: string;
  readonly why: string;
  readonly remedy?: string;
}

/** Of several certificates those that something can be asked for, with the reasons of the others. */
export function askable(
  situation: Situation,
  names: readonly string[],
  refuse: (subject: Subject) => void,
): { readonly subjects: readonly Subject[]; readonly impossible: readonly Impossible[] } {
  const subjects: Subject[] = [];
  const impossible: Impossible[] = [];
  for (const name of names) {
    try {
      const subject = subjectIn(situation, name);
      refuse(subject);
      subjects.push(subject);
    } catch (error) {
      if (!(error instanceof CertError) || error.code !== 'usage') throw error;
      const why = error.message.replace(`nothing can be asked for ${name}: `, '');
      impossible.push({ name, why, ...(error.remedy === undefined ? {} : { remedy: error.remedy }) });
    }
  }
  return { subjects, impossible };
}

/** Something to be asked for, unless it is coming already on the head it is written upon. */
export interface Wish {
  readonly name: string;
  readonly request: RequestRecord;
  isComing(status: Status): boolean;
}

/**
 * Many requests in one commit.
 * @returns those that were written
 */
export async function recordWishes(
  deps: Deps,
  view: StateView,
  wishes: readonly Wish[],
  line: (wish: Wish) => string,
): Promise<readonly Wish[]> {
  const { told } = await landTelling({ deps }, view, (head) => {
    const asked: Wish[] = [];
    const changed = changedStatuses(
      head,
      wishes
        .filter(({ name }) => head.statuses.has(name))
        .map((wish) => ({
          name: wish.name,
          apply: (status) => {
            if (wish.isComing(status)) return status;
            asked.push(wish);
            return withRequest(status, wish.request);
          },
        })),
    );
    if (changed.length === 0) return undefined;
    const message = commitMessage(asked.map(line), changed.length);
    return { files: changed.map(statusFile), message, tells: asked };
  });
  return told ?? [];
}
