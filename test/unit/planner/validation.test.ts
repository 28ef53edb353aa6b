import { describe, expect, it } from 'vitest';
import { parseTerm } from '../../../src/model/term.js';
import { planOf, provider, type Scene, spec } from '../../support/planner.js';

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
