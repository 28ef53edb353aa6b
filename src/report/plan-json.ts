import type { Plan } from '../model/plan.js';
import { jsonText } from './json.js';

/** The plan itself, as `schemas/plan.schema.json` describes it: the same plan is the same text, byte for byte. */
export const planJson = (plan: Plan): string => jsonText(plan);
