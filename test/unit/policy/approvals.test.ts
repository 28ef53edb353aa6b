import { describe, expect, it } from 'vitest';
import type { ApprovalFile, ApprovalSubject } from '../../../src/model/approval.js';
import type { ApprovalMode } from '../../../src/model/configuration.js';
import { toMs } from '../../../src/model/time.js';
import {
  type ApprovalNeed,
  approvalFor,
  approvalKindOf,
  namesDigest,
  subjectDigest,
  unsafeApproved,
} from '../../../src/policy/approvals.js';
import { usd } from './builders.js';

const NOW = toMs('2026-11-22T12:00:00Z');
const NAMES = ['a.example.com', 'b.example.com'];

const subject: ApprovalSubject = {
  certificate: 'team-a/shop',
  action: 'renew',
  predecessor: '77',
  provider: 'shop',
  environment: 'live',
  product: 'dv',
  term: '1y',
  namesDigest: namesDigest(NAMES),
  ceiling: usd('25'),
  validUntil: '2026-12-01T00:00:00Z',
  id: 'r1',
};

const need: ApprovalNeed = {
  certificate: 'team-a/shop',
  action: 'renew',
  predecessor: '77',
  predecessorDied: false,
  provider: 'shop',
  environment: 'live',
  product: 'dv',
  term: '1y',
  names: NAMES,
  price: usd('25'),
};

const file = (...subjects: readonly ApprovalSubject[]): ApprovalFile => ({
  position: { file: 'approvals/x.yaml', line: 1, column: 1 },
  subjects,
  unsafeLines: [],
});

const ask = (
  parts: Partial<ApprovalNeed>,
  mode: ApprovalMode,
  files: readonly ApprovalFile[] = [],
  { consumed = [], autoRenew = true }: { consumed?: readonly string[]; autoRenew?: boolean } = {},
) => {
  const answer = approvalFor(
    { ...need, ...parts },
    mode,
    { digest: 'm1', autoRenew },
    files,
    new Set(consumed),
    NOW,
  );
  return answer.kind === 'granted' ? answer.record : answer.hold.code;
};

/** Leaves a field out. */
function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _gone, ...rest } = value;
  return rest;
}

const byFile = { kind: 'file', subjectDigest: subjectDigest(subject) };

describe('modes', () => {
  const first = { action: 'order', predecessor: undefined } as never as Partial<ApprovalNeed>;
  it.each([
    ['merge', 'a first order', first, { kind: 'merge', manifestDigest: 'm1' }],
    ['merge', 'a paid reissue', { action: 'reissue' }, { kind: 'merge', manifestDigest: 'm1' }],
    ['merge', 'a free reissue', { action: 'reissue', price: null }, { kind: 'free' }],
    ['merge', 'a renewal: of that a merged manifest says nothing', {}, 'approval-missing'],
    ['merge', 'a revocation: nor of that', { action: 'revoke', price: null }, 'approval-missing'],
    ['auto', 'a first order', first, { kind: 'auto' }],
    ['auto', 'a renewal', {}, { kind: 'auto' }],
    ['auto', 'a free reissue', { action: 'reissue', price: usd('0') }, { kind: 'free' }],
    ['auto', 'a revocation', { action: 'revoke', price: null }, { kind: 'auto' }],
    ['pull-request', 'a first order', first, 'approval-missing'],
    ['pull-request', 'a renewal', {}, 'approval-missing'],
    ['pull-request', 'a free reissue', { action: 'reissue', price: null }, 'approval-missing'],
    ['never', 'a first order', first, 'approval-never'],
    ['never', 'a free reissue', { action: 'reissue', price: null }, 'approval-never'],
  ] as [ApprovalMode, string, Partial<ApprovalNeed>, unknown][])(
    '%s and %s',
    (mode, _title, parts, answer) => {
      expect(ask(parts, mode)).toEqual(answer);
    },
  );

  it('auto renews only what the manifest wants renewed', () => {
    expect(ask({}, 'auto', [], { autoRenew: false })).toBe('approval-missing');
    expect(ask({}, 'auto', [file(subject)], { autoRenew: false })).toEqual(byFile);
  });

  it('never means never, whatever was merged', () => {
    expect(ask({}, 'never', [file(subject)])).toBe('approval-never');
  });

  it.each(['merge', 'auto', 'pull-request'] as const)(
    'after a dead order %s needs a file that names it',
    (mode) => {
      const again = { action: 'order', predecessorDied: true } as const;
      expect(ask(again, mode)).toBe('approval-missing');
      expect(ask(again, mode, [file({ ...subject, action: 'order', predecessor: '76' })])).toBe(
        'approval-missing',
      );
      expect(ask(again, mode, [file({ ...without(subject, 'predecessor'), action: 'order' })])).toBe(
        'approval-missing',
      );
      const named = { ...subject, action: 'order' };
      expect(ask(again, mode, [file(named)])).toEqual({ kind: 'file', subjectDigest: subjectDigest(named) });
    },
  );

  it.each([
    ['renew', usd('5'), 'renew'],
    ['renew', null, 'renew'],
    ['revoke', null, 'revoke'],
    ['order', usd('5'), 'order'],
    ['reissue', usd('5'), 'order'],
    ['add-names', usd('0.01'), 'order'],
    ['reissue', null, 'free'],
    ['order', usd('0'), 'free'],
  ] as const)('%s at %j falls under %s', (action, price, kind) => {
    expect(approvalKindOf({ action, price })).toBe(kind);
  });
});

