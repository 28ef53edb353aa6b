import { parseCertificate } from '../../keys/certificate.js';
import { derOf } from '../../keys/pem.js';
import { CertError } from '../../model/errors.js';
import type { DnsName } from '../../model/names.js';
import type { CollectedCertificate, OrderSnapshot } from '../../model/order.js';
import { MINUTE_MS, toInstant } from '../../model/time.js';
import type { Clock } from '../../ports/clock.js';
import type { Recorded } from '../../ports/provider.js';
import type { Accounts, AcmeAccount } from './account.js';
import type { Chains } from './chains.js';
import type { AcmeClient } from './client.js';
import { addressOf, ended, type Known, knownFacts, namesIn, orderText, underWay } from './map.js';
import { plainText } from './problem.js';
import { challengeFor, methodFor, nameOf, proofOf } from './proofs.js';
import {
  type AuthorizationWire,
  type OrderWire,
  parseAuthorization,
  parseChallenge,
  parseOrder,
} from './wire.js';

export interface Orders {
  /** An order as it stands; one that is ready is finalised with the CSR of its request. */
  look(orderId: string, recorded?: Recorded): Promise<OrderSnapshot>;
  collect(orderId: string, recorded?: Recorded): Promise<CollectedCertificate | undefined>;
  /** Tells the CA that the proofs of these names can be seen. */
  prove(orderId: string, names: readonly DnsName[], recorded?: Recorded): Promise<void>;
  /** Names for which the CA offers no challenge of the method that is asked for. */
  without(orderId: string, recorded: Recorded): Promise<readonly DnsName[]>;
}

interface OrderDeps {
  readonly client: AcmeClient;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly chains: Chains;
}

/** Longest a server may put off the next look within one run. */
const LONGEST_WAIT_MS = MINUTE_MS;

