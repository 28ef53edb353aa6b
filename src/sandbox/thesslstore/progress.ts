import type { Leaf } from '../frame/definition.js';
import { misissued } from '../frame/misissued.js';
import type { Found } from '../frame/probe.js';
import { fileHolds, lookForProofs, notClicked, pointsTo } from '../frame/proof.js';
import { validityOf, withCompanion } from '../frame/validity.js';
import { PRODUCTS } from './products.js';
import { type Certificate, type Desk, newestOf, type Order, type Proof } from './state.js';

/** Lets everything happen that is due: proofs are looked for, papers checked, and the certificate signed. */
export async function settle(desk: Desk, order: Order): Promise<void> {
  if (order.refund?.state === 'approved') order.cancelled = true;
  const certificate = newestOf(order);
  if (order.cancelled || certificate.state !== 'pending') return;
  if (!certificate.now) await lookForProofs(desk, certificate.proofs, look);
  const proved = certificate.proofs.every(({ provedAtMs }) => provedAtMs !== null);
  if (certificate.now || (proved && certificate.vettedAtMs <= desk.nowMs))
    await issue(desk, order, certificate);
}

const bare = (name: string): string => name.replace(/^\*\./, '');

async function look({ seat, settings }: Desk, proof: Proof): Promise<Found<unknown>> {
  const { name, method, value } = proof;
  switch (method) {
    case 'EMAIL':
      return notClicked(proof);
    case 'CNAME_CSR_HASH':
      return pointsTo(seat.probe, proof, settings.dnsServer);
    case 'DNS': {
      const found = await seat.probe.txt(bare(name), settings.dnsServer);
      return found.ok && !found.value.includes(value)
        ? { ok: false, why: `${bare(name)} has other TXT records` }
        : found;
    }
    case 'HTTP_CSR_HASH':
    case 'FILE':
      return fileHolds(seat.probe, proof, 'http', settings.webServers);
    case 'HTTPS_CSR_HASH':
      return fileHolds(seat.probe, proof, 'https', settings.tlsWebServers);
  }
}

async function issue(desk: Desk, order: Order, certificate: Certificate): Promise<void> {
  const { seat, settings, nowMs } = desk;
  const leaf: Leaf = {
    spkiDer: Buffer.from(certificate.spkiBase64, 'base64'),
    names: certificateNames(desk, order, certificate),
    commonName: certificate.commonName,
    organization:
      order.organization === null
        ? undefined
        : { name: order.organization, country: order.country ?? undefined },
    ...validityOf(settings.validityLimits, nowMs, order.paidTillMs),
  };
  const wrong = await misissued(seat, leaf);
  const signed = await seat.ca.sign('public', wrong);
  certificate.issued = { ...signed, notBeforeMs: wrong.notBeforeMs, notAfterMs: wrong.notAfterMs };
  certificate.state = 'issued';
  order.activatedAtMs ??= nowMs;
  for (const older of order.certificates) {
    if (older !== certificate && older.state === 'issued') older.state = 'replaced';
  }
}

function certificateNames({ settings }: Desk, order: Order, { names }: Certificate): readonly string[] {
  if (!settings.companionNames || PRODUCTS[order.product]?.included !== undefined) return names;
  return withCompanion(names[0] ?? '');
}
