import { DAY_MS, toInstant } from '../../src/model/time.js';
import { namesDigest } from '../../src/policy/approvals.js';
import type { Place } from './engine.js';

export interface ApprovedAction {
  readonly action: 'order' | 'renew';
  readonly predecessor?: string | undefined;
  readonly term?: string;
  readonly id?: string;
}

/** Text of a file under `approvals/` that lets one purchase for `shop` through. */
export const approvalText = (
  place: Place,
  { action, predecessor, term = '1y', id = 'r4nd0m-1' }: ApprovedAction,
): string =>
  [
    'certificate: shop',
    `action: ${action}`,
    ...(predecessor === undefined ? [] : [`predecessor: ${predecessor}`]),
    'provider: shop',
    'environment: rehearsal',
    'product: paid-multi',
    `term: ${term}`,
    `namesDigest: ${namesDigest(['shop.example.com'])}`,
    'ceiling: 25.00 USD',
    `validUntil: ${toInstant(place.clock.now() + 90 * DAY_MS)}`,
    `id: ${id}`,
    '',
  ].join('\n');
