import type { Secret } from '../../model/secret.js';
import type { Forge } from '../../ports/forge.js';
import { openForge } from '../forge.js';
import type { Job } from './plan-pull.js';

/** The repository of the run. To be closed. Contacts nobody yet. */
export const forgeOf = ({ context, event }: Pick<Job, 'context' | 'event'>, token: Secret): Forge =>
  openForge(context, { repository: event.repository, token });
