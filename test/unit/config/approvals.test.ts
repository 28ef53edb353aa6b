import { describe, expect, it } from 'vitest';
import { loadApprovals } from '../../../src/config/load.js';
import { line } from './support.js';

const SUBJECT = `certificate: team-a/shop
action: renew
predecessor: "912345678"
provider: sectigo
environment: live
product: positivessl
term: 1y
namesDigest: ${'0a'.repeat(32)}
ceiling: 25 USD
validUntil: 2026-12-01T00:00:00Z
id: 6f1c2a9b7e
`;
const load = (...texts: readonly string[]) => {
  const { approvals, findings } = loadApprovals(
    texts.map((text, i) => ({ path: `approvals/${i}.yaml`, text })),
  );
  return { approvals, findings: findings.map((it) => line(it).replace('approvals/', '')) };
};

describe('an approval file', () => {
  it('holds subjects and lines of an unsafe plan', () => {
    const lines = 'lines: [team-a/shop reissue, wiki archive]\nvalidUntil: 2026-12-01T00:00:00Z\n';
    expect(load(SUBJECT, lines)).toEqual({
      findings: [],
      approvals: [
        {
          position: { file: 'approvals/0.yaml', line: 1, column: 1 },
          subjects: [
            {
              certificate: 'team-a/shop',
              action: 'renew',
              predecessor: '912345678',
              provider: 'sectigo',
              environment: 'live',
              product: 'positivessl',
              term: '1y',
              namesDigest: '0a'.repeat(32),
              ceiling: { amount: '25.00', currency: 'USD' },
              validUntil: '2026-12-01T00:00:00Z',
              id: '6f1c2a9b7e',
            },
          ],
          unsafeLines: [],
        },
        {
          position: { file: 'approvals/1.yaml', line: 1, column: 1 },
          subjects: [],
          unsafeLines: ['team-a/shop reissue', 'wiki archive'],
          validUntil: '2026-12-01T00:00:00Z',
        },
      ],
    });
  });

  it('may be empty', () => {
    expect(load('', '# used\n')).toEqual({ approvals: [], findings: [] });
  });

  it.each([
    [
      'an id in numbers',
      'id: 6f1c2a9b7e',
      'id: 61429',
      '0.yaml:11:5 schema.type "id" must be a text. → Put quotes round it.',
    ],
    [
      'a misspelt environment',
      'live',
      'life',
      '0.yaml:5:14 schema.value "environment" is none of the values there are. → Did you mean "live"?',
    ],
    [
      'a day there is not',
      '2026-12-01',
      '2026-02-30',
      '0.yaml:10:13 approval.instant There is no such day or time. → Write a UTC instant, such as 2026-12-01T00:00:00Z.',
    ],
    [
      'no end',
      'validUntil: 2026-12-01T00:00:00Z\n',
      '',
      '0.yaml:1:1 schema.missing-key "validUntil" is missing. → Add validUntil: …',
    ],
    [
      'a key of its own',
      'ceiling',
      'cieling',
      '0.yaml:9:1 schema.unknown-key "cieling" is no key that is known here. → Did you mean "ceiling"?',
    ],
  ])('approves nothing with %s', (_title, from, to, finding) => {
    const text = SUBJECT.replace(from, to);
    expect(text).not.toBe(SUBJECT);
    expect(load(text)).toEqual({ approvals: [], findings: [finding] });
  });
});
