import type { Leaf, Seat, VendorFault } from './definition.js';

/** What the faults of a certificate happen to; no call of the wire has this name. */
const ISSUANCE = 'issuance';

const DAY_MS = 86_400_000;

/** Faults that every authority can have. */
export const ISSUANCE_FAULTS: Readonly<Record<string, VendorFault>> = {
  'wrong-key': { description: 'the next certificate is for another key', operations: [ISSUANCE] },
  'wrong-names': { description: 'the next certificate is for other names', operations: [ISSUANCE] },
  expired: { description: 'the next certificate has expired', operations: [ISSUANCE] },
};

/** An authority that makes mistakes, where it was told to. */
export async function misissued({ fault, ca }: Pick<Seat, 'fault' | 'ca'>, leaf: Leaf): Promise<Leaf> {
  if (fault('wrong-key', ISSUANCE) !== undefined) return { ...leaf, spkiDer: await ca.strangeKey() };
  if (fault('wrong-names', ISSUANCE) !== undefined) {
    return { ...leaf, names: ['somebody-else.example'], commonName: 'somebody-else.example' };
  }
  if (fault('expired', ISSUANCE) !== undefined) {
    const shift = leaf.notAfterMs - leaf.notBeforeMs + DAY_MS;
    return { ...leaf, notBeforeMs: leaf.notBeforeMs - shift, notAfterMs: leaf.notAfterMs - shift };
  }
  return leaf;
}
