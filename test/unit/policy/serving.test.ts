import { describe, expect, it } from 'vitest';
import type { EndpointFault, EndpointMemory } from '../../../src/model/run-memory.js';
import type { FailedServer, ServerFacts, ShownCertificate } from '../../../src/model/served.js';
import { DAY_MS, HOUR_MS, toInstant, toMs } from '../../../src/model/time.js';
import {
  endpointVerdict,
  judgeServers,
  nextDialMs,
  rememberLook,
  servedEverywhere,
} from '../../../src/policy/serving.js';
import { certificate } from './builders.js';

const CURRENT = certificate('s1');
const PUBLISHED_MS = toMs(CURRENT.publishedAt);
const NAME = 'shop.example.com';
const NOW_MS = PUBLISHED_MS + DAY_MS;

const leaf = (parts: Partial<ShownCertificate> = {}): ShownCertificate => ({
  sha256: CURRENT.sha256,
  serial: '0a',
  issuer: 'CN=Some CA',
  names: [NAME],
  notBeforeMs: PUBLISHED_MS,
  notAfterMs: toMs('2027-05-01T00:00:00Z'),
  selfSigned: false,
  keyAlgorithm: 'ecdsa-p256',
  ...parts,
});
const shown = (address: string, parts: Partial<ShownCertificate> = {}): ServerFacts => ({
  kind: 'shown',
  address,
  leaf: leaf(parts),
  faults: [],
});
const failed = (address: string, failure: FailedServer['failure']): ServerFacts => ({
  kind: 'failed',
  address,
  failure,
  why: `why ${failure}`,
});
const other = { sha256: 'f'.repeat(64) };

const judge = (servers: readonly ServerFacts[], previous = [certificate('s0')]) =>
  judgeServers(servers, NAME, CURRENT, previous, NOW_MS).map(({ fault, text }) => `${fault}: ${text}`);

describe('servers behind an endpoint', () => {
  it.each<[string, readonly ServerFacts[], readonly string[]]>([
    ['that serve what was published are as they should be', [shown('a'), shown('b')], []],
    [
      'that serve the one before',
      [shown('a', { sha256: certificate('s0').sha256 })],
      ['previous-certificate: serves the previous certificate 0a, valid until 2027-05-01'],
    ],
    [
      'that serve another',
      [shown('a', other)],
      ['other-certificate: serves another certificate, 0a of CN=Some CA, valid until 2027-05-01'],
    ],
    [
      'that serve one for many other names, by a wildcard too short',
      [
        shown('a', {
          ...other,
          names: ['*.example.net', 'b.example', 'c.example', 'd.example', 'e.example'],
        }),
      ],
      [
        'name-mismatch: serves a certificate for *.example.net, b.example, c.example and 2 more to those who ask for shop.example.com, perhaps the default of the server',
      ],
    ],
    [
      'that serve another by a wildcard',
      [shown('a', { ...other, names: ['*.example.com'] })],
      ['other-certificate: serves another certificate, 0a of CN=Some CA, valid until 2027-05-01'],
    ],
    [
      'of which one does not',
      [shown('a'), shown('b', other), shown('c', other)],
      ['other-certificate: serves another certificate, 0a of CN=Some CA, valid until 2027-05-01 (b, c)'],
    ],
    ['of which this machine has no way to one', [shown('a'), failed('::1', 'no-route')], []],
    ['to none of which it has a way', [failed('::1', 'no-route')], ['unseen: why no-route']],
    ['of which one does not answer', [shown('a'), failed('b', 'silent')], ['unseen: why silent (b)']],
    ['that speak something else', [failed('a', 'not-tls')], ['not-tls: why not-tls']],
  ])('%s', (_title, servers, expected) => {
    expect(judge(servers)).toEqual(expected);
  });
});

const look = (
  parts: Partial<EndpointMemory> & { readonly faults?: readonly EndpointFault[] } = {},
): EndpointMemory => {
  const { faults = [], ...more } = parts;
  return {
    at: toInstant(NOW_MS),
    certificate: CURRENT.sha256,
    findings: faults.map((fault) => ({ fault, text: fault })),
    ...more,
  };
};

describe('the next look by itself', () => {
  it.each<[string, EndpointMemory | undefined, number]>([
    ['comes when the certificate was given time', undefined, PUBLISHED_MS + HOUR_MS / 4],
    [
      'is that of a new one where the look was for the one before',
      look({ certificate: 'f'.repeat(64) }),
      PUBLISHED_MS + HOUR_MS / 4,
    ],
    ['never comes where it is served', look(), Infinity],
    [
      'comes every hour where it is not',
      look({ faults: ['unseen'], since: toInstant(NOW_MS) }),
      NOW_MS + HOUR_MS,
    ],
    [
      'comes less often where nobody mended it in two days',
      look({ faults: ['unseen'], since: toInstant(NOW_MS - 2 * DAY_MS) }),
      NOW_MS + 6 * HOUR_MS,
    ],
    ['is now where a clock was ahead', look({ at: toInstant(NOW_MS + DAY_MS) }), NOW_MS],
  ])('%s', (_title, memory, expected) => {
    expect(nextDialMs(memory, CURRENT, NOW_MS)).toBe(expected);
  });
});

