import type { Configuration } from '../../model/configuration.js';
import { channelSecrets, type NotificationConfig } from '../../model/notification.js';
import { readNotes } from '../../reconcile/notes.js';
import type { StateView } from '../../reconcile/state.js';
import type { Diagnosis } from '../../report/doctor-text.js';
import { count } from '../../report/words.js';
import type { Context } from '../context.js';
import { forgePlace } from '../forge.js';
import { missingSecrets } from '../secrets.js';
import type { Workplace } from '../workplace.js';

const PART = 'channels';

/** Can every channel be used from here, and did it work the last time? Nothing is sent. */
export async function channelsOf(
  context: Context,
  workplace: Workplace,
  view: StateView,
  { id, notifications }: Configuration,
): Promise<readonly Diagnosis[]> {
  const { told } = (await readNotes(workplace.deps, view, id)).memory;
  return notifications.map((channel): Diagnosis => {
    const { name } = channel;
    const failure = told?.[name]?.failure;
    const lacking = lackOf(context, workplace, channel);
    if (lacking !== undefined) return { part: PART, level: 'warning', message: `${name}: ${lacking}` };
    if (failure !== undefined) {
      const message = `${name} failed ${count(failure.count, 'time')} since ${failure.since}: ${failure.message}`;
      return {
        part: PART,
        level: 'problem',
        message,
        remedy: `\`certwright notify --test ${name}\` tries it`,
      };
    }
    const message = told?.[name] === undefined ? `${name} was never used` : `${name} did not fail lately`;
    return { part: PART, level: 'ok', message };
  });
}

function lackOf(
  context: Context,
  { repository }: Workplace,
  channel: NotificationConfig,
): string | undefined {
  const missing = missingSecrets(Object.values(channelSecrets(channel)), context.env);
  if (missing.length > 0) return `${missing.join(' and ')} cannot be read here; whoever runs apply needs it`;
  if (channel.type === 'github-issue' && forgePlace(context, repository.remote) === undefined)
    return 'there is no token for GitHub here, or the remote is not there; whoever runs apply needs it';
  return undefined;
}
