import { findingsJson, findingsText } from '../../report/findings.js';
import { jsonText } from '../../report/json.js';
import { count } from '../../report/words.js';
import type { WorktreeReader } from '../../repository/worktree.js';
import type { Context } from '../context.js';
import { exitCodeOf } from '../exit.js';
import { openCheckout } from '../workplace.js';
import type { Globals } from './globals.js';

/** `certwright validate`: everything that is wrong in the files of this folder, at once, without any remote. */
export async function run(context: Context, globals: Globals): Promise<number> {
  const { checkout, local } = await openCheckout(context);
  const { findings, desired } = local;
  const fine = desired?.specs.filter(({ name }) => !desired.invalidNames.includes(name)).length;
  if (globals.json) {
    const told: object = JSON.parse(findingsJson(findings));
    const uncommitted = await checkout.uncommitted();
    context.print(jsonText({ ...told, manifests: { fine: fine ?? null }, uncommitted }));
  } else {
    context.print(findingsText(findings, context.render));
    // Manifests that are wrong are there, and were told above.
    if (fine !== undefined && (fine > 0 || findings.length === 0)) context.print(sum(fine));
    const note = await uncommittedNote(checkout);
    if (note !== undefined) context.say(`note: ${note}`);
  }
  return exitCodeOf({ findings });
}

function sum(fine: number): string {
  if (fine === 0) return 'No manifest to check: put one under certificates/, such as certificates/shop.yaml.';
  return `${count(fine, 'manifest')} ${fine === 1 ? 'is' : 'are'} fine.`;
}

async function uncommittedNote(checkout: WorktreeReader): Promise<string | undefined> {
  if (!(await checkout.uncommitted())) return undefined;
  if (checkout.head === null) return 'nothing of this is committed yet';
  return 'the checkout has uncommitted changes, which were checked as well';
}
