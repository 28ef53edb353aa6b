import { describe, expect, it } from 'vitest';
import { configurationNotes } from '../../../../src/entry/proposal/configuration.js';
import { CONFIGURATION, configurationOf, RECIPIENT } from '../../config/support.js';

const changes: Readonly<Record<string, readonly [from: string, to: string, says: RegExp]>> = {
  'another recipient': [
    `[${RECIPIENT}]`,
    `[${RECIPIENT}, age1${'p'.repeat(58)}]`,
    /^the recipient age1p+ is new/,
  ],
  'a recipient for runners': [
    'keys: { ',
    `keys: { runnerRecipients: [${RECIPIENT}], `,
    /^the runner recipient age1q+ is new/,
  ],
  'another limit': ['perOrder: 100 USD', 'perOrder: 900 USD', /^policy changes/],
  'another id': ['id: k3v9x2', 'id: k3v9x3', /^id changes/],
  'other branches': [
    'version: 1\n',
    'version: 1\nbranches: { state: certwright/other }\n',
    /^branches changes/,
  ],
  'another account': [
    'providers:\n',
    'providers:\n  more: { type: free }\n',
    /^provider more is new: it is asked/,
  ],
  'other credentials': [`\${SHOP_LOGIN}`, `\${OTHER_LOGIN}`, /^provider shop changes in credentials/],
  'another solver': ['server: 192.0.2.53', 'server: 192.0.2.54', /^solvers changes \(zone-a\)/],
  'a hook': ['version: 1\n', 'version: 1\nhooks: { published: { run: [./x] } }\n', /^hooks changes/],
  'less of a look at servers': [
    'version: 1\n',
    'version: 1\nendpoints: { off: true }\n',
    /^endpoints changes/,
  ],
  'less of a look at names': ['version: 1\n', 'version: 1\npreflight: { off: true }\n', /^preflight changes/],
  'other variables for manifests': ['[SITE, ', '[SITE, MORE, ', /^manifestVariables changes/],
};

describe('what a proposal changes in the configuration', () => {
  it.each(Object.entries(changes))('%s is for a person to look at', (_, [from, to, says]) => {
    expect(CONFIGURATION).toContain(from);
    const merged = configurationOf(CONFIGURATION.replace(from, to));
    expect(configurationNotes(configurationOf(), merged)).toEqual([
      { message: expect.stringMatching(says), needsReview: true },
    ]);
  });

  it('is not worth a word where only certificates are described otherwise', () => {
    const merged = configurationOf(CONFIGURATION.replace('key: rsa-2048', 'key: ecdsa-p256'));
    expect(configurationNotes(configurationOf(), merged)).toEqual([]);
  });
});
