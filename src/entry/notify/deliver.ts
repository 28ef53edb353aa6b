import { CertError, messageOf } from '../../model/errors.js';
import type { Notice } from '../../model/notice.js';
import type { IssueConfig, NotificationConfig } from '../../model/notification.js';
import { MINUTE_MS } from '../../model/time.js';
import type { Due, Telling } from '../../policy/telling.js';
import { keepIssues } from '../forge/notice-issues.js';
import { forgePlace, openForge } from '../forge.js';
import { sendLetter } from './channel.js';
import { digestParts } from './digest.js';
import {
  digestEnvelope,
  type Envelope,
  envelopesFor,
  letterItem,
  type Place,
  type TellingPlace,
} from './letters.js';

/** A run has other things to do; what is left is told by the next one. */
const LONGEST_MS = 2 * MINUTE_MS;

/** What one channel took. */
export interface Delivered {
  readonly told: readonly Telling[];
  readonly digestMs?: number;
  /** Messages, or issues, that went out. */
  readonly sent: number;
  /** Keys of what is so no longer, and whose issues are closed. */
  readonly closed: readonly string[];
  /** Addresses that were refused while others were taken. */
  readonly refused: readonly string[];
  /** Why the rest is not told. */
  readonly problem?: CertError;
}

export interface Delivery {
  readonly due: Pick<Due, 'tellings' | 'digestMs' | 'ended'>;
  /** Everything the channel is for and that is so; absent: not all of it is known. */
  readonly standing?: readonly Notice[];
}

/** Tells one channel what is due to it. Never throws: what went wrong is part of the answer. */
export async function deliver(
  place: Place,
  workplace: TellingPlace,
  channel: NotificationConfig,
  delivery: Delivery,
): Promise<Delivered> {
  try {
    return channel.type === 'github-issue'
      ? await deliverIssues(place, workplace, channel, delivery)
      : await deliverLetters(place, workplace, channel, delivery);
  } catch (error) {
    return { told: [], sent: 0, closed: [], refused: [], problem: problemOf(error) };
  }
}

const problemOf = (error: unknown): CertError =>
  error instanceof CertError
    ? error
    : new CertError('notification.failed', messageOf(error), { cause: error });

/** One after the other: after the first that fails the channel is left alone. */
async function deliverLetters(
  place: Place,
  workplace: TellingPlace,
  channel: Exclude<NotificationConfig, IssueConfig>,
  { due }: Delivery,
): Promise<Delivered> {
  const told: Telling[] = [];
  const refused = new Set<string>();
  const { clock } = place.context;
  const endMs = clock.monotonic() + LONGEST_MS;
  let sent = 0;
  let digestMs: number | undefined;
  const result = () => ({
    told,
    sent,
    closed: [],
    refused: [...refused],
    ...(digestMs === undefined ? {} : { digestMs }),
  });
  try {
    const envelopes: Envelope[] = [...envelopesFor(place, channel, due.tellings)];
    if (due.digestMs !== undefined) {
      const parts = await digestParts(place.context, workplace, channel);
      envelopes.push(digestEnvelope(place, channel, due.digestMs, parts));
    }
    for (const envelope of envelopes) {
      if (clock.monotonic() > endMs) break;
      for (const address of await sendLetter(place.context, channel, envelope)) refused.add(address);
      sent += 1;
      told.push(...envelope.tellings);
      digestMs = envelope.digestMs ?? digestMs;
    }
    return result();
  } catch (error) {
    return { ...result(), problem: problemOf(error) };
  }
}

async function deliverIssues(
  place: Place,
  workplace: TellingPlace,
  { name, labels }: IssueConfig,
  { due, standing }: Delivery,
): Promise<Delivered> {
  const at = forgePlace(place.context, workplace.repository.remote);
  if (at === undefined) {
    throw new CertError('notification.failed', 'there is no token for GitHub, or the remote is not there', {
      remedy: 'set GITHUB_TOKEN, and GITHUB_REPOSITORY where the remote does not tell it',
    });
  }
  const forge = openForge(place.context, at);
  try {
    const kept = await keepIssues(forge, {
      channel: name,
      labels,
      tellings: due.tellings.map((telling) => ({ ...telling, item: letterItem(place, telling) })),
      ended: due.ended,
      ...(standing === undefined ? {} : { standing }),
    });
    return {
      told: kept.told,
      sent: kept.told.length,
      closed: kept.closed ? due.ended : [],
      refused: [],
      ...(kept.problem === undefined ? {} : { problem: kept.problem }),
    };
  } finally {
    await forge.close();
  }
}
