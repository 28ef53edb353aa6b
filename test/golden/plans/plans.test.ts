import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { planJson } from '../../../src/report/plan-json.js';
import { planMarkdown } from '../../../src/report/plan-markdown.js';
import { planText } from '../../../src/report/plan-text.js';
import { planOf, type Scene } from '../../support/planner.js';
import { approvals } from './approvals.js';
import { copiedRepository } from './copied-repository.js';
import { edits } from './edits.js';
import { firstOrders } from './first-orders.js';
import { firstRun } from './first-run.js';
import { renewals } from './renewals.js';
import { trouble } from './trouble.js';
import { unsafeEdit } from './unsafe-edit.js';

const scenes: Readonly<Record<string, Scene>> = {
  approvals,
  'copied-repository': copiedRepository,
  edits,
  'first-orders': firstOrders,
  'first-run': firstRun,
  renewals,
  trouble,
  'unsafe-edit': unsafeEdit,
};

const golden = (scene: string, file: string): string => new URL(`${scene}/${file}`, import.meta.url).pathname;

const schema = JSON.parse(
  readFileSync(new URL('../../../schemas/plan.schema.json', import.meta.url), 'utf8'),
);
const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);

/** Read the difference as somebody who pays for it before you let `vitest -u` write a new one. */
describe.each(Object.entries(scenes))('the plan for %s', (name, scene) => {
  const plan = planOf(scene);

  test('on a terminal of 80 columns', async () => {
    const text = planText(plan, { color: false, width: 80 });
    expect(text.split('\n').filter((line) => stringWidth(line) > 80)).toEqual([]);
    await expect(text).toMatchFileSnapshot(golden(name, 'plan.txt'));
  });

  test('on a pull request', async () => {
    await expect(planMarkdown(plan)).toMatchFileSnapshot(golden(name, 'plan.md'));
  });

  test('as data', async () => {
    validate(JSON.parse(planJson(plan)));
    expect(validate.errors).toBeNull();
    await expect(planJson(plan)).toMatchFileSnapshot(golden(name, 'plan.json'));
  });
});
