import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChannelMemory, Notice } from '../../../src/model/notice.js';
import type { Audience } from '../../../src/model/notification.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, toInstant, toMs } from '../../../src/model/time.js';
import {
  addDeliveryFailure,
  afterDelivery,
  CLAIM_MS,
  dueOf,
  heardBy,
  isPending,
  type News,
  nextTellingMs,
} from '../../../src/policy/telling.js';

const NOW = Date.UTC(2026, 10, 22, 12);

const ALL: Audience = {
  name: 'chat',
  on: ['attention', 'waiting', 'changed'],
  match: [],
  owner: [],
  digest: 'weekly',
};

const alarm = (key: string, parts: Partial<Notice> = {}): Notice => ({
  key,
  level: 'attention',
  reason: 'Overdue',
  certificate: 'team-a/shop',
  owner: 'team-a',
  message: 'is overdue',
  ...parts,
});

const change = (key: string, atMs: number): Notice =>
  alarm(key, { level: 'changed', reason: 'issued', at: toInstant(atMs) });

const newsOf = (notices: readonly Notice[], complete = true): News => ({
  notices,
  upcomingMs: [],
  complete,
});

/** One run that reaches the channel, unless `fails`. */
function told(
  notices: readonly Notice[],
  before: ChannelMemory | undefined,
  nowMs: number,
  { fails = false, complete = true, audience = ALL } = {},
) {
  const due = dueOf(audience, notices, newsOf(notices, complete), before, nowMs);
  const held = due.heldTillMs !== undefined;
  const said = held || fails ? [] : due.tellings;
  const { failure, ...kept } = due.memory;
  const memory =
    held || !isPending(due)
      ? due.memory
      : fails
        ? { ...kept, failure: addDeliveryFailure(failure, 'no answer', undefined, nowMs) }
        : afterDelivery(kept, due.tellings, due.digestMs, nowMs);
  return { due, held, memory, said: said.map(({ notice, step }) => `${notice.key} ${step}`) };
}

