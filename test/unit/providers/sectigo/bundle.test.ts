import { describe, expect, it } from 'vitest';
import { loadAll } from '../../../support/findings.js';

describe('a certificate with the SiteLock bundle', () => {
  const wish = 'providerOptions: { sitelockBundle: true }\n';
  const cases: Readonly<Record<string, readonly [string, ...string[]]>> = {
    'whose contacts have an e-mail is fine': [`domain: a.example.com\ncontacts: owner\n${wish}`],
    'that is not wanted needs none': ['domain: a.example.com\nproviderOptions: { sitelockBundle: false }\n'],
    'without contacts would lose it silently': [
      `domain: a.example.com\n${wish}`,
      'a.yaml:2:18 bundle.email The SiteLock bundle goes to an e-mail address; write `contacts` with an admin.',
    ],
    'whose contacts have no e-mail would lose it silently': [
      `domain: a.example.com\ncontacts: office\n${wish}`,
      'a.yaml:3:18 bundle.email The SiteLock bundle goes to the e-mail of admin, and contacts "office" have none.',
    ],
    'of a trial gets none': [
      `domain: a.example.com\nproduct: positivessl-trial\nterm: 30d\ncontacts: owner\n${wish}`,
      'a.yaml:5:18 bundle.term The SiteLock bundle comes with terms of 90 days and more.',
    ],
  };
  it.each(Object.entries(cases))('%s', async (_title, [text, ...findings]) => {
    expect((await loadAll({ a: text })).findings).toEqual(findings);
  });
});
