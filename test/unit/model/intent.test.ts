import { describe, expect, it } from 'vitest';
import { type Intent, isOpen, nextMove } from '../../../src/model/intent.js';
import { laneOf } from '../../../src/model/order.js';
import { intended, placed, unknown } from '../policy/builders.js';

const sent = intended('i', 'order', '5');
const there = placed('i', 'order', '5', '1');
const closed: Intent = { ...sent, phase: 'closed', outcome: 'not-sent', closedAt: '2026-11-20T10:02:00Z' };

describe('an intent', () => {
  it.each([
    ['that may have been sent is looked up before anything else', sent, 'look-up', true],
    ['that was placed is polled', there, 'poll', true],
    [
      'with a certificate is verified',
      { ...there, phase: 'issued', fingerprint: 'f' },
      'verify-and-publish',
      true,
    ],
    ['with an unknown outcome asks a person', unknown('i', 'order', '5'), 'ask-a-person', true],
    ['that is closed needs nothing', closed, 'nothing', false],
  ] as [string, Intent, string, boolean][])('%s', (_title, intent, move, open) => {
    expect(nextMove(intent)).toBe(move);
    expect(isOpen(intent)).toBe(open);
  });

  it.each([
    ['order', 'purchase'],
    ['renew', 'purchase'],
    ['pay', 'purchase'],
    ['add-names', 'purchase'],
    ['activate', 'free'],
    ['reissue', 'free'],
    ['revoke', 'free'],
    ['cancel', 'free'],
    ['set-auto-renew', 'free'],
  ] as const)('to %s runs in the %s lane', (action, lane) => {
    expect(laneOf(action)).toBe(lane);
  });
});
