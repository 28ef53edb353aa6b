import type { Status } from '../model/status.js';
import type { Condition, ConditionType } from './condition.js';

/** One word for a table. */
export type Health =
  | 'archived'
  | 'attention'
  | 'expired'
  | 'held'
  | 'issuing'
  | 'new'
  | 'ready'
  | 'waiting'
  | 'warning';

/** The word that matters most: what needs a person before what merely goes on. */
export function health(status: Status, conditions: readonly Condition[]): Health {
  const has = (type: ConditionType) => conditions.some((c) => c.type === type);
  const worst = (level: Condition['level']) =>
    conditions.some((c) => c.type === 'Attention' && c.level === level);
  if (worst('attention') && (status.archived || !has('Expired'))) return 'attention';
  if (status.archived) return 'archived';
  if (has('Expired')) return 'expired';
  if (has('Waiting')) return 'waiting';
  if (has('Held')) return 'held';
  if (worst('warning')) return 'warning';
  if (has('Issuing')) return 'issuing';
  return has('Ready') ? 'ready' : 'new';
}
