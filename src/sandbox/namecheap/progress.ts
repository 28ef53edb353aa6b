import type { Leaf } from '../frame/definition.js';
import { misissued } from '../frame/misissued.js';
import type { Found } from '../frame/probe.js';
import { fileHolds, lookForProofs, notClicked, pointsTo } from '../frame/proof.js';
import { validityOf, withCompanion } from '../frame/validity.js';
import { productOf } from './csr.js';
import { DAY_MS, type Desk, type Entry, type Proof } from './state.js';

const MINUTE_MS = 60_000;

/** Lets everything happen that is due: proofs are looked for, papers checked, and the certificate signed. */
async function settle(desk: Desk, entry: Entry): Promise<void> {
  if (entry.status !== 'Purchased') return;
  if (!entry.now) await lookForProofs(desk, entry.proofs, look);
  const proved = entry.proofs.every(({ provedAtMs }) => provedAtMs !== null);
  if (entry.now || (proved && isVetted(desk, entry))) await issue(desk, entry);
}

/** In what order things happen does not depend on who asks. */
export async function settleAll(desk: Desk): Promise<void> {
  for (const entry of desk.state.entries) await settle(desk, entry);
}

function isVetted({ settings, nowMs }: Desk, { type, activatedAtMs }: Entry): boolean {
  const { level } = productOf(type);
  if (level !== 'DV' && settings.personality === 'sandbox') return false;
  const waits = settings.issueDelayMinutes * MINUTE_MS + (level === 'DV' ? 0 : settings.vettingDays * DAY_MS);
  return (activatedAtMs ?? nowMs) + waits <= nowMs;
}

async function look({ seat, settings }: Desk, proof: Proof): Promise<Found<unknown>> {
  switch (proof.method) {
    case 'EMAIL':
      return notClicked(proof);
    case 'CNAME':
      return pointsTo(seat.probe, proof, settings.dnsServer);
    case 'HTTP':
      return fileHolds(seat.probe, proof, 'http', settings.webServers);
  }
}

async function issue(desk: Desk, entry: Entry): Promise<void> {
  const { seat, settings, nowMs, state } = desk;
  const { organization } = entry;
  const leaf: Leaf = {
    spkiDer: Buffer.from(entry.spkiBase64 ?? '', 'base64'),
    names: certificateNames(desk, entry),
    commonName: entry.names[0],
    organization:
      organization === null ? undefined : { name: organization, country: entry.country ?? undefined },
    ...validityOf(settings.validityLimits, nowMs, entry.termEndMs ?? nowMs),
  };
  const wrong = await misissued(seat, leaf);
  const signed = await seat.ca.sign('public', wrong);
  entry.issued = { ...signed, notBeforeMs: wrong.notBeforeMs, notAfterMs: wrong.notAfterMs };
  entry.status = 'Active';
  const old = state.entries.find(({ id }) => id === entry.replaces);
  if (old?.status === 'Active') replace(old, entry);
}

export function replace(old: Entry, by: Entry): void {
  old.status = 'Replaced';
  old.replacedBy = by.id;
}

function certificateNames({ settings }: Desk, { type, names }: Entry): readonly string[] {
  if (!settings.companionNames || productOf(type).included !== 1) return names;
  return withCompanion(names[0] ?? '');
}