describe('an approval file', () => {
  it('lets exactly its need through', () => {
    expect(ask({}, 'pull-request', [file(subject)])).toEqual(byFile);
    expect(ask({ names: [...NAMES].reverse() }, 'pull-request', [file(subject)])).toEqual(byFile);
    expect(ask({ price: usd('24.99') }, 'pull-request', [file(subject)])).toEqual(byFile);
  });

  it.each([
    ['another certificate', { certificate: 'team-a/other' }],
    ['another action', { action: 'order' }],
    ['another predecessor', { predecessor: '78' }],
    ['another provider', { provider: 'other' }],
    ['another environment', { environment: 'test' }],
    ['another product', { product: 'ov' }],
    ['another term', { term: '2y' }],
    ['other names', { names: ['a.example.com'] }],
    ['a higher price', { price: usd('25.01') }],
    ['a price in another currency', { price: usd('5 EUR') }],
  ] as [string, Partial<ApprovalNeed>][])('does not let %s through', (_title, parts) => {
    expect(ask(parts, 'pull-request', [file(subject)])).toBe('approval-missing');
  });

  it('has to name what the need has, and nothing that it has not', () => {
    expect(ask({}, 'pull-request', [file(without(subject, 'term'))])).toBe('approval-missing');
    expect(ask({}, 'pull-request', [file(without(subject, 'ceiling'))])).toBe('approval-missing');
    const bare = without(without(need, 'term'), 'predecessor');
    const answer = approvalFor(
      bare,
      'pull-request',
      { digest: 'm', autoRenew: true },
      [file(subject)],
      new Set(),
      NOW,
    );
    expect(answer.kind).toBe('hold');
  });

  it('needs no ceiling for what is free', () => {
    const free = without({ ...subject, action: 'revoke', predecessor: 'a1' }, 'ceiling');
    const wanted = { action: 'revoke', predecessor: 'a1', price: null } as const;
    expect(ask(wanted, 'pull-request', [file(free)])).toEqual({
      kind: 'file',
      subjectDigest: subjectDigest(free),
    });
  });

  it.each([
    ['2026-11-22T12:00:01Z', true],
    ['2026-11-22T12:00:00Z', false],
    ['2026-11-01T00:00:00Z', false],
    ['2027-02-30T00:00:00Z', false],
    ['2027-01-01', false],
  ])('valid until %s lets through: %s', (validUntil, lets) => {
    const one = { ...subject, validUntil };
    expect(ask({}, 'pull-request', [file(one)])).toEqual(
      lets ? { kind: 'file', subjectDigest: subjectDigest(one) } : 'approval-missing',
    );
  });

  it('is inert once consumed, however it is written again', () => {
    const consumed = [subjectDigest(subject)];
    const rewritten: ApprovalSubject = {
      ...without(without(subject, 'ceiling'), 'certificate'),
      validUntil: '2026-12-01T00:00:00.000+00:00',
      ceiling: { currency: 'USD', amount: '25' },
      certificate: subject.certificate,
    };
    expect(ask({}, 'pull-request', [file(subject)], { consumed })).toBe('approval-missing');
    expect(ask({}, 'pull-request', [file(rewritten)], { consumed })).toBe('approval-missing');
    expect(ask({}, 'pull-request', [file(subject, { ...subject, id: 'r2' })], { consumed })).toEqual({
      kind: 'file',
      subjectDigest: subjectDigest({ ...subject, id: 'r2' }),
    });
  });

  it('says in what it does not fit, of the one that comes nearest', () => {
    const answer = approvalFor(
      { ...need, price: usd('30') },
      'pull-request',
      { digest: 'm', autoRenew: true },
      [file({ ...subject, product: 'ev', provider: 'other' }), file(subject)],
      new Set(),
      NOW,
    );
    expect(answer).toEqual({
      kind: 'hold',
      hold: {
        code: 'approval-missing',
        message:
          'the approval file for this renew does not fit: its ceiling is 25.00 USD, the price 30.00 USD',
      },
    });
  });
});

describe('the digest of names', () => {
  it('knows a set, whatever its order and repeats', () => {
    expect(namesDigest(['b.example', 'a.example', 'b.example'])).toBe(
      namesDigest(['a.example', 'b.example']),
    );
    expect(namesDigest(['a.example'])).not.toBe(namesDigest(['a.example', 'b.example']));
  });
});

describe('an unsafe plan', () => {
  const unsafe = (lines: readonly string[], validUntil?: string): ApprovalFile => ({
    ...file(),
    unsafeLines: lines,
    ...(validUntil === undefined ? {} : { validUntil }),
  });
  const LATER = '2026-12-01T00:00:00Z';

  it.each([
    [
      'all its lines are listed',
      ['a archive', 'b archive'],
      [unsafe(['b archive', 'a archive'], LATER)],
      true,
    ],
    ['it is a subset of the lines', ['a archive'], [unsafe(['b archive', 'a archive'], LATER)], true],
    [
      'one line is not listed',
      ['a archive', 'c archive'],
      [unsafe(['b archive', 'a archive'], LATER)],
      false,
    ],
    ['the action is another one', ['a revoke'], [unsafe(['a archive'], LATER)], false],
    [
      'its lines are spread over files',
      ['a archive', 'b archive'],
      [unsafe(['a archive'], LATER), unsafe(['b archive'], LATER)],
      false,
    ],
    ['the file is over', ['a archive'], [unsafe(['a archive'], '2026-11-22T12:00:00Z')], false],
    ['the file has no end', ['a archive'], [unsafe(['a archive'])], true],
    ['its end is no instant', ['a archive'], [unsafe(['a archive'], '2027-02-30T00:00:00Z')], false],
    ['there is no file', ['a archive'], [], false],
  ])('when %s: %j', (_title, lines, files, approved) => {
    expect(unsafeApproved(lines, files, NOW)).toBe(approved);
  });
});
