import type { Money } from '../model/money.js';
import { ceilingOf } from '../policy/limits.js';
import { effectivePolicy } from '../policy/rules.js';
import type { Run } from './run.js';

/** What one order of this certificate may cost at most; undefined where nobody set a limit, or the manifest is gone. */
export function ceilingFor(run: Run, name: string): Money | undefined {
  const spec = run.specs.get(name);
  return spec && ceilingOf(spec.maxPrice, effectivePolicy(run.desired.policy, name));
}
