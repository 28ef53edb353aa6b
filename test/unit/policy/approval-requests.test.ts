import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlanItem } from '../../../src/model/plan.js';
import { DAY_MS, toInstant, toMs } from '../../../src/model/time.js';
import {
  decideRequests,
  type Proposal,
  type ProposedFile,
  type RequestsInput,
} from '../../../src/policy/approval-requests.js';
import {
  type ActionWish,
  askAgainMs,
  identityOf,
  type Offer,
  requestKey,
  type Survey,
  surveyOf,
  UNSAFE_KEY,
  validUntilMs,
  type Wish,
} from '../../../src/policy/approval-wishes.js';
import { namesDigest } from '../../../src/policy/approvals.js';
import { certificate, order, status, usd } from './builders.js';

const NOW = toMs('2027-10-20T12:00:00Z');
const PAID_TILL = toMs('2027-11-01T10:00:00Z');
const LIMITS = { group: 'each', perRun: 10, open: 20 } as const;

const held = (name: string, parts: Partial<PlanItem> = {}): PlanItem => ({
  name,
  lane: 'purchase',
  action: 'renew',
  reason: 'PaidTermEnding',
  message: 'paid till 2027-11-01',
  owner: 'platform',
  provider: 'shop',
  environment: 'live',
  product: 'dv',
  term: '1y',
  names: [`${name}.example.com`],
  price: { kind: 'known', amount: usd('10'), source: 'price list' },
  sideEffects: [],
  predecessor: `o-${name}`,
  dueAt: '2027-10-12T10:00:00Z',
  hold: { code: 'approval-missing', message: 'merge an approval file for this renew' },
  byEdit: false,
  alternatives: [],
  ...parts,
});

const stateOf = (name: string) =>
  status(name, {
    orders: [order(`o-${name}`, { paidTill: toInstant(PAID_TILL) })],
    current: certificate(`s-${name}`, { notAfter: '2027-11-20T23:59:59Z', order: `o-${name}` }),
  });

const facts = (items: readonly PlanItem[], ceiling: string | undefined = '25') => ({
  statuses: new Map(items.map(({ name }) => [name, stateOf(name)])),
  taxOf: () => undefined,
  ceilingOf: () => (ceiling === undefined ? undefined : usd(ceiling)),
});

const survey = (...items: readonly PlanItem[]): Survey => surveyOf({ items }, facts(items));

function wishOf(item: PlanItem): ActionWish {
  const [wish] = survey(item).wishes;
  if (wish?.kind !== 'action') throw new Error('no wish');
  return wish;
}

let lastId = 0;
/** The offer that certwright writes for a wish. */
function offer(wish: ActionWish, parts: Partial<Extract<Offer, { kind: 'action' }>['subject']> = {}): Offer {
  const { names, price, ...need } = wish.need;
  lastId += 1;
  return {
    kind: 'action',
    subject: {
      ...need,
      namesDigest: namesDigest(names),
      ...(price === null ? {} : { ceiling: price }),
      validUntil: toInstant(validUntilMs(wish, NOW)),
      id: `id-${lastId}`,
      ...parts,
    },
  };
}

const fileOf = (item: PlanItem, parts: Partial<ProposedFile> = {}): ProposedFile => {
  const wish = wishOf(item);
  const offered = offer(wish);
  const id = offered.kind === 'action' ? offered.subject.id : '';
  return {
    path: `approvals/${item.name}-${item.action}.yaml`,
    key: wish.key,
    written: { identity: identityOf(offered), id },
    offered,
    edited: false,
    ...parts,
  };
};

const proposal = (
  number: number,
  files: readonly ProposedFile[],
  parts: Partial<Proposal> = {},
): Proposal => ({ number, state: 'open', withdrawn: false, files, ...parts });

const decide = (parts: Partial<RequestsInput>) =>
  decideRequests({
    survey: survey(),
    proposals: [],
    approvedIds: new Set(),
    limits: LIMITS,
    nowMs: NOW,
    ...parts,
  });

