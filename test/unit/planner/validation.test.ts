import { describe, expect, it } from 'vitest';
import { parseTerm } from '../../../src/model/term.js';
import { DAY_MS, toInstant, toMs } from '../../../src/model/time.js';
import { planOf, provider, REISSUE_TIME, type Scene, spec } from '../../support/planner.js';
import { ready } from '../../support/state.js';

const byMail = (term: string) => {
  const parsed = parseTerm(term);
  return spec('shop', {
    names: ['shop.example.com', 'www.example.com'],
    validation: {
      method: 'dns',
      per: { 'www.example.com': { method: 'email', approver: 'admin@example.com' } },
    },
    ...(parsed === undefined ? {} : { term: parsed }),
  });
};

const line = (scene: Scene) => {
  const [item] = planOf({ providers: [provider('shop')], ...scene }).items;
  return { held: item?.hold?.message, notes: item?.preflight };
};

describe('names that are proven by mail', () => {
  it('say when that ends, in the plan of a term that goes on after it', () => {
    expect(line({ specs: [byMail('1y')], now: '2027-06-01T00:00:00Z' })).toEqual({
      held: undefined,
      notes: [
        'www.example.com is proven by mail, which proves nothing from 2028-03-15 on; the term goes on after it, so change validation: to dns or http before',
      ],
    });
    expect(line({ specs: [byMail('1y')], now: '2026-12-01T00:00:00Z' }).notes).toBeUndefined();
  });

  it('are not paid for once it has ended, except at a private CA', () => {
    const now = '2028-03-15T00:00:00Z';
    expect(line({ specs: [byMail('1y')], now }).held).toBe(
      'www.example.com is to be proven by mail, which proves nothing since 2028-03-15; write validation: dns or http',
    );
    const own = [provider('shop', { capabilities: { trust: 'private' } })];
    expect(line({ specs: [byMail('1y')], now, providers: own })).toEqual({
      held: undefined,
      notes: undefined,
    });
    expect(line({ specs: [spec('shop')], now })).toEqual({ held: undefined, notes: undefined });
  });
});

describe('proofs that are too old to be used again', () => {
  const proofs = (method: 'dns' | 'email', provenAt: string) => ({
    ...ready('shop'),
    proofs: [{ name: 'shop.example.com', provider: 'shop', method, provenAt }],
  });
  const wish = (method: 'dns' | 'email') =>
    spec('shop', { validation: { method, approver: 'a@example.com', per: {} } });
  const DUE = toMs(
    planOf({ specs: [spec('shop')], statuses: [ready('shop')], now: REISSUE_TIME }).items[0]?.dueAt ?? '',
  );
  const OLD = '2026-04-01T00:00:00Z';
  const daysBefore = (days: number) => toInstant(DUE - days * DAY_MS);
  const warnings = (method: 'dns' | 'email', now: string, proven = OLD) =>
    planOf({ specs: [wish(method)], statuses: [proofs(method, proven)], now }).warnings;

  it('are said in the line that needs new ones', () => {
    const scene = { specs: [wish('dns')], now: REISSUE_TIME };
    const old = planOf({ ...scene, statuses: [proofs('dns', OLD)] }).items;
    expect(old).toMatchObject([
      {
        action: 'reissue',
        preflight: ['shop.example.com has to be proven anew, by dns: the proof of 2026-04-01 is too old'],
      },
    ]);
    const young = planOf({ ...scene, statuses: [proofs('dns', daysBefore(60))] }).items;
    expect(young).toMatchObject([{ action: 'reissue' }]);
    expect(young[0]?.preflight).toBeUndefined();
  });

  it('are said two weeks ahead where a person has to prove them', () => {
    expect(warnings('email', daysBefore(15))).toEqual([]);
    expect(warnings('email', daysBefore(10))).toMatchObject([
      {
        code: 'proof-ending',
        level: 'info',
        message: expect.stringMatching(
          /^it is reissued from \d{4}-\d\d-\d\d on, and shop\.example\.com has to be proven anew then, by mail to a@example\.com; /,
        ),
      },
    ]);
    expect(warnings('email', daysBefore(10), daysBefore(20))).toEqual([]);
    expect(warnings('dns', daysBefore(10))).toEqual([]);
  });
});
