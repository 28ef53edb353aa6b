import { acme } from '../../src/providers/acme/index.js';
import { certificateSpec } from '../conformance/builders.js';
import { type ConformanceSubject, providerConformance } from '../conformance/provider.js';
import { accountKeyPem, acmeAccount, secretsOf } from '../support/acme-account.js';

async function subject(withRenewal: boolean): Promise<ConformanceSubject> {
  const account = await acmeAccount({
    options: { maxNames: 20 },
    server: withRenewal
      ? { renewal: () => ({ start: '2027-01-20T00:00:00Z', end: '2027-01-22T00:00:00Z' }) }
      : {},
  });
  const { provider, server, clock } = account;
  return {
    definition: acme,
    provider,
    clock,
    unknownOrderId: `${server.url}/order/0123456789abcdef`,
    roots: [server.rootPem],
    newSpec: (label) =>
      certificateSpec({
        names: [`${label}.example.com`, `*.${label}.example.com`],
        providers: [provider.config.id],
      }),
    advance: async (ms) => clock.advance(ms),
    issue: async () => server.validateAll(),
    // Nothing is sold: every further certificate for the same names is part of what was ordered first.
    purchases: async () => new Set(server.orders.map(({ names }) => names.join())).size,
    rejectNext: async () => server.rejectNext(),
    rejectNextReissue: async () => server.rejectNext(),
    reissueChangesId: true,
    requestsSeen: async () => server.calls.length,
    withWrongCredentials: async () => {
      const wrong = await account.another({ credentials: secretsOf({ accountKey: accountKeyPem() }) });
      server.tamper('new-account', () => ({
        status: 403,
        body: { type: 'urn:ietf:params:acme:error:unauthorized', detail: 'this key is not welcome' },
      }));
      return wrong;
    },
    dispose: account.close,
  };
}

providerConformance('acme', () => subject(false));
providerConformance('acme with renewal information', () => subject(true));