const keys = (groups: readonly (readonly Wish[])[]) => groups.map((group) => group.map(({ key }) => key));

describe('what a plan asks people for', () => {
  it('is every line held for an approval, with the date that runs out', () => {
    const { wishes } = survey(held('a'), held('b', { action: 'reissue', price: { kind: 'free' } }));
    expect(wishes.map(({ key, runsOutMs }) => [key, runsOutMs])).toEqual([
      ['a renew', PAID_TILL],
      ['b reissue', toMs('2027-11-21T00:00:00Z')],
    ]);
  });

  it('counts the tax that invoices add', () => {
    const { wishes } = surveyOf({ items: [held('a')] }, { ...facts([held('a')]), taxOf: () => '20' });
    expect(wishes).toMatchObject([{ need: { price: usd('12') } }]);
  });

  it('asks for nothing that an approval would not help', () => {
    const items = [
      held('dear', { price: { kind: 'known', amount: usd('26'), source: 'list' } }),
      held('unpriced', { price: { kind: 'unknown', why: 'down' } }),
      held('down', { hold: { code: 'provider-down', message: 'down' } }),
    ];
    const { wishes, blocked, useless } = survey(...items);
    expect(wishes).toEqual([]);
    expect([...blocked]).toEqual(['unpriced renew', 'down renew']);
    expect(useless.get('dear renew')).toBe(
      'it would cost 26.00 USD now, and the manifest and the policy allow 25.00 USD; raise maxPrice or perOrder first',
    );
  });

  it('asks for nothing that no limit allows', () => {
    const { wishes, useless } = surveyOf(
      { items: [held('a')] },
      { ...facts([held('a')]), ceilingOf: () => undefined },
    );
    expect(wishes).toEqual([]);
    expect(useless.get('a renew')).toMatch(/neither maxPrice nor perOrder/);
  });

  it('has the lines of a plan that is held as unsafe', () => {
    const unsafe = { message: 'too much', lines: ['a reissue', 'b reissue'] };
    expect(surveyOf({ items: [], unsafe }, facts([])).wishes).toEqual([
      { kind: 'lines', key: UNSAFE_KEY, lines: unsafe.lines, message: 'too much' },
    ]);
  });
});