describe('what a look leaves', () => {
  const finding = { fault: 'other-certificate' as const, text: 'other' };
  const later = toInstant(NOW_MS + HOUR_MS);

  it('since when it is so goes on, over whatever is found', () => {
    const first = rememberLook(undefined, CURRENT, [finding], NOW_MS);
    expect(first).toEqual(look({ findings: [finding], since: toInstant(NOW_MS) }));
    const second = rememberLook(first, CURRENT, [{ fault: 'unseen', text: 'x' }], NOW_MS + HOUR_MS);
    expect(second).toMatchObject({ at: later, since: toInstant(NOW_MS) });
    const third = rememberLook(second, CURRENT, [], NOW_MS + HOUR_MS);
    expect(third).toEqual(look({ at: later, servedAt: later }));
    expect(rememberLook(third, CURRENT, [finding], NOW_MS + 2 * HOUR_MS)).toMatchObject({
      since: toInstant(NOW_MS + 2 * HOUR_MS),
      servedAt: later,
    });
  });

  it('begins anew with another certificate', () => {
    const before = look({
      certificate: 'f'.repeat(64),
      findings: [finding],
      since: CURRENT.publishedAt,
      servedAt: later,
    });
    expect(rememberLook(before, CURRENT, [finding], NOW_MS)).toEqual(
      look({ findings: [finding], since: toInstant(NOW_MS) }),
    );
  });
});

describe('an endpoint is to its certificate', () => {
  const verdict = (memory: EndpointMemory | undefined, withinMs = DAY_MS) => {
    const found = endpointVerdict(
      { endpoint: 'a:443', ...(memory ? { look: memory } : {}) },
      CURRENT,
      withinMs,
      NOW_MS,
    );
    return found && `${found.reason}/${found.level}`;
  };
  const hoursAgo = (hours: number) => toInstant(NOW_MS - hours * HOUR_MS);

  it.each<[string, string | undefined, string | undefined]>([
    ['nothing where nobody looked', verdict(undefined), undefined],
    ['nothing where it is served', verdict(look()), undefined],
    [
      'on its way in the first hours',
      verdict(look({ faults: ['other-certificate'] }), DAY_MS + 1),
      'NotServedYet/info',
    ],
    [
      'an alarm after them, to the second',
      verdict(look({ faults: ['other-certificate'] })),
      'NotServed/attention',
    ],
    [
      'a warning where it was served and is not any more',
      verdict(look({ faults: ['not-tls'], since: hoursAgo(2), servedAt: hoursAgo(3) })),
      'NotServed/warning',
    ],
    [
      'an alarm where that goes on',
      verdict(look({ faults: ['handshake'], since: hoursAgo(24), servedAt: hoursAgo(25) })),
      'NotServed/attention',
    ],
    [
      'a warning with a chain that is cut',
      verdict(look({ faults: ['chain-missing'], since: hoursAgo(23) })),
      'ChainFault/warning',
    ],
    [
      'an alarm where that goes on',
      verdict(look({ faults: ['chain-expired'], since: hoursAgo(24) })),
      'ChainFault/attention',
    ],
    [
      'a warning for ever with a chain out of order',
      verdict(look({ faults: ['chain-order'], since: hoursAgo(99) })),
      'ChainFault/warning',
    ],
    [
      'a warning for ever where it cannot be reached',
      verdict(look({ faults: ['unseen'], since: hoursAgo(99) })),
      'EndpointUnseen/warning',
    ],
    [
      'the gravest of several',
      verdict(look({ faults: ['unseen', 'chain-order', 'previous-certificate'] })),
      'NotServed/attention',
    ],
  ])('%s', (_title, found, expected) => {
    expect(found).toBe(expected);
  });

  it('served everywhere only where each endpoint was seen with it', () => {
    const [fine, unseen, wrong, never] = [
      { endpoint: 'a', look: look({ faults: ['chain-order'] }) },
      { endpoint: 'b', look: look({ faults: ['unseen'] }) },
      { endpoint: 'c', look: look({ faults: ['handshake'] }) },
      { endpoint: 'd' },
    ];
    expect([[], [fine], [fine, unseen], [fine, never], [never, wrong]].map(servedEverywhere)).toEqual([
      undefined,
      true,
      undefined,
      undefined,
      false,
    ]);
  });
});