describe('what a channel is told', () => {
  it('is a fact once, and again when a reminder of it is due', () => {
    const shop = alarm('shop', {
      validity: { from: '2026-11-01T00:00:00Z', till: '2026-12-31T00:00:00Z' },
    });
    let { memory, said } = told([shop], undefined, NOW);
    expect(said).toEqual(['shop 0']);
    const later: string[] = [];
    for (let ms = NOW + HOUR_MS; ms < toMs('2027-01-20T00:00:00Z'); ms += HOUR_MS) {
      ({ memory, said } = told([shop], memory, ms));
      later.push(...said.map((one) => `${one} ${toInstant(ms).slice(0, 10)}`));
    }
    expect(later).toEqual([
      'shop 1 2026-12-11',
      'shop 2 2026-12-21',
      'shop 3 2026-12-24',
      'shop 4 2026-12-28',
      'shop 5 2026-12-30',
      'shop 6 2027-01-07',
      'shop 7 2027-01-14',
    ]);
  });

  it('is not everything anew when something comes and goes, but what comes back after a day', () => {
    const shop = alarm('shop');
    const first = told([shop], undefined, NOW).memory;
    const gone = told([], first, NOW + HOUR_MS).memory;
    expect(gone.told.shop?.endedAt).toBe(toInstant(NOW + HOUR_MS));
    const back = told([shop], gone, NOW + 2 * HOUR_MS);
    expect(back.said).toEqual([]);
    expect(back.memory.told.shop?.endedAt).toBeUndefined();
    expect(told([shop], gone, NOW + 26 * HOUR_MS).said).toEqual(['shop 0']);
  });

  it('ends nothing by a look that left something out', () => {
    const first = told([alarm('shop')], undefined, NOW).memory;
    const looked = told([], first, NOW + 3 * DAY_MS, { complete: false });
    expect(looked.memory.told).toEqual(first.told);
    expect(looked.due.tidied).toBe(false);
  });

  it('is not ended by a shard where it is about certificates of others', () => {
    const both = [alarm('a Overdue'), alarm('b Overdue')];
    const first = told(both, undefined, NOW).memory;
    const shard: News = { ...newsOf([]), owns: (name) => name === 'a' };
    const { memory, ended } = dueOf(ALL, [], shard, first, NOW + 3 * DAY_MS);
    expect(ended).toEqual(['a Overdue']);
    expect(memory.told['b Overdue']).toEqual(first.told['b Overdue']);
  });

  it('leaves what happened before the channel was there', () => {
    const { said, memory } = told(
      [change('old', NOW - 3 * DAY_MS), change('new', NOW - HOUR_MS)],
      undefined,
      NOW,
    );
    expect(said).toEqual(['new 0']);
    expect(told([change('late', NOW + DAY_MS)], memory, NOW + DAY_MS).said).toEqual(['late 0']);
  });

  it('does not begin with everything that ever happened once it is for more', () => {
    const events = [change('old', NOW + DAY_MS), change('late', NOW + 9 * DAY_MS)];
    const narrow: Audience = { ...ALL, on: ['attention'] };
    const { memory } = told([alarm('shop')], undefined, NOW, { audience: narrow });
    const wider = told([alarm('shop'), ...events], memory, NOW + 9 * DAY_MS);
    expect(wider.said).toEqual(['shop 1', 'late 0']);
    expect(told([alarm('shop'), ...events], wider.memory, NOW + 9 * DAY_MS).due.tidied).toBe(false);
  });

  it('waits after a failure, longer each time, and then tells everything that is still so', () => {
    let { memory } = told([alarm('shop')], undefined, NOW, { fails: true });
    const pauses: number[] = [];
    for (let ms = NOW, last = NOW; ms < NOW + 8 * HOUR_MS; ms += MINUTE_MS) {
      const next = told([alarm('shop'), alarm('wiki')], memory, ms, { fails: true });
      memory = next.memory;
      if (next.held) continue;
      pauses.push((ms - last) / MINUTE_MS);
      last = ms;
    }
    expect(pauses).toEqual([5, 30, 120, 120, 120]);
    expect(memory.failure).toMatchObject({ count: 6, since: toInstant(NOW) });
    expect(told([alarm('wiki')], memory, NOW + 12 * HOUR_MS).said).toEqual(['wiki 0']);
  });

  it('is left to the run that claimed it, for as long as a run may take', () => {
    const until = toInstant(NOW + CLAIM_MS);
    const { memory } = told([], undefined, NOW);
    const claimed = { ...memory, claim: { by: 'other', until } };
    expect(dueOf(ALL, [alarm('shop')], newsOf([alarm('shop')]), claimed, NOW, 'me').heldTillMs).toBe(
      toMs(until),
    );
    expect(dueOf(ALL, [], newsOf([]), claimed, NOW, 'other').heldTillMs).toBeUndefined();
    expect(told([alarm('shop')], claimed, NOW + CLAIM_MS).said).toEqual(['shop 0']);
    // A claim that was made by a clock far ahead must not silence the channel till then.
    expect(told([alarm('shop')], claimed, NOW - DAY_MS).said).toEqual(['shop 0']);
  });

  it('is a digest for each period, and none twice because a clock went back', () => {
    const audience: Audience = { ...ALL, on: ['digest'], digest: 'weekly' };
    const days: string[] = [];
    let memory: ChannelMemory | undefined;
    for (let ms = NOW; ms < NOW + 20 * DAY_MS; ms += 6 * HOUR_MS) {
      const run = told([], memory, ms, { audience });
      if (run.due.digestMs !== undefined) days.push(toInstant(ms).slice(0, 13));
      memory = run.memory;
      const back = dueOf(audience, [], newsOf([]), memory, ms - 6 * DAY_MS);
      expect(back.digestMs).toBeUndefined();
    }
    expect(days).toEqual(['2026-11-22T12', '2026-11-23T06', '2026-11-30T06', '2026-12-07T06']);
  });

  it('does not stay silent for a year because a clock was a year ahead once', () => {
    const audience: Audience = { ...ALL, on: ['digest'] };
    const ahead = told([], undefined, NOW + 365 * DAY_MS, { audience }).memory;
    const after = told([], ahead, NOW, { audience }).memory;
    expect(told([], after, NOW + 7 * DAY_MS, { audience }).due.digestMs).toBeDefined();
  });
});

describe('whom a notice is for', () => {
  const notices = [
    alarm('a'),
    alarm('b', { certificate: 'team-b/wiki', owner: 'team-b' }),
    { key: 'all', level: 'attention', reason: 'state-lost', message: 'lost' } satisfies Notice,
    change('c', NOW),
  ];
  const keys = (audience: Partial<Audience>, hasGeneral?: boolean) =>
    heardBy({ ...ALL, ...audience }, notices, hasGeneral).map(({ key }) => key);

  it.each<[string, Partial<Audience>, boolean, readonly string[]]>([
    ['everything', {}, true, ['a', 'b', 'all', 'c']],
    ['a level', { on: ['changed'] }, true, ['c']],
    ['names', { match: ['team-b/**'] }, true, ['b']],
    ['an owner', { owner: ['team-a'] }, true, ['a', 'c']],
    ['an owner and names of another', { owner: ['team-a'], match: ['team-b/**'] }, true, []],
    ['what concerns all, where no other channel hears it', { owner: ['team-b'] }, false, ['b', 'all']],
  ])('goes by %s', (_title, audience, hasGeneral, expected) => {
    expect(keys(audience, hasGeneral)).toEqual(expected);
  });
});

