import { describe, expect, it } from 'vitest';
import { toMs } from '../../../src/model/time.js';
import { type Issued, lapsedAt, proofEndMs, proofsOf } from '../../../src/policy/proofs.js';

const issued = (at: string, more: Partial<Issued> = {}): Issued => ({
  provider: 'shop',
  asked: [{ name: 'a.example.com', method: 'dns' }],
  items: [],
  sinceMs: toMs(at),
  ...more,
});
const proof = {
  name: 'a.example.com',
  provider: 'shop',
  method: 'dns',
  provenAt: '2027-06-01T00:00:00Z',
} as const;

describe('proofs behind a certificate', () => {
  it('are as old as the order that asked for them, by name', () => {
    const asked = [
      { name: 'b.example.com', method: 'email', approver: 'b@example.com' },
      { name: 'a.example.com', method: 'dns' },
    ] as const;
    expect(proofsOf([], issued('2027-06-01T00:00:00Z', { asked }))).toEqual([
      proof,
      { ...proof, name: 'b.example.com', method: 'email' },
    ]);
  });

  it('stay as old as they are while they can be used again', () => {
    expect(proofsOf([proof], issued('2027-09-01T00:00:00Z'))).toEqual([proof]);
    const anew = '2027-09-10T00:00:00Z';
    expect(proofsOf([proof], issued(anew))).toEqual([{ ...proof, provenAt: anew }]);
    for (const other of [{ provider: 'other' }, { method: 'http' as const }])
      expect(proofsOf([{ ...proof, ...other }], issued('2027-06-02T00:00:00Z'))[0]?.provenAt).toBe(
        '2027-06-02T00:00:00Z',
      );
  });

  it('end when the provider says so, if that is sooner', () => {
    const expiresAt = '2027-06-15T00:00:00Z';
    const items = [
      { name: 'a.example.com', method: 'dns', state: 'valid', proofExpiresAt: expiresAt },
    ] as const;
    const [told] = proofsOf([], issued('2027-06-01T00:00:00Z', { items }));
    expect(told && proofEndMs(told)).toBe(toMs(expiresAt));
    expect(proofEndMs(proof)).toBe(toMs('2027-09-09T00:00:00Z'));
  });

  it('are told as lapsed for the names and the account that are asked about', () => {
    const at = toMs('2027-09-09T00:00:00Z');
    expect(lapsedAt([proof], 'shop', ['a.example.com'], at)).toEqual([proof]);
    expect(lapsedAt([proof], 'shop', ['a.example.com'], at - 1)).toEqual([]);
    expect(lapsedAt([proof], 'other', ['a.example.com'], at)).toEqual([]);
    expect(lapsedAt([proof], 'shop', ['b.example.com'], at)).toEqual([]);
    expect(lapsedAt(undefined, 'shop', ['a.example.com'], at)).toEqual([]);
  });
});
