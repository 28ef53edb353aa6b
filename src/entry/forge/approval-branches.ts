import { createHash } from 'node:crypto';
import type { PlanAction } from '../../model/plan.js';
import {
  type RequestKey,
  requestedAction,
  requestKey,
  UNSAFE_KEY,
  type Wish,
} from '../../policy/approval-wishes.js';
import { approvalPath, encodedName, UNSAFE_PATH } from '../approval-draft.js';

/** Everything below is certwright's own. */
export const BRANCH_PREFIX = 'certwright-approval/';

/** What an approval may be wanted for. */
const ACTIONS: readonly PlanAction[] = [
  'activate',
  'add-names',
  'adopt',
  'abandon',
  'cancel',
  'order',
  'reissue',
  'renew',
  'revoke',
  'set-auto-renew',
];

/** The last action in it ends the name, and one ends like another; behind it a licence has its product. */
const ENCODED = new RegExp(`^(.+)(?<!-set-auto)-((?:${ACTIONS.join('|')})(?:-[a-z0-9-]+)?)$`);

const GROUP_HASH = 12;

/**
 * The branch of a request. One component whatever the name holds (git and file systems have no `a` beside `a/b`), and the
 * same for everybody who asks for the same: two runs cannot open two.
 */
export function branchOf(wishes: readonly Wish[]): string {
  const [first] = wishes;
  if (first?.kind === 'lines') return `${BRANCH_PREFIX}unsafe-plan`;
  if (first && wishes.length === 1) {
    // Git allows no `..` in the name of a ref.
    const name = encodedName(first.item.name).replaceAll('..', '.%2E');
    return `${BRANCH_PREFIX}${name}-${requestedAction(first.item)}`;
  }
  const keys = wishes.map(({ key }) => key).toSorted();
  const hash = createHash('sha256').update(keys.join('\n')).digest('hex').slice(0, GROUP_HASH);
  return `${BRANCH_PREFIX}group-${hash}`;
}

/** `name-action` back to what it asks for. */
function keyOfEncoded(text: string): RequestKey | undefined {
  const [, name, action] = ENCODED.exec(text) ?? [];
  if (name === undefined || action === undefined) return undefined;
  try {
    return requestKey(decodeURIComponent(name), action);
  } catch {
    return undefined;
  }
}

/** What a branch of one request asks for, with and without the number of a second try. */
export function keyOfBranch(branch: string): RequestKey | undefined {
  const text = branch.slice(BRANCH_PREFIX.length).replace(/(?<=-[a-z0-9]+)-\d{1,2}$/, '');
  return text === 'unsafe-plan' ? UNSAFE_KEY : keyOfEncoded(text);
}

const FOLDER = 'approvals/';
const ENDING = '.yaml';

/** What the file at a path asks for, by its name; undefined for files that are none of ours. */
export function keyOfPath(path: string): RequestKey | undefined {
  if (path === UNSAFE_PATH) return UNSAFE_KEY;
  if (!path.startsWith(FOLDER) || !path.endsWith(ENDING)) return undefined;
  return keyOfEncoded(path.slice(FOLDER.length, -ENDING.length));
}

/** Where the file of a request lies: `approvalPath` of what the key names. */
export function pathOfKey(key: RequestKey): string {
  if (key === UNSAFE_KEY) return UNSAFE_PATH;
  const [name = '', action = ''] = key.split(' ');
  return approvalPath(name, action);
}
