import { generateKeyPairSync } from 'node:crypto';
import { CertError } from '../../src/model/errors.js';
import type { CollectedCertificate } from '../../src/model/order.js';
import { toInstant } from '../../src/model/time.js';
import type { Operation, Provider, ProviderDeps, Step } from '../../src/ports/provider.js';
import {
  type BookOrder,
  booksReader,
  fileText,
  ISSUING_KEY_FILE,
  orderPath,
} from '../../src/providers/local-ca/books.js';
import { openIssuer, signLeaf } from '../../src/providers/local-ca/ca.js';
import { localCa } from '../../src/providers/local-ca/index.js';

/**
 * What the CA does wrong, for tests; nothing in `src` knows of it. A switch that is true strikes once, at the next
 * call it fits, and is false from then on.
 */
export interface LocalCaFaults {
  /** A writing call takes effect and its reply is lost: effect unknown. */
  loseReplyOnce?: boolean;
  /** A writing call is sent (its guard is asked) and never arrives: effect unknown, nothing done. */
  loseRequestOnce?: boolean;
  /** A writing call is refused: effect none. */
  refuseOnce?: boolean;
  /** A writing call cannot even be sent: effect none, its guard is not asked. */
  failBeforeOnce?: boolean;
  /** `collect` gives a certificate of the same CA for the same names with somebody else's key. */
  wrongCertificateOnce?: boolean;
  /** A purchase leaves a second order under the same reference. */
  duplicateOnce?: boolean;
  /** A purchase is taken and its order then stands as rejected. */
  rejectOnce?: boolean;
}

/** The embedded CA with switches that make it misbehave. */
export async function createFaultyLocalCa(deps: ProviderDeps, faults: LocalCaFaults): Promise<Provider> {
  const inner = await localCa.create(deps);
  const strikes = (name: keyof LocalCaFaults): boolean => {
    const struck = faults[name] === true;
    if (struck) faults[name] = false;
    return struck;
  };

  const faulty = (step: Step): Step => ({
    ...step,
    run: async (context, guard) => {
      if (strikes('failBeforeOnce')) {
        throw new CertError('provider.unreachable', 'The local CA was told to be unreachable.');
      }
      if (strikes('loseRequestOnce')) {
        guard();
        throw new CertError('provider.timeout', 'The local CA was told to lose the request.', {
          effect: 'unknown',
        });
      }
      if (strikes('refuseOnce')) {
        guard();
        throw new CertError('provider.refused', 'The local CA was told to refuse.');
      }
      const outcome = await step.run(context, guard);
      if (step.name === 'place' || step.name === 'renew') await spoil(outcome.orderId ?? '');
      if (strikes('loseReplyOnce')) {
        throw new CertError('provider.timeout', 'The local CA was told to lose its reply.', {
          effect: 'unknown',
        });
      }
      return outcome;
    },
  });
  const faultyOperation = (operation: Operation): Operation => operation.map(faulty);

  async function spoil(orderId: string): Promise<void> {
    if (strikes('duplicateOnce')) {
      await rewrite(deps, orderId, (order) => ({ ...order, id: `lca-${deps.random.hex(8)}` }));
    }
    if (strikes('rejectOnce')) {
      const at = toInstant(deps.clock.now());
      await rewrite(deps, orderId, (order) => ({ ...order, ended: { state: 'rejected', at } }));
    }
  }

  const { reissuer, revoker, canceller } = inner;
  return {
    ...inner,
    place: faultyOperation(inner.place),
    renew: faultyOperation(inner.renew),
    ...(reissuer && { reissuer: { ...reissuer, operation: faultyOperation(reissuer.operation) } }),
    ...(revoker && { revoker: { ...revoker, operation: faultyOperation(revoker.operation) } }),
    ...(canceller && { canceller: { operation: faultyOperation(canceller.operation) } }),
    collect: async (orderId) => {
      const collected = await inner.collect(orderId);
      return collected && strikes('wrongCertificateOnce')
        ? withStrangersKey(deps, orderId, collected)
        : collected;
    },
  };
}

/** Writes what `change` makes of an order: over it, or beside it under another id. */
async function rewrite(
  deps: ProviderDeps,
  orderId: string,
  change: (order: BookOrder) => BookOrder,
): Promise<void> {
  const read = booksReader(deps.accountStore);
  for (let landed = false; !landed; ) {
    const { version, files, orders } = await read();
    const order = orders.get(orderId);
    if (!order) return;
    const changed = change(order);
    const next = new Map(files).set(orderPath(changed.id), fileText(changed));
    landed = await deps.accountStore.replace(version, next, 'local-ca: fault');
  }
}

async function withStrangersKey(
  deps: ProviderDeps,
  orderId: string,
  collected: CollectedCertificate,
): Promise<CollectedCertificate> {
  const { ca, files, orders } = await booksReader(deps.accountStore)();
  const order = orders.get(orderId);
  const [commonName] = order?.names ?? [];
  if (!order || commonName === undefined) return collected;
  const nowMs = deps.clock.now();
  const strangersKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    format: 'der',
    type: 'spki',
  });
  const keyPem = await deps.runnerSealer.open(files.get(ISSUING_KEY_FILE) ?? '');
  const certificatePem = await signLeaf(await openIssuer(ca, keyPem), {
    serial: `7f${deps.random.hex(15)}`,
    spkiDer: new Uint8Array(strangersKey),
    rsa: false,
    names: order.names,
    commonName,
    fromMs: nowMs,
    notAfterMs: Date.parse(order.certificates.at(-1)?.notAfter ?? ''),
  });
  return { ...collected, certificatePem };
}
