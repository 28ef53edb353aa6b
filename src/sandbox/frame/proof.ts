import type { Found, Probe } from './probe.js';

/** A name and its proof. */
export interface Proof<Method extends string> {
  name: string;
  method: Method;
  mailbox: string | null;
  /** Name and content of the file, or owner and value of the record. */
  key: string;
  value: string;
  /** Epoch ms. */
  provedAtMs: number | null;
  /** Why the last look did not prove it. */
  lastLook: string | null;
}

/** What a look changes: enough of a proof for sellers that keep more of it, or less. */
type Provable = Pick<Proof<string>, 'provedAtMs' | 'lastLook'>;

export function markProved({ nowMs }: { readonly nowMs: number }, proof: Provable): void {
  proof.provedAtMs ??= nowMs;
  proof.lastLook = null;
}

/** What a look needs of a shop's desk. */
interface Looking {
  readonly nowMs: number;
  readonly settings: { readonly autoApprove: boolean };
}

/**
 * Looks for every proof that is still missing, all at once.
 * @param look  not called where `autoApprove` is set
 * @param prove  for sellers that remember more of it
 */
export async function lookForProofs<D extends Looking, P extends Provable>(
  desk: D,
  proofs: readonly P[],
  look: (desk: D, proof: P) => Promise<Found<unknown>>,
  prove: (desk: D, proof: P) => void = markProved,
): Promise<void> {
  const open = proofs.filter(({ provedAtMs }) => provedAtMs === null);
  await Promise.all(
    open.map(async (proof) => {
      const found = desk.settings.autoApprove ? { ok: true as const } : await look(desk, proof);
      if (found.ok) prove(desk, proof);
      else proof.lastLook = found.why;
    }),
  );
}

export const notClicked = ({ mailbox }: Pick<Proof<string>, 'mailbox'>): Found<never> => ({
  ok: false,
  why: `${mailbox} has not clicked yet`,
});

/** Whether the record at `key` is a CNAME to `value`. @param server  as of `Probe.cname` */
export async function pointsTo(
  probe: Probe,
  { key, value }: Pick<Proof<string>, 'key' | 'value'>,
  server: string,
): Promise<Found<unknown>> {
  const found = await probe.cname(key, server);
  return found.ok && found.value.toLowerCase() !== value.toLowerCase()
    ? { ok: false, why: `${key} points to ${found.value}` }
    : found;
}

/** Whether the file `key` of the web server of a name holds `value`. @param servers  as of `Probe.file` */
export async function fileHolds(
  probe: Probe,
  { name, key, value }: Pick<Proof<string>, 'name' | 'key' | 'value'>,
  scheme: 'http' | 'https',
  servers: Readonly<Record<string, string>>,
): Promise<Found<unknown>> {
  const path = `/.well-known/pki-validation/${key}`;
  const found = await probe.file({ scheme, name, path, servers });
  return found.ok && found.value.trim() !== value.trim()
    ? { ok: false, why: `${scheme}://${name}${path} holds something else` }
    : found;
}
