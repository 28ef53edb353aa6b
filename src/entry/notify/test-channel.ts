import { CertError, explain } from '../../model/errors.js';
import type { NotificationConfig } from '../../model/notification.js';
import { NOTICE_LABEL } from '../forge/notice-issues.js';
import { forgePlace, openForge } from '../forge.js';
import { sendLetter } from './channel.js';
import { type Place, type TellingPlace, testEnvelope } from './letters.js';

/** What became of a test. */
export interface Tested {
  readonly name: string;
  readonly type: NotificationConfig['type'];
  readonly ok: boolean;
  /** One sentence without full stop. */
  readonly message: string;
}

/** Sends a message that says it is a test. Of issues none is opened: whether they can be read is tried. */
export async function testChannel(
  place: Place,
  workplace: TellingPlace,
  channel: NotificationConfig,
): Promise<Tested> {
  const { name, type } = channel;
  try {
    return { name, type, ...(await tried(place, workplace, channel)) };
  } catch (error) {
    if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
    return { name, type, ok: false, message: explain(error) };
  }
}

async function tried(
  place: Place,
  workplace: TellingPlace,
  channel: NotificationConfig,
): Promise<Pick<Tested, 'ok' | 'message'>> {
  if (channel.type === 'github-issue') return triedIssues(place, workplace);
  const envelope = testEnvelope(place, channel);
  const refused = await sendLetter(place.context, channel, envelope);
  if (refused.length > 0) return { ok: false, message: `sent, but not to ${refused.join(', ')}` };
  return { ok: true, message: envelope.to.length === 0 ? 'sent' : `sent to ${envelope.to.join(', ')}` };
}

async function triedIssues(
  { context }: Place,
  { repository }: TellingPlace,
): Promise<Pick<Tested, 'ok' | 'message'>> {
  const at = forgePlace(context, repository.remote);
  if (at === undefined) {
    throw new CertError('notification.failed', 'there is no token for GitHub, or the remote is not there', {
      remedy: 'set GITHUB_TOKEN, and GITHUB_REPOSITORY where the remote does not tell it',
    });
  }
  const forge = openForge(context, at);
  try {
    const open = await forge.issues.open('notice-', NOTICE_LABEL);
    return {
      ok: true,
      message: `issues of ${at.repository} can be read (${open.length} open); none is opened for a test`,
    };
  } finally {
    await forge.close();
  }
}