describe('when a run has to look again', () => {
  it('is the next reminder, the next digest, or what comes by the clock, and now while something is due', () => {
    const till = '2026-12-31T00:00:00Z';
    const shop = alarm('shop', { validity: { from: '2026-11-01T00:00:00Z', till } });
    const { memory } = told([shop], undefined, NOW);
    const next = (audience: Audience, upcomingMs: readonly number[] = []) =>
      nextTellingMs(audience, [shop], { ...newsOf([shop]), upcomingMs }, memory, NOW);
    expect(toInstant(next(ALL))).toBe('2026-12-11T00:00:00Z');
    expect(toInstant(next(ALL, [NOW + DAY_MS]))).toBe(toInstant(NOW + DAY_MS));
    expect(nextTellingMs(ALL, [], newsOf([]), undefined, NOW)).toBe(NOW);
    expect(nextTellingMs(ALL, [shop], newsOf([shop]), undefined, NOW)).toBe(NOW);
    const digest = { ...memory, digestOf: '2026-11-16T06:00:00Z' };
    const wanted = { ...ALL, on: [...ALL.on, 'digest' as const] };
    expect(toInstant(nextTellingMs(wanted, [shop], newsOf([shop]), digest, NOW))).toBe(
      '2026-11-23T06:00:00Z',
    );
  });

  it('never lies behind the first run that has something to tell', () => {
    const till = '2027-01-31T00:00:00Z';
    const shop = alarm('shop', { validity: { from: '2026-11-01T00:00:00Z', till } });
    const loose = alarm('loose');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 * 24 }), (hours) => {
        const atMs = NOW + hours * HOUR_MS;
        const { memory } = told([shop, loose], undefined, atMs);
        const next = nextTellingMs(ALL, [shop, loose], newsOf([shop, loose]), memory, atMs);
        expect(told([shop, loose], memory, next - 1000).said).toEqual([]);
        expect(told([shop, loose], memory, next).said).not.toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('over any history', () => {
  const KEYS = ['a', 'b', 'c', 'd'];
  const step = fc.record({
    /** Clocks are put back, too. */
    movesMs: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 10 * DAY_MS }) },
      { weight: 1, arbitrary: fc.integer({ min: -30 * DAY_MS, max: 0 }) },
    ),
    stands: fc.subarray(KEYS),
    happens: fc.boolean(),
    fails: fc.boolean(),
  });
  const dated = (key: string): Notice =>
    key < 'c'
      ? alarm(key)
      : alarm(key, { validity: { from: '2026-11-01T00:00:00Z', till: '2027-01-15T00:00:00Z' } });

  it('nothing is told twice, and nothing new goes untold', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let nowMs = NOW;
        let memory: ChannelMemory | undefined = told([], undefined, NOW).memory;
        const happened: Notice[] = [];
        const changes = new Set<string>();
        /** Since it was last forgotten: the steps of each alarm that were told. */
        const alarms = new Map<string, number>();
        for (const { movesMs, stands, happens, fails } of steps) {
          nowMs += movesMs;
          if (happens) happened.push(change(`event ${happened.length}`, nowMs));
          const notices = [...stands.map(dated), ...happened];
          const before = memory;
          const run = told(notices, before, nowMs, { fails });
          memory = run.memory;
          for (const key of KEYS) if (before.told[key] && !memory.told[key]) alarms.delete(key);
          for (const { notice, step: at, reminder } of run.held || fails ? [] : run.due.tellings) {
            if (notice.level === 'changed') {
              expect(changes).not.toContain(notice.key);
              changes.add(notice.key);
              continue;
            }
            // Forgotten in the same run: it was away for more than a day.
            if (!reminder) alarms.delete(notice.key);
            const last = alarms.get(notice.key);
            if (last !== undefined) expect(at).toBeGreaterThan(last);
            alarms.set(notice.key, at);
          }
          if (run.held || fails) continue;
          for (const key of stands) expect(alarms.has(key)).toBe(true);
          for (const { key, at } of happened) {
            if (toMs(at ?? '') >= toMs(memory.since)) expect(changes).toContain(key);
          }
          // The same again, at this instant or at any earlier one: nothing.
          for (const backMs of [0, HOUR_MS, 3 * DAY_MS, 400 * DAY_MS])
            expect(dueOf(ALL, notices, newsOf(notices), memory, nowMs - backMs).tellings).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a run with nothing new leaves the memory as it is, in whatever order its keys stand', () => {
    fc.assert(
      fc.property(fc.subarray(KEYS), fc.integer({ min: 0, max: 20 }), (stands, minutes) => {
        const notices = stands.map(dated);
        const { memory } = told(notices, undefined, NOW);
        const stored = JSON.parse(
          JSON.stringify(Object.fromEntries(Object.entries(memory).sort(([a], [b]) => (a < b ? 1 : -1)))),
        );
        expect(dueOf(ALL, notices, newsOf(notices), stored, NOW + minutes * MINUTE_MS).tidied).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});
