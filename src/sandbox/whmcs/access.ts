import { createHash } from 'node:crypto';
import { Refusal } from './reply.js';
import { type Form, textIn } from './request.js';
import type { Desk } from './state.js';

const FORBIDDEN = 403;

/** Who may call what; in the words that clients have met. The order of the checks is not documented. @throws Refusal */
export function checkAccess({ seat, settings }: Desk, form: Form, action: string): void {
  const { login } = seat;
  const key = textIn(form, 'accesskey');
  const letIn = settings.addressAllowed || (settings.accessKey !== '' && key === settings.accessKey);
  if (!letIn) throw new Refusal('Invalid IP 127.0.0.1', FORBIDDEN);
  const identifier = textIn(form, 'identifier') ?? textIn(form, 'username');
  const secret = textIn(form, 'secret') ?? textIn(form, 'password');
  if (identifier === undefined || secret === undefined) throw new Refusal('Authentication Failed', FORBIDDEN);
  if (identifier !== login.identifier) throw new Refusal('Invalid or missing credentials', FORBIDDEN);
  // The login of earlier versions sent the MD5 of a password.
  const legacy = createHash('md5')
    .update(login.secret ?? '')
    .digest('hex');
  if (secret !== login.secret && secret !== legacy) throw new Refusal('Authentication Failed', FORBIDDEN);
  if (settings.forbidden.some((name) => name.toLowerCase() === action.toLowerCase())) {
    throw new Refusal(`Invalid Permissions: API action "${action.toLowerCase()}" is not allowed`, FORBIDDEN);
  }
  if (!settings.adminContext) throw new Refusal('To perform this action an admin user is required');
}
