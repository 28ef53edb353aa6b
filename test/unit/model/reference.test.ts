import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ReferenceSubject, orderReference as referenceOf } from '../../../src/model/reference.js';

const orderReference = (subject: ReferenceSubject): string => referenceOf(subject, () => false);

const subject = { repositoryId: 'k3v9x2', name: 'team-a/shop', environment: 'live' } as const;

describe('the reference of an order', () => {
  it('is the same for everyone, for ever', () => {
    // A change here would make open orders unfindable: never adapt the value to the code.
    expect(orderReference(subject)).toBe('cwk3v9x2-yrr7nre4gtfyxaa');
    expect(orderReference({ ...subject, predecessorOrderId: '912345678' })).toBe('cwk3v9x2-wgai7ued5gmi7na');
  });

  it('differs by repository, name and environment', () => {
    const references = [
      subject,
      { ...subject, repositoryId: 'k3v9x3' },
      { ...subject, name: 'team-a/shop2' },
      { ...subject, environment: 'test' as const },
      { ...subject, environment: 'rehearsal' as const },
      { ...subject, predecessorOrderId: '1' },
      { ...subject, predecessorOrderId: '2' },
    ].map(orderReference);
    expect(new Set(references).size).toBe(references.length);
  });

  it('after an order belongs to that order, whatever the certificate is called by then', () => {
    const after = { ...subject, predecessorOrderId: '912345678' };
    expect(orderReference({ ...after, name: 'team-b/renamed' })).toBe(orderReference(after));
  });

  it('takes the next letter where another certificate was bought under it', () => {
    const first = orderReference(subject);
    const second = referenceOf(subject, (reference) => reference === first);
    expect(second).toBe('cwk3v9x2-yrr7nre4gtfyxab');
    expect(referenceOf(subject, (reference) => [first, second].includes(reference))).toMatch(/xac$/);
    expect(() => referenceOf(subject, () => true)).toThrow('is used up');
  });

  it('keeps its alphabet and length for every repository id that the configuration allows', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9]{4,10}$/),
        fc.string(),
        fc.string(),
        (repositoryId, name, order) => {
          for (const predecessor of [{}, { predecessorOrderId: order }]) {
            const reference = orderReference({ repositoryId, name, environment: 'live', ...predecessor });
            expect(reference).toMatch(/^cw[a-z0-9]+-[a-z2-7]{9,}a$/);
            expect(reference.length).toBe(24);
          }
        },
      ),
    );
  });
});
