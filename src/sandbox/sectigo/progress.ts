import type { Leaf } from '../frame/definition.js';
import { misissued } from '../frame/misissued.js';
import { validityOf, withCompanion } from '../frame/validity.js';
import { lookForProofs } from './dcv.js';
import { PRODUCTS } from './products.js';
import { type Certificate, DAY_MS, type Desk, type Located, type Order } from './state.js';

/** How far a pending certificate has come. */
export type Stage = 'waiting' | 'processing' | 'issuing' | 'issued';

/**
 * Lets everything happen that is due: proofs are looked for, papers checked, and the certificate signed.
 * @param polled  a CollectSSL call, which the settings count
 */
export async function settle(desk: Desk, located: Located, polled = false): Promise<Stage> {
  const { order, certificate } = located;
  if (certificate.state !== 'pending') return 'issued';
  if (order.state !== 'open' || order.payment === 'required') return 'waiting';
  if (!certificate.now) await lookForProofs(desk, located);
  if (certificate.readyAtMs === null) {
    certificate.readyAtMs = readyAt(order, certificate, desk.nowMs);
    if (certificate.readyAtMs === null) return 'waiting';
  }
  if (polled) certificate.polls += 1;
  const stage = stageOf(desk, certificate);
  if (stage === 'issued') await issue({ ...desk, nowMs: issuanceMs(desk, certificate) }, located);
  return stage;
}

/** When the last proof and the last check of papers were in; null while one is missing. */
function readyAt(order: Order, certificate: Certificate, nowMs: number): number | null {
  const times = [
    ...certificate.dcv.map(({ provedAtMs }) => provedAtMs ?? Number.POSITIVE_INFINITY),
    ...Object.values(order.vetting).map((atMs) => atMs ?? 0),
  ];
  const lastMs = Math.max(...times);
  return lastMs <= nowMs ? lastMs : null;
}

function stageOf({ settings, nowMs }: Desk, { now, polls, readyAtMs }: Certificate): Stage {
  if (now) return 'issued';
  const passedMs = nowMs - (readyAtMs ?? nowMs);
  const { processingPolls, processingSeconds, issuingPolls, issuingSeconds } = settings;
  if (polls <= processingPolls && passedMs < processingSeconds * 1000) return 'processing';
  const issuingEnds = (processingSeconds + issuingSeconds) * 1000;
  return polls <= processingPolls + issuingPolls && passedMs < issuingEnds ? 'issuing' : 'issued';
}

/** A CA does not wait until somebody looks. */
function issuanceMs({ settings, nowMs }: Desk, { now, readyAtMs }: Certificate): number {
  const { processingSeconds, issuingSeconds } = settings;
  return now ? nowMs : Math.min(nowMs, (readyAtMs ?? nowMs) + (processingSeconds + issuingSeconds) * 1000);
}

async function issue(desk: Desk, { order, certificate }: Located): Promise<void> {
  const { seat, settings, nowMs } = desk;
  const startMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
  order.termStartMs ??= startMs;
  order.termEndMs ??= startMs + order.days * DAY_MS - 1000;
  const names = certificateNames(desk, order, certificate);
  const leaf: Leaf = {
    spkiDer: Buffer.from(certificate.spkiBase64, 'base64'),
    names,
    commonName: certificate.commonName ?? undefined,
    organization: organizationOf(order),
    ...validityOf(settings.validityLimits, nowMs, order.termEndMs),
  };
  const wrong = await misissued(seat, leaf);
  const signed = await seat.ca.sign(order.payment === 'test' ? 'untrusted' : 'public', wrong);
  certificate.issued = {
    ...signed,
    notBeforeMs: wrong.notBeforeMs,
    notAfterMs: wrong.notAfterMs,
    names: wrong.names,
  };
  certificate.state = 'issued';
  for (const older of order.certificates) {
    if (older !== certificate && older.state === 'issued') older.state = 'replaced';
  }
}

function certificateNames({ settings }: Desk, order: Order, { dcv }: Certificate): readonly string[] {
  const names = dcv.map(({ name }) => name);
  if (!settings.companionNames || PRODUCTS[order.product]?.multi) return names;
  return withCompanion(names[0] ?? '');
}

function organizationOf({ product, details }: Order): Leaf['organization'] {
  const { organizationName, countryName } = details;
  if (PRODUCTS[product]?.level === 'DV' || organizationName === undefined) return undefined;
  return { name: organizationName, country: countryName };
}