export function ordersOf({ client, accounts, clock, chains }: OrderDeps): Orders {
  const proven = new Map<string, AuthorizationWire>();
  const waits = new Map<string, { readonly tillMs: number; readonly order: OrderWire }>();

  async function read(account: AcmeAccount, url: string): Promise<OrderWire> {
    if (!client.isOurs(url)) {
      throw new CertError('order.not-found', `${plainText(url, 120)} is no order of ${client.host}`);
    }
    const wait = waits.get(url);
    if (wait !== undefined && clock.monotonic() < wait.tillMs) return wait.order;
    const reply = await client.post({ url, signer: account.signer, what: `order ${url}` });
    const order = parseOrder(reply);
    noteWait(url, order, client.retryAtMs(reply));
    return order;
  }

  /** `Retry-After` of an order that is being issued (RFC 8555 §7.4). */
  function noteWait(url: string, order: OrderWire, retryAtMs: number | undefined): void {
    if (order.status !== 'processing' || retryAtMs === undefined) {
      waits.delete(url);
      return;
    }
    const waitMs = Math.min(retryAtMs - clock.now(), LONGEST_WAIT_MS);
    waits.set(url, { tillMs: clock.monotonic() + waitMs, order });
  }

  async function authorization({ signer }: AcmeAccount, url: string): Promise<AuthorizationWire> {
    const known = proven.get(url);
    if (known !== undefined) return known;
    const found = parseAuthorization(await client.post({ url, signer, what: `authorization ${url}` }));
    if (found.status === 'valid') proven.set(url, found);
    return found;
  }

  async function authorizations(
    account: AcmeAccount,
    order: OrderWire,
  ): Promise<readonly AuthorizationWire[]> {
    const all = await Promise.all(order.authorizations.map((url) => authorization(account, url)));
    const asked = new Set(namesIn(order));
    // What is to be published follows from these names: those of the order, and no others.
    const strange = all.map(nameOf).find((name) => !asked.has(name));
    if (strange === undefined) return all;
    throw new CertError(
      'wire.unexpected',
      `${client.host} wants a proof for ${plainText(strange, 80)}, which the order does not ask for`,
    );
  }

  /** Sent twice, the second is refused: one order gives one certificate. */
  async function finalise(
    { signer }: AcmeAccount,
    url: string,
    order: OrderWire,
    csrPem: string,
  ): Promise<OrderWire> {
    const csr = derOf(csrPem).toString('base64url');
    const reply = await client.post({
      url: order.finalize,
      signer,
      payload: { csr },
      what: `the certificate for ${namesIn(order)[0] ?? 'no name'}`,
      answers: ['orderNotReady'],
    });
    const after = reply.status < 400 ? parseOrder(reply) : { ...order, status: 'processing' as const };
    noteWait(url, after, client.retryAtMs(reply));
    return after;
  }

  async function look(orderId: string, recorded?: Recorded): Promise<OrderSnapshot> {
    const account = await accounts.open();
    const url = addressOf(orderId, recorded);
    const seen = await read(account, url);
    const csrPem = recorded?.request.csrPem;
    const order =
      seen.status === 'ready' && csrPem !== undefined ? await finalise(account, url, seen, csrPem) : seen;
    const known = knownFacts(orderId, url, order, recorded);
    switch (order.status) {
      case 'pending':
        return pending(account, order, known, recorded);
      case 'ready':
      case 'processing':
        return underWay(known, recorded, { waitingFor: 'ca', validation: [] });
      case 'invalid':
        return ended(known, recorded, orderText(order, await authorizations(account, order)));
      case 'valid': {
        const chain = await chains.of(account, url, order);
        const { serial, notAfterMs } = factsOf(chain.certificatePem);
        const ids = known.ids.includes(url) ? known.ids : [...known.ids, url];
        return {
          ...known,
          id: url,
          ids: [...ids.filter((id) => id !== url), url],
          state: 'issued',
          validation: [],
          serial,
          notAfter: toInstant(notAfterMs),
        };
      }
    }
  }

  async function pending(
    account: AcmeAccount,
    order: OrderWire,
    known: Known,
    recorded: Recorded | undefined,
  ): Promise<OrderSnapshot> {
    const all = await authorizations(account, order);
    const validation = all.map((one) => proofOf(account.key, one, recorded));
    const failed = validation.filter(({ state }) => state === 'failed');
    // Nothing becomes of an order with a proof that failed, whatever the server calls it (RFC 8555 §7.1.6).
    if (failed.length > 0) return ended(known, recorded, orderText(order, all));
    const open = validation.filter(({ state }) => state === 'pending');
    const words = [...new Set(open.flatMap(({ name, message }) => (message ? [`${name}: ${message}`] : [])))];
    return underWay(known, recorded, {
      waitingFor: open.length > 0 ? 'dcv' : 'ca',
      validation,
      ...(words.length === 0 ? {} : { message: words.slice(0, 3).join('; ') }),
    });
  }

  return {
    look,
    async collect(orderId, recorded) {
      const account = await accounts.open();
      const url = addressOf(orderId, recorded);
      // A look that finds a reissue issued gives its id; until then there is nothing new to be had.
      if (url !== orderId) return undefined;
      const order = await read(account, url);
      return order.status === 'valid' ? chains.of(account, url, order) : undefined;
    },
    async prove(orderId, names, recorded) {
      const account = await accounts.open();
      const order = await read(account, addressOf(orderId, recorded));
      if (order.status !== 'pending') return;
      const wanted = new Set(names);
      const all = await authorizations(account, order);
      const open = all.filter((one) => one.status === 'pending' && wanted.has(nameOf(one)));
      await Promise.all(
        open.map(async (one) => {
          const name = nameOf(one);
          const challenge = challengeFor(one, methodFor(name, recorded));
          if (challenge?.status !== 'pending') return;
          const { signer } = account;
          // `malformed`: it was taken already, between the look and this.
          const call = { url: challenge.url, signer, payload: {}, answers: ['malformed'] };
          const reply = await client.post({ ...call, what: `the check of ${name}` });
          if (reply.status < 400) parseChallenge(reply);
        }),
      );
    },
    async without(orderId, recorded) {
      const account = await accounts.open();
      const all = await authorizations(account, await read(account, addressOf(orderId, recorded)));
      return all.flatMap((one) => {
        const name = nameOf(one);
        const offered = challengeFor(one, methodFor(name, recorded)) !== undefined;
        return one.status === 'valid' || offered ? [] : [name];
      });
    },
  };
}

function factsOf(pem: string) {
  try {
    return parseCertificate(pem);
  } catch (cause) {
    throw new CertError('wire.unexpected', 'the CA sent something that is no certificate', { cause });
  }
}
