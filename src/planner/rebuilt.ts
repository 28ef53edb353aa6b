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
 * Where the accounts show what they hold, looking at them late enough settles it; elsewhere a person does. When it falls due
 * by the manifest of today tells nothing: another one may have wanted it earlier.
 */
export function rebuiltHold(input: PlanInput, { name, status, providers }: Purchase): Hold | undefined {
  const rebuilt = input.state.header?.rebuilt;
  if (!rebuilt || isSaidComplete(status, rebuilt)) return undefined;
  const blind = providers.filter((id) => !wasShown(input, rebuilt, id));
  if (blind.length > 0) {
    return {
      code: 'state-rebuilt',
      message: `the state was lost and rebuilt on ${rebuilt.at}, and ${blind.join(', ')} cannot show for certain that this was not bought before; look there, give each order you find with \`certwright resolve ${name} --order-id ID\`, then say with \`certwright resolve ${name} --not-placed\` that none is missing`,
    };
  }
  return input.nowMs > toMs(rebuilt.settledAt)
    ? undefined
    : {
        code: 'state-rebuilt',
        message: `the state was lost and rebuilt on ${rebuilt.at}; what was bought before may show at ${providers.join(', ')} until ${rebuilt.settledAt}, so nothing is bought till then`,
      };
}

/** Has a person said that no purchase of it is missing? */
export const isSaidComplete = ({ completeAt }: Pick<Status, 'completeAt'>, { at }: RebuiltRecord): boolean =>
  completeAt !== undefined && toMs(completeAt) >= toMs(at);

function wasShown(input: PlanInput, { listed }: RebuiltRecord, id: string): boolean {
  const provider = input.providers.get(id);
  return provider !== undefined && listed.includes(id) && showsEverything(provider.capabilities);
}
