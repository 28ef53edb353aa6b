import { expect, it } from 'vitest';
import { toMs } from '../../../src/model/time.js';
import { validationSection } from '../../../src/report/show-validation.js';

it('says how names were proven, and till when that can be used again', () => {
  const status = {
    validation: [{ name: 'b.example.com', method: 'dns', state: 'valid' }],
    proofs: [
      { name: 'a.example.com', provider: 'shop', method: 'dns', provenAt: '2027-06-01T10:00:00Z' },
      { name: 'b.example.com', provider: 'shop', method: 'dns', provenAt: '2027-01-01T00:00:00Z' },
      {
        name: 'c.example.com',
        provider: 'shop',
        method: 'email',
        provenAt: '2027-06-01T10:00:00Z',
        expiresAt: '2027-06-10T00:00:00Z',
      },
    ],
  } as const;
  const { fields } = validationSection(status, toMs('2027-07-01T00:00:00Z'));
  expect(fields.map(({ text }) => text)).toEqual([
    'b.example.com: valid',
    'a.example.com: proven by dns for the order of 2027-06-01, can be used again till 2027-09-09',
    'c.example.com: proven by email for the order of 2027-06-01, could be used again till 2027-06-09',
  ]);
});
