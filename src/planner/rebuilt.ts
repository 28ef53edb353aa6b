import type { Capabilities } from '../model/capabilities.js';
import type { Hold } from '../model/plan.js';
import type { RebuiltRecord, Status } from '../model/status.js';
import { toMs } from '../model/time.js';
import type { PlanInput } from './input.js';

/** What a purchase has to be, for a state that was lost and made anew. */
interface Purchase {
  readonly name: string;
  readonly status: Status;
  /** Accounts at which it may have been made before. */
  readonly providers: readonly string[];
  readonly action: string;
  /** When it fell due, epoch ms; absent: at once. */
  readonly dueAtMs?: number;
}

/** Does an account whose orders were read show what is there: is it enough to look at it, as before every purchase? */
export const showsEverything = ({
  search,
  list,
  absence,
}: Pick<Capabilities, 'search' | 'list' | 'absence'>): boolean =>
  list && search !== 'none' && absence !== false;

/**
 * Why this must not be bought yet after the state was rebuilt: the record of the very same purchase may be what was lost.
 * Where the accounts show what they hold, looking at them late enough settles it; elsewhere a person does.
 */
export function rebuiltHold(input: PlanInput, purchase: Purchase): Hold | undefined {
  const rebuilt = input.state.header?.rebuilt;
  if (!rebuilt || isExplained(rebuilt, purchase)) return undefined;
  const blind = purchase.providers.filter((id) => !wasShown(input, rebuilt, id));
  if (blind.length > 0) {
    return {
      code: 'state-rebuilt',
      message: `the state was lost and rebuilt on ${rebuilt.at}, and ${blind.join(', ')} cannot show for certain that this was not bought before; look there, then run \`certwright resolve ${purchase.name} --not-placed\` or \`--order-id ID\``,
    };
  }
  return input.nowMs > toMs(rebuilt.settledAt)
    ? undefined
    : {
        code: 'state-rebuilt',
        message: `the state was lost and rebuilt on ${rebuilt.at}; what was bought before may show at ${purchase.providers.join(', ')} until ${rebuilt.settledAt}, so nothing is bought till then`,
      };
}

/** Bought since, due only since, or said to be complete by a person. */
function isExplained(rebuilt: RebuiltRecord, { status, action, dueAtMs }: Purchase): boolean {
  const atMs = toMs(rebuilt.at);
  if (status.completeAt !== undefined && toMs(status.completeAt) >= atMs) return true;
  if (status.orders.some((order) => !order.adopted && toMs(order.placedAt) > atMs)) return true;
  return action === 'renew' && dueAtMs !== undefined && dueAtMs > atMs;
}

function wasShown(input: PlanInput, { listed }: RebuiltRecord, id: string): boolean {
  const provider = input.providers.get(id);
  return provider !== undefined && listed.includes(id) && showsEverything(provider.capabilities);
}
