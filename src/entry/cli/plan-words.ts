import type { Plan } from '../../model/plan.js';
import type { RenderOptions } from '../../report/layout.js';
import { noChanges } from '../../report/no-changes.js';

/** A plan as text. Loading the renderer takes as long as planning a thousand certificates: nothing to do needs none. */
export async function planWords(plan: Plan, render: RenderOptions): Promise<string> {
  const silent = plan.items.length + plan.warnings.length === 0 && plan.unsafe === undefined;
  if (silent && !render.color && render.width === Number.POSITIVE_INFINITY) return `${noChanges(plan)}\n`;
  const { planText } = await import('../../report/plan-text.js');
  return planText(plan, render);
}
