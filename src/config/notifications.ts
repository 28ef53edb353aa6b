import { isIPv4 } from 'node:net';
import type { Json, JsonObject } from '../model/json.js';
import { NOTICE_LEVELS } from '../model/notice.js';
import { type Audience, NOTIFICATION_TYPES, type NotificationConfig } from '../model/notification.js';
import type { SecretSource } from '../model/secret.js';
import { checkCredentialForms } from './accounts.js';
import { didYouMean, oneOf, type Report } from './findings.js';
import { isObject, listAt, mapValues, numberAt, objectAt, optional, textAt, textsAt } from './json.js';
import { isNameGlob } from './name-glob.js';
import type { Path } from './positions.js';
import { mentionsVariable, parseSecretSource } from './variables.js';

type Type = NotificationConfig['type'];

const COMMON = ['type', 'name', 'on', 'match', 'owner', 'digest'];
const KEYS: Readonly<Record<Type, readonly string[]>> = {
  slack: ['url'],
  webhook: ['url', 'secret'],
  email: ['host', 'port', 'tls', 'user', 'password', 'from', 'to', 'owners'],
  'github-issue': ['labels'],
};
const KNOWN = [...COMMON, ...Object.values(KEYS).flat()];
/** Always named, never written. */
const SECRETS = ['url', 'secret', 'password'];
/** Written or named, as one likes. */
const EITHER = ['user'];
const STANDARD_PORT = { starttls: 587, tls: 465, none: 25 } as const;

const typeOf = (block: Json): Type | undefined =>
  NOTIFICATION_TYPES.find((it) => it === textAt(block, 'type'));

/** A channel without a name of its own is called like its type. */
const nameOf = (block: Json): string | undefined => textAt(block, 'name') ?? textAt(block, 'type');

/** What is wrong with the channels beyond their schema. */
export function checkNotifications(root: Json, report: Report): void {
  const taken = new Set<string>();
  for (const [index, block] of listAt(root, 'notifications').entries()) {
    if (!isObject(block)) continue;
    const path = ['notifications', index];
    checkSecrets(block, path, report);
    checkAudience(block, path, report);
    const type = typeOf(block);
    if (type !== undefined) checkType(block, type, path, report);
    const name = nameOf(block);
    if (name === undefined) continue;
    if (taken.has(name)) {
      const own = 'name' in block ? [...path, 'name'] : path;
      report(own, {
        code: 'notification.name',
        message: `Two channels are called "${name}".`,
        suggestion: 'Give each of them a name: of its own.',
      });
    }
    taken.add(name);
  }
}

function checkSecrets(block: JsonObject, path: Path, report: Report): void {
  const secrets = Object.entries(block).filter(([key]) => SECRETS.includes(key));
  checkCredentialForms(Object.fromEntries(secrets), path, report);
  for (const [key, value] of Object.entries(block)) {
    // Of a key that nothing has, a misspelt `url` say, its name is what is wrong.
    if (SECRETS.includes(key) || !KNOWN.includes(key) || !holdsVariable(value)) continue;
    const isSource = typeof value === 'string' && parseSecretSource(value) !== undefined;
    if (EITHER.includes(key) && isSource) continue;
    report([...path, key], {
      code: 'variable.place',
      message: `"${key}" of a channel cannot come from a variable.`,
      suggestion: 'Write the value itself.',
    });
  }
}

function holdsVariable(value: Json): boolean {
  if (typeof value === 'string') return mentionsVariable(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsVariable);
}

function checkAudience(block: JsonObject, path: Path, report: Report): void {
  for (const [index, glob] of textsAt(block, 'match').entries()) {
    if (isNameGlob(glob)) continue;
    report([...path, 'match', index], {
      code: 'notification.glob',
      message: '"match" is no glob over certificate names.',
      suggestion: 'Write for example team-a/** for everything of one folder.',
    });
  }
  if ('digest' in block && !textsAt(block, 'on').includes('digest')) {
    report([...path, 'digest'], {
      code: 'notification.digest',
      severity: 'warning',
      message: 'This channel gets no digest.',
      suggestion: 'Add digest to on:, or remove this.',
    });
  }
}

