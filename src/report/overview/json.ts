import { jsonText } from '../json.js';
import type { Overview } from './types.js';

/** `schemas/overview.schema.json`. */
export const overviewJson = (view: Overview): string => jsonText(view);
