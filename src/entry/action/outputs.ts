import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from '../../model/plan.js';
import { moneyList } from '../../report/money.js';
import { isHeld } from '../../report/plan-groups.js';
import { planJson } from '../../report/plan-json.js';
import type { Runner } from './runner.js';

/** What later steps and jobs can use; action.yml describes each. */
export interface Outputs {
  readonly mode: string;
  readonly exitCode: number;
  readonly plan?: Plan;
  /** Certificates that were published. */
  readonly issued?: readonly string[];
  /** Files of the state branch that changed. */
  readonly changedPaths?: readonly string[];
  readonly stateCommit?: string;
  /** Path of the report on a pull request. */
  readonly report?: string;
  /** Certificates a person has to look at. */
  readonly attention?: readonly string[];
}

export function writeOutputs(runner: Runner, env: NodeJS.ProcessEnv, outputs: Outputs): void {
  const { plan, issued = [], changedPaths = [], attention = [], stateCommit = '', report = '' } = outputs;
  const held = plan?.items.filter(isHeld).length ?? 0;
  runner.output('mode', outputs.mode);
  runner.output('exit-code', String(outputs.exitCode));
  runner.output('issued', JSON.stringify(issued));
  runner.output('changed-paths', JSON.stringify(changedPaths));
  runner.output('state-commit', stateCommit);
  runner.output('attention', JSON.stringify(attention));
  runner.output('report', report);
  runner.output('cost', plan ? moneyList(plan.totals) : '');
  runner.output('changes', String((plan?.items.length ?? 0) - held));
  runner.output('held', String(held));
  if (plan) {
    const file = join(env.RUNNER_TEMP || tmpdir(), 'certwright-plan.json');
    writeFileSync(file, planJson(plan));
    runner.output('plan', file);
  }
}