function checkType(block: JsonObject, type: Type, path: Path, report: Report): void {
  const known = [...COMMON, ...KEYS[type]];
  const others = NOTIFICATION_TYPES.flatMap((it) => KEYS[it]);
  for (const key of Object.keys(block)) {
    // What no type has is the schema's to say.
    if (known.includes(key) || !others.includes(key)) continue;
    const message = `"${key}" is no key of type ${type}.`;
    const suggestion = didYouMean(key, KEYS[type]) ?? 'Remove it.';
    report([...path, key], { code: 'notification.key', message, suggestion }, 'key');
  }
  if (type === 'github-issue') checkIssueLevels(block, path, report);
  if (type === 'email') checkMail(block, path, report);
}

/** An issue ends with what it is about; what happened never ends. */
function checkIssueLevels(block: JsonObject, path: Path, report: Report): void {
  for (const [index, level] of textsAt(block, 'on').entries()) {
    if (level !== 'changed' && level !== 'digest') continue;
    report([...path, 'on', index], {
      code: 'notification.on',
      message: `There are no issues for "${level}": nothing would ever close them.`,
      suggestion: `Write ${oneOf(['attention', 'waiting'])}, and use another type for it.`,
    });
  }
}

const isThisMachine = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

function checkMail(block: JsonObject, path: Path, report: Report): void {
  const host = textAt(block, 'host');
  // Whoever wrote `none` knows the way to a relay of his own; a password goes over no wire in clear.
  const hasLogin = 'user' in block || 'password' in block;
  if (textAt(block, 'tls') === 'none' && hasLogin && host !== undefined && !isThisMachine(host)) {
    report([...path, 'tls'], {
      code: 'notification.tls',
      message: 'A login goes in clear to this machine alone.',
      suggestion: 'Write starttls (port 587) or tls (port 465), or take user: and password: out.',
    });
  }
  for (const [one, other] of [
    ['user', 'password'],
    ['password', 'user'],
  ] as const) {
    if (!(one in block) || other in block) continue;
    report([...path, one], {
      code: 'notification.login',
      message: `"${one}" needs "${other}" beside it.`,
      suggestion: other === 'password' ? `Add password: "\${SMTP_PASSWORD}".` : 'Add user: …',
    });
  }
}

const sourceAt = (block: JsonObject, key: string): SecretSource | undefined =>
  parseSecretSource(textAt(block, key) ?? '');

/** A block without complaints, as the model has it. */
export function toNotification(block: JsonObject): readonly NotificationConfig[] {
  const type = typeOf(block);
  const audience: Audience = {
    name: nameOf(block) ?? '',
    on: NOTICE_LEVELS.filter((level) => textsAt(block, 'on').includes(level)),
    match: textsAt(block, 'match'),
    owner: textsAt(block, 'owner'),
    digest: textAt(block, 'digest') === 'daily' ? 'daily' : 'weekly',
  };
  const url = sourceAt(block, 'url');
  switch (type) {
    case 'slack':
      return url === undefined ? [] : [{ ...audience, type, url }];
    case 'webhook':
      return url === undefined
        ? []
        : [{ ...audience, type, url, ...optional('secret', sourceAt(block, 'secret')) }];
    case 'email':
      return [{ ...audience, type, ...toMail(block) }];
    case 'github-issue':
      return [{ ...audience, type, labels: textsAt(block, 'labels') }];
    case undefined:
      return [];
  }
}

function toMail(block: JsonObject) {
  const tls = (['starttls', 'tls', 'none'] as const).find((it) => it === textAt(block, 'tls')) ?? 'starttls';
  const user = textAt(block, 'user');
  return {
    host: textAt(block, 'host') ?? '',
    port: numberAt(block, 'port') ?? STANDARD_PORT[tls],
    tls,
    ...optional('user', user === undefined ? undefined : (parseSecretSource(user) ?? user)),
    ...optional('password', sourceAt(block, 'password')),
    from: textAt(block, 'from') ?? '',
    to: textsAt(block, 'to'),
    owners: mapValues(objectAt(block, 'owners'), (it) =>
      typeof it === 'string' ? [it] : Array.isArray(it) ? it.filter((one) => typeof one === 'string') : [],
    ),
  };
}