describe('pull requests for approvals', () => {
  it('are opened for what nobody asked for yet, what runs out first before the rest', () => {
    const late = held('late', { action: 'reissue', price: { kind: 'free' } });
    expect(keys(decide({ survey: survey(late, held('soon')) }).open)).toEqual([
      ['soon renew'],
      ['late reissue'],
    ]);
  });

  it('stay as they are while they fit', () => {
    const decision = decide({ survey: survey(held('a')), proposals: [proposal(7, [fileOf(held('a'))])] });
    expect(decision).toMatchObject({ open: [], change: [], close: [], tell: [] });
    expect([...decision.asked]).toEqual([['a renew', 7]]);
  });

  it.each<[string, Partial<PlanItem>, string]>([
    [
      'a price above the ceiling',
      { price: { kind: 'known', amount: usd('11'), source: 'list' } },
      'its ceiling is 10.00 USD, the price 11.00 USD',
    ],
    ['other names', { names: ['other.example.com'] }, 'it is for other names'],
    ['another order before it', { predecessor: 'o-2' }, 'it names predecessor o-a instead of o-2'],
    ['another provider', { provider: 'other' }, 'it names provider shop instead of other'],
    ['another term', { term: '2y' }, 'it names term 1y instead of 2y'],
  ])('are written anew for %s', (_what, parts, why) => {
    const { change, open } = decide({
      survey: survey(held('a', parts)),
      proposals: [proposal(7, [fileOf(held('a'))])],
    });
    expect(open).toEqual([]);
    expect(change).toMatchObject([{ number: 7, rewrite: [{ path: 'approvals/a-renew.yaml', why: [why] }] }]);
  });

  it('are written anew before their approval ends', () => {
    const file = fileOf(held('a'));
    const offered = offer(wishOf(held('a')), { validUntil: '2027-10-23T11:00:00Z' });
    const { change } = decide({
      survey: survey(held('a')),
      proposals: [proposal(7, [{ ...file, offered }])],
    });
    expect(change).toMatchObject([{ rewrite: [{ why: ['it is valid until 2027-10-23T11:00:00Z only'] }] }]);
  });

  it('are never overwritten where a person changed the file, only told', () => {
    const dearer = held('a', { price: { kind: 'known', amount: usd('15'), source: 'list' } });
    const mine = (ceiling: string) =>
      proposal(7, [
        fileOf(held('a'), { edited: true, offered: offer(wishOf(held('a')), { ceiling: usd(ceiling) }) }),
      ]);
    const short = decide({ survey: survey(dearer), proposals: [mine('12')] });
    expect(short).toMatchObject({ open: [], change: [], tell: [{ number: 7 }] });
    // A person's higher ceiling fits: nothing to say.
    expect(decide({ survey: survey(dearer), proposals: [mine('20')] })).toMatchObject({
      change: [],
      tell: [],
    });
  });

  it('are closed, with the reason, when they are of no use any more', () => {
    const { hold: _hold, ...free } = held('through');
    const dear = held('dear', { price: { kind: 'known', amount: usd('99'), source: 'list' } });
    const { close } = decide({
      survey: survey(free, dear),
      proposals: ['gone', 'through', 'dear'].map((name, i) => proposal(i + 1, [fileOf(held(name))])),
    });
    expect(close).toMatchObject([
      { number: 1, why: ['nothing asks for it any more'] },
      { number: 2, why: ['it is let through without this pull request'] },
      { number: 3, why: [expect.stringContaining('it would cost 99.00 USD')] },
    ]);
  });

  it('stay open while a provider is down or a price unknown', () => {
    const items = [
      held('a', { hold: { code: 'provider-down', message: 'down' } }),
      held('b', { price: { kind: 'unknown', why: 'down' } }),
    ];
    const { close, change } = decide({
      survey: survey(...items),
      proposals: [proposal(1, [fileOf(held('a'))]), proposal(2, [fileOf(held('b'))])],
    });
    expect([close, change]).toEqual([[], []]);
  });

  it('that ask for the same are closed but the oldest', () => {
    const { close } = decide({
      survey: survey(held('a')),
      proposals: [proposal(9, [fileOf(held('a'))]), proposal(4, [fileOf(held('a'))])],
    });
    expect(close).toEqual([{ number: 9, why: ['#4 asks for the same'] }]);
  });

  it('are limited by run and in all, and what waits is told', () => {
    const items = Array.from({ length: 300 }, (_, i) => held(`c${String(i).padStart(3, '0')}`));
    const first = decide({ survey: survey(...items) });
    expect([first.open.length, first.queued.length]).toEqual([10, 290]);
    const opened = items.slice(0, 15).map((item, i) => proposal(i + 1, [fileOf(item)]));
    const next = decide({ survey: survey(...items), proposals: opened });
    expect([next.open.length, next.queued.length]).toEqual([5, 280]);
  });

  it('gather what belongs together where the policy says so', () => {
    const items = [held('a'), held('b', { owner: 'shop' }), held('c')];
    const group = (by: 'owner' | 'all') =>
      decide({ survey: survey(...items), limits: { ...LIMITS, group: by } });
    expect(keys(group('owner').open)).toEqual([['a renew', 'c renew'], ['b renew']]);
    expect(keys(group('all').open)).toEqual([['a renew', 'b renew', 'c renew']]);
    const many = Array.from({ length: 45 }, (_, i) => held(`c${String(i).padStart(3, '0')}`));
    const parts = decide({ survey: survey(...many), limits: { ...LIMITS, group: 'all' } }).open;
    expect(parts.map(({ length }) => length)).toEqual([20, 20, 5]);
  });

  it('of several lose only what is of no use any more', () => {
    const { change, close } = decide({
      survey: survey(held('a')),
      proposals: [proposal(3, [fileOf(held('a')), fileOf(held('b'))])],
    });
    expect(close).toEqual([]);
    expect(change).toMatchObject([{ rewrite: [], remove: [{ path: 'approvals/b-renew.yaml' }] }]);
  });

  it('for an unsafe plan may list more than the plan has, not less', () => {
    const ask = (lines: readonly string[]) =>
      decide({
        survey: surveyOf(
          { items: [], unsafe: { message: 'much', lines: ['a reissue', 'b reissue'] } },
          facts([]),
        ),
        proposals: [
          proposal(1, [
            {
              path: 'approvals/unsafe-plan.yaml',
              key: UNSAFE_KEY,
              offered: { kind: 'lines', lines },
              edited: false,
            },
          ]),
        ],
      });
    expect(ask(['a reissue', 'b reissue', 'c reissue']).change).toEqual([]);
    expect(ask(['a reissue']).change).toMatchObject([
      { rewrite: [{ why: ['the plan has 1 more line than it lists'] }] },
    ]);
  });
});

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'] as const;

