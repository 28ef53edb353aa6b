import { describe, expect, it } from 'vitest';
import { sweepCrashes } from '../support/crash-sweep.js';
import { type Kind, openPlace } from '../support/engine.js';

const SWEEP = { timeout: 120_000 };

describe('a first order that is stopped before and after every port call', () => {
  const cases: readonly Kind[] = ['local-ca', 'local-ca-priced', 'unique', 'findable'];
  it.each(cases)('is bought once from an account that can be searched (%s)', SWEEP, async (kind) => {
    const place = await openPlace({ kind });
    const points = kind === 'local-ca' || kind === 'findable' ? {} : { points: 'all' as const };
    const unknown = await sweepCrashes(place, { purchases: 1, name: 'shop', extraPushes: 4, ...points });
    expect(unknown).toEqual([]);
  });

  it(
    'is bought once from an account that cannot be searched; a person is asked only where nobody can tell',
    SWEEP,
    async () => {
      const place = await openPlace({ kind: 'none' });
      const unknown = await sweepCrashes(place, {
        purchases: 1,
        name: 'shop',
        extraPushes: 4,
        points: 'all',
      });
      // From the push of the intent until its outcome lies in the spool, or, where the spool is lost, on the branch.
      expect(unknown.filter(({ spool }) => spool === 'kept').map(({ at }) => at)).toEqual([
        'after call 8, git.commit',
        'before call 9, git.observe',
        'after call 9, git.observe',
        'before call 10, serverTime',
        'after call 10, serverTime',
        'before call 11, buy.run',
        'after call 11, buy.run',
        'before call 12, spool.write',
      ]);
      expect(unknown.filter(({ spool }) => spool === 'lost').map(({ at }) => at)).toEqual([
        'after call 12, spool.write',
        'before call 13, git.commit',
      ]);
    },
  );

  it('is bought once on a real remote', SWEEP, async () => {
    const place = await openPlace({ kind: 'local-ca-priced', git: true });
    const sweep = { purchases: 1, name: 'shop', extraPushes: 4, points: 'after-writes' as const };
    expect(await sweepCrashes(place, sweep)).toEqual([]);
  });
});
