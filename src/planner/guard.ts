import type { Plan, PlanAction, PlanItem } from '../model/plan.js';

const DISRUPTIVE: ReadonlySet<PlanAction> = new Set(['reissue', 'add-names', 'archive', 'revoke']);
const SMALL = 10;
const SMALL_LIMIT = 3;
const SHARE_PERCENT = 30;

/** Is it caused by an edit, and does it change a certificate that serves? */
export const isDisruptive = ({ byEdit, action }: Pick<PlanItem, 'byEdit' | 'action'>): boolean =>
  byEdit && DISRUPTIVE.has(action);

/** The line of an item as an approval file lists it. */
const unsafeLine = (item: Pick<PlanItem, 'name' | 'action'>): string => `${item.name} ${item.action}`;

/**
 * A plan whose *edits* reissue, archive or revoke more than 30 % of over 10 existing certificates, or more than 3 of
 * fewer, or that would archive everything because no manifest is left, is refused as a whole. First orders, adopts and
 * what the clock causes never count.
 * @param existing  certificates with a current certificate
 * @param manifests  number of manifests read
 * @param approved  lines an approval lets through
 */
export function unsafePlan(
  items: readonly PlanItem[],
  existing: number,
  manifests: number,
  approved: (lines: readonly string[]) => boolean,
): Plan['unsafe'] {
  const disruptive = items.filter((item) => item.hold === undefined && isDisruptive(item));
  const lines = disruptive.map(unsafeLine).sort();
  if (lines.length === 0) return undefined;
  const touched = new Set(disruptive.map((item) => item.name)).size;
  const limit = existing > SMALL ? Math.floor((existing * SHARE_PERCENT) / 100) : SMALL_LIMIT;
  const emptied = manifests === 0 && existing > 0;
  if ((touched <= limit && !emptied) || approved(lines)) return undefined;
  const what = emptied
    ? `no manifest is left, which would archive ${existing === 1 ? 'the only certificate' : `all ${existing} certificates`}`
    : `this edit reissues, archives or revokes ${touched} of ${existing} certificates (limit ${limit})`;
  return {
    message: `${what}; if it is meant, merge a file approvals/NAME.yaml that lists the lines under \`lines:\`, with \`validUntil:\``,
    lines,
  };
}
