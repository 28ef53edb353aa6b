import { parseCertificate } from '../../keys/certificate.js';
import { CertError } from '../../model/errors.js';
import type { OrderRequest, RevocationReason } from '../../model/order.js';
import type { Step } from '../../ports/provider.js';
import type { Account } from './account.js';
import type { NamecheapClient } from './client.js';
import { certificateIn, statusOf } from './map.js';
import { needed, productOf } from './request.js';

/** The call takes none; what was meant is recorded by certwright. */
export const REVOCATION_REASONS: readonly RevocationReason[] = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
];

const withoutPadding = (serial: string): string => serial.toLowerCase().replace(/^0+/, '');

/**
 * The record that holds this certificate: the one use of an old id.
 * @throws CertError `provider.unsupported` for a certificate that no reissue has superseded
 */
async function supersededId(client: NamecheapClient, request: OrderRequest): Promise<string> {
  const { serial } = needed(request.revocation, 'revocation');
  const { ids } = needed(request.predecessor, 'predecessor');
  for (const id of ids) {
    const info = await client.getInfo(id);
    const certificate = certificateIn(info);
    if (!certificate) continue;
    const found = parseCertificate(certificate.certificatePem).serial;
    if (withoutPadding(found) !== withoutPadding(serial)) continue;
    if (statusOf(id, info.status) === 'replaced') return id;
    throw new CertError('provider.unsupported', `certificate ${serial} is the newest of its order`, {
      remedy:
        'Have it reissued first, then revoke this one; Namecheap’s API revokes only what a reissue has superseded, its support the rest.',
    });
  }
  throw new CertError('order.not-found', `no record of the order holds certificate ${serial}`);
}

export function revokeStep({ client, typeOf, changed }: Account): Step {
  return {
    name: 'revoke',
    paid: false,
    before: async (request) => ({ certificateId: await supersededId(client, request) }),
    run: async ({ request, before }, guard) => {
      const { serial } = needed(request.revocation, 'revocation');
      const parameters = {
        CertificateID: String(before.certificateId),
        CertificateType: typeOf(productOf(request)),
      };
      changed();
      await client.revoke(parameters, `certificate ${serial}`, guard);
      const { orderId } = needed(request.predecessor, 'predecessor');
      return { result: { orderId, serial }, orderId };
    },
    lookUp: async ({ request }) => {
      const { serial } = needed(request.revocation, 'revocation');
      const why = `whether certificate ${serial} is revoked does not show at Namecheap; look at its authority's list`;
      return { kind: 'cannot-tell', why, candidates: [] };
    },
  };
}