it('nothing is asked for twice, whatever is there, and no more than the limits allow', () => {
  const some = fc.subarray([...NAMES]);
  const state = fc.constantFrom('open' as const, 'closed' as const, 'merged' as const);
  const proposalOf = fc.record({
    names: fc.subarray([...NAMES], { minLength: 1 }),
    state,
    hours: fc.nat(900),
  });
  fc.assert(
    fc.property(
      some,
      fc.array(proposalOf, { maxLength: 8 }),
      fc.constantFrom('each' as const, 'owner' as const, 'all' as const),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      (names, given, group, perRun, open) => {
        const proposals = given.map((one, i) =>
          proposal(
            i + 1,
            one.names.map((name) => fileOf(held(name))),
            {
              state: one.state,
              ...(one.state === 'open' ? {} : { endedMs: NOW - one.hours * 3_600_000 }),
            },
          ),
        );
        const decision = decide({
          survey: survey(...names.map((name) => held(name, { owner: name < 'd' ? 'x' : 'y' }))),
          proposals,
          limits: { group, perRun, open },
        });
        const opened = decision.open.flat().map(({ key }) => key);
        const told = [
          ...opened,
          ...decision.asked.keys(),
          ...decision.queued.map(({ key }) => key),
          ...decision.declined.map(({ wish }) => wish.key),
        ];
        // Each need is in exactly one place.
        expect(told.toSorted()).toEqual(names.map((name) => `${name} renew`).toSorted());
        expect(decision.open.length).toBeLessThanOrEqual(perRun);
        const stay = proposals.filter(({ state: now }) => now === 'open').length - decision.close.length;
        expect(decision.open.length).toBeLessThanOrEqual(Math.max(0, open - stay));
      },
    ),
    { numRuns: 200 },
  );
});

