import type { HttpReply } from '../../http/message.js';
import { parseCertificate } from '../../keys/certificate.js';
import { derOf } from '../../keys/pem.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import type { OrderRequest, RevocationReason } from '../../model/order.js';
import type { LookUp, SendGuard, Step } from '../../ports/provider.js';
import type { Accounts } from './account.js';
import type { AcmeClient } from './client.js';
import type { AcmeOptions } from './options.js';
import type { Orders } from './orders.js';
import { plainText } from './problem.js';
import { certificateId } from './renewal.js';
import { type DirectoryWire, parseOrder } from './wire.js';

/** What the steps of one account work with. */
export interface Desk {
  readonly client: AcmeClient;
  readonly accounts: Accounts;
  readonly orders: Orders;
  readonly options: AcmeOptions;
  /** Certificates this process revoked, by serial: ACME has no call that tells. */
  readonly revoked: Set<string>;
}

/** Answers after which an order is placed without `replaces` (RFC 9773 §5). */
const PLAIN_INSTEAD = ['alreadyReplaced', 'malformed'];

/** Nothing of ACME tells one attempt from another; each is free, so the next one is made. */
const untold = async (): Promise<LookUp> => ({
  kind: 'cannot-tell',
  why: 'an ACME order carries no reference to find it by',
  candidates: [],
});

/** A first order, or one after an order that came to nothing. It costs nothing; one too many expires by itself. */
export function orderStep(desk: Desk, name: 'place' | 'renew'): Step {
  return {
    name,
    paid: false,
    repeatable: true,
    run: async ({ request }, guard) => {
      const order = await newOrder(desk, request, guard, undefined);
      return { result: { order }, orderId: order };
    },
    lookUp: untold,
    adoptResult: (orderId) => ({ order: orderId }),
  };
}

/** The next certificate for an order of ours is another ACME order; it takes its place once it is issued. */
export function reissueStep(desk: Desk): Step {
  return {
    name: 'reissue',
    paid: false,
    repeatable: true,
    before: async (request) => replacing(desk, request),
    run: async ({ request, before }, guard) => {
      const { replaces } = before;
      const order = await newOrder(desk, request, guard, typeof replaces === 'string' ? replaces : undefined);
      return { result: { order } };
    },
    lookUp: untold,
  };
}

/** What the new certificate replaces, for CAs that have renewal information (RFC 9773 §5). Best effort. */
async function replacing({ client, orders }: Desk, { predecessor }: OrderRequest): Promise<JsonObject> {
  const { renewalInfo } = await client.directory();
  if (renewalInfo === undefined || predecessor === undefined) return {};
  try {
    const chain = await orders.collect(predecessor.orderId);
    const replaces = chain && (await certificateId(chain.certificatePem));
    return replaces === undefined ? {} : { replaces };
  } catch (error) {
    // Orders are forgotten by their CA after a while; the new one is as good without.
    if (error instanceof CertError && error.code === 'order.not-found') return {};
    throw error;
  }
}

/** @returns the URL of the new order (RFC 8555 §7.4) */
async function newOrder(
  { client, accounts, options }: Desk,
  request: OrderRequest,
  guard: SendGuard,
  replaces: string | undefined,
): Promise<string> {
  const { newOrder: url, meta } = await client.directory();
  const { signer } = await accounts.open();
  const profile = profileFor(request, options, meta);
  const payload = {
    identifiers: request.names.map((value) => ({ type: 'dns', value })),
    ...(profile === undefined ? {} : { profile }),
  };
  const [first = '', ...more] = request.names;
  const what = `a new order for ${first}${more.length === 0 ? '' : ` and ${more.length} more`}`;
  const call = { url, signer, what, guard, aboutNames: true } as const;
  let reply: HttpReply | undefined;
  if (replaces !== undefined) {
    reply = await client.post({ ...call, payload: { ...payload, replaces }, answers: PLAIN_INSTEAD });
  }
  if (reply === undefined || reply.status >= 400) reply = await client.post({ ...call, payload });
  parseOrder(reply);
  const { location } = reply.headers;
  if (location !== undefined && client.isOurs(location)) return location;
  throw new CertError('wire.unexpected', `${client.host} took an order and does not say its address`);
}

/** draft-ietf-acme-profiles: the manifest's, else the account's. @throws CertError `provider.refused` */
function profileFor(
  { options: wishes }: OrderRequest,
  options: AcmeOptions,
  meta: DirectoryWire['meta'],
): string | undefined {
  const profile = typeof wishes.profile === 'string' ? wishes.profile : options.profile;
  if (profile === undefined) return undefined;
  const offered = Object.keys(meta?.profiles ?? {});
  if (offered.includes(profile)) return profile;
  throw new CertError('provider.refused', `the CA offers no profile "${profile}"`, {
    remedy:
      offered.length === 0
        ? 'It offers none at all; leave `profile` out.'
        : `Write one of: ${offered.map((one) => plainText(one, 60)).join(', ')}.`,
  });
}

/** RFC 5280 §5.3.1 */
const REASONS: Readonly<Record<RevocationReason, number>> = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
};

export const REVOCATION_REASONS = Object.keys(REASONS) as readonly RevocationReason[];

/** Revokes one certificate by the account it was issued to (RFC 8555 §7.6). One that is revoked already is done. */
export function revokeStep(desk: Desk): Step {
  const { client, accounts, revoked } = desk;
  return {
    name: 'revoke',
    paid: false,
    repeatable: true,
    run: async ({ request }, guard) => {
      const { serial = '', reason = 'unspecified' } = request.revocation ?? {};
      const account = await accounts.open();
      const pem = await certificateOf(desk, request, serial);
      await client.post({
        url: (await client.directory()).revokeCert,
        signer: account.signer,
        payload: { certificate: derOf(pem).toString('base64url'), reason: REASONS[reason] },
        what: `the revocation of ${serial}`,
        guard,
        answers: ['alreadyRevoked'],
      });
      revoked.add(serial);
      const orderId = request.predecessor?.orderId;
      return { result: { serial }, ...(orderId === undefined ? {} : { orderId }) };
    },
    lookUp: untold,
  };
}

/** @throws CertError `order.not-found` where none of the orders gave this certificate, or they are forgotten */
async function certificateOf({ orders }: Desk, request: OrderRequest, serial: string): Promise<string> {
  const { orderId, ids } = request.predecessor ?? { orderId: '', ids: [] };
  for (const id of new Set([orderId, ...[...ids].reverse()])) {
    const chain = await orders.collect(id).catch((error: unknown) => {
      if (error instanceof CertError && error.code === 'order.not-found') return undefined;
      throw error;
    });
    if (chain && parseCertificate(chain.certificatePem).serial === serial.toLowerCase()) {
      return chain.certificatePem;
    }
  }
  throw new CertError('order.not-found', `no order of this account has certificate ${serial} any more`, {
    remedy: 'Revoke it with a tool that has the certificate file and the account key, or its own key.',
  });
}