describe('what was declined', () => {
  const file = () => fileOf(held('a'));
  const ended = (at: string, parts: Partial<Proposal> = {}) =>
    proposal(1, [file()], { state: 'closed', endedMs: toMs(at), ...parts });

  it.each<[string, string, boolean]>([
    ['closed after the last reminder', '2027-10-19T00:00:00Z', false],
    ['closed before the last reminder', '2027-10-18T09:59:59Z', true],
  ])('%s: asked again %s', (_what, at, again) => {
    // 14 days before the end of the paid term is 2027-10-18T10:00Z.
    const { open, declined } = decide({ survey: survey(held('a')), proposals: [ended(at)] });
    expect([open.length, declined.length]).toEqual(again ? [1, 0] : [0, 1]);
    if (!again) expect(declined[0]?.againMs).toBe(toMs('2027-10-25T10:00:00Z'));
  });

  it('is asked anew at once when something else is needed', () => {
    const other = held('a', { names: ['other.example.com'] });
    expect(decide({ survey: survey(other), proposals: [ended('2027-10-19T00:00:00Z')] }).open).toHaveLength(
      1,
    );
  });

  it('does not come back because the price moved', () => {
    const dearer = held('a', { price: { kind: 'known', amount: usd('11'), source: 'list' } });
    expect(decide({ survey: survey(dearer), proposals: [ended('2027-10-19T00:00:00Z')] }).open).toEqual([]);
  });

  it('is not what certwright withdrew itself', () => {
    const withdrawn = ended('2027-10-19T00:00:00Z', { withdrawn: true });
    expect(decide({ survey: survey(held('a')), proposals: [withdrawn] }).open).toHaveLength(1);
  });

  it('is what was merged and is not there; what is there and does not fit is asked anew', () => {
    const merged = ended('2027-10-19T00:00:00Z', { state: 'merged' });
    const id = merged.files[0]?.written?.id ?? '';
    expect(decide({ survey: survey(held('a')), proposals: [merged] }).open).toEqual([]);
    expect(
      decide({ survey: survey(held('a')), proposals: [merged], approvedIds: new Set([id]) }).open,
    ).toHaveLength(1);
  });

  const action = fc.constantFrom('renew' as const, 'reissue' as const, 'revoke' as const);

  it('is asked for again on each of its days exactly once, however often runs are', () => {
    fc.assert(
      fc.property(
        action,
        fc.integer({ min: 1, max: 120 }),
        fc.array(fc.integer({ min: 1, max: 5 * 24 }), { minLength: 40, maxLength: 120 }),
        fc.integer({ min: 0, max: 72 }),
        (which, dueDays, stepsHours, patienceHours) => {
          const dueMs = PAID_TILL - dueDays * DAY_MS;
          const item = held('a', {
            action: which,
            ...(which === 'renew' ? { dueAt: toInstant(dueMs) } : {}),
            ...(which === 'revoke' ? { price: { kind: 'free' } } : {}),
          });
          const wish = wishOf(item);
          const proposals: Proposal[] = [];
          let nowMs = dueMs;
          const seen: [openedMs: number, declinedMs: number][] = [];
          for (const hours of stepsHours) {
            const decision = decide({ survey: survey(item), proposals, nowMs });
            const [openOne] = proposals.filter(({ state }) => state === 'open');
            // Never two for one need.
            expect(decision.open.length + (openOne ? 1 : 0)).toBeLessThanOrEqual(1);
            if (decision.open.length > 0) {
              proposals.push(proposal(proposals.length + 1, [fileOf(item)]));
              const closeMs = nowMs + patienceHours * 3_600_000;
              seen.push([nowMs, closeMs]);
            }
            nowMs += hours * 3_600_000;
            const last = proposals.at(-1);
            const closeMs = seen.at(-1)?.[1] ?? Infinity;
            if (last?.state === 'open' && closeMs <= nowMs) {
              proposals[proposals.length - 1] = { ...last, state: 'closed', endedMs: closeMs };
            }
          }
          for (const [i, [openedMs]] of seen.entries()) {
            const before = seen[i - 1];
            if (before) expect(openedMs).toBeGreaterThanOrEqual(askAgainMs(wish, before[1]));
          }
          // The last one that was declined comes back: never for ever.
          const lastDeclined = proposals.at(-1);
          if (lastDeclined?.endedMs !== undefined) {
            const againMs = askAgainMs(wish, lastDeclined.endedMs);
            expect(againMs - lastDeclined.endedMs).toBeLessThanOrEqual(Math.max(dueDays, 14) * DAY_MS);
            const at = (ms: number) => decide({ survey: survey(item), proposals, nowMs: ms }).open.length;
            expect([at(againMs - 1), at(againMs)]).toEqual([0, 1]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

it('tells apart what is asked for, not what it costs', () => {
  const wish = wishOf(held('a'));
  expect(identityOf(offer(wish, { ceiling: usd('99') }))).toBe(identityOf(wish));
  expect(identityOf(offer(wish, { product: 'ev' }))).not.toBe(identityOf(wish));
  expect(requestKey('a', 'renew')).toBe(wish.key);
});
