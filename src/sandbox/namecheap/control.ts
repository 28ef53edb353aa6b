import type { Json, JsonObject } from '../../model/json.js';
import type { ControlCall, ControlRoute } from '../frame/definition.js';
import { balanceRoute, chosenProofs, instant, proofFacts, refuse } from '../frame/people.js';
import { markProved } from '../frame/proof.js';
import { newEntry } from './buy.js';
import { currentName } from './products.js';
import { type Desk, type Entry, isSlot } from './state.js';

/** What other people do: whoever shares the account, the authority, the vendor's support. And what the vendor sees. */
export function controls(desk: () => Desk): readonly ControlRoute[] {
  const onEntry =
    (act: (entry: Entry, body: JsonObject, now: Desk) => void | Promise<void>) =>
    async ({ args: [id = ''], body }: ControlCall): Promise<Json> => {
      const now = desk();
      const entry = now.state.entries.find((one) => one.id === id);
      if (entry === undefined) throw refuse(`There is no certificate ${id}.`);
      await act(entry, body, now);
      return facts(entry);
    };
  const post = (path: string, description: string, act: Parameters<typeof onEntry>[0]): ControlRoute => ({
    method: 'POST',
    path: `certificates/:id/${path}`,
    description,
    run: onEntry(act),
  });
  return [
    {
      method: 'GET',
      path: 'certificates',
      description: 'every certificate and every slot',
      run: () => desk().state.entries.map(facts),
    },
    { method: 'GET', path: 'certificates/:id', description: 'one of them', run: onEntry(() => undefined) },
    {
      method: 'POST',
      path: 'slots',
      description: 'somebody buys one in the panel: {"type": "Standard SSL", "years": 1}',
      run: ({ body }) => facts(bought(desk(), body)),
    },
    post('validate', 'names (or {"name": …}) count as proved', ({ proofs }, body, now) => {
      for (const proof of chosenProofs(proofs, body, 'it')) markProved(now, proof);
    }),
    post('issue', 'the next look finds it issued', (entry, _body, now) => {
      if (entry.status !== 'Purchased') throw refuse(`Certificate ${entry.id} is ${entry.status}.`);
      for (const proof of entry.proofs) markProved(now, proof);
      entry.now = true;
    }),
    post('cancel', 'the vendor or the authority cancels it', (entry) => {
      entry.status = 'Cancelled';
    }),
    post('reset', 'the support resets a refused activation', (entry) => {
      if (entry.status !== 'PurchaseError') throw refuse(`Certificate ${entry.id} is ${entry.status}.`);
      entry.status = entry.renews === null ? 'NewPurchase' : 'NewRenewal';
    }),
    post('activate', 'somebody activates the slot: {"csr": PEM}', async (entry, body, now) => {
      if (!isSlot(entry)) throw refuse(`Certificate ${entry.id} is ${entry.status}.`);
      await request(entry, body, now);
    }),
    post('reissue', 'somebody reissues it in the panel: {"csr": PEM}', async (old, body, now) => {
      if (old.status !== 'Active') throw refuse(`Certificate ${old.id} is ${old.status}.`);
      const { type, years, orderId, extraNames, boughtAtMs, termEndMs } = old;
      const of = { type, years, orderId, extraNames, boughtAtMs, termEndMs, replaces: old.id };
      const entry = newEntry(now, of);
      await request(entry, body, now);
      entry.termEndMs = termEndMs;
      entry.now = true;
    }),
    balanceRoute(() => desk().state),
  ];
}

function bought(desk: Desk, { type = 'Standard SSL', years = 1 }: JsonObject): Entry {
  const name = typeof type === 'string' ? currentName(type) : undefined;
  if (name === undefined || typeof years !== 'number') {
    throw refuse('Send {"type": "Standard SSL", "years": 1}.');
  }
  desk.state.lastOrder += 1;
  return newEntry(desk, { type: name, years, orderId: String(desk.state.lastOrder) });
}

async function request(entry: Entry, { csr }: JsonObject, { seat, nowMs }: Desk): Promise<void> {
  const read = typeof csr === 'string' ? await seat.readCsr(csr) : undefined;
  if (read === undefined || 'problem' in read) throw refuse('Send {"csr": PEM}.');
  entry.csrPem = String(csr);
  entry.spkiBase64 = read.spkiDer.toString('base64');
  entry.names = [...new Set([...read.commonNames, ...read.alternativeNames])];
  entry.activatedAtMs = nowMs;
  entry.termEndMs ??= nowMs + entry.years * 365 * 86_400_000;
  entry.status = 'Purchased';
}

/** As a person wants to read it: instants instead of milliseconds, no requests, no keys. */
function facts(entry: Entry): JsonObject {
  const { id, orderId, type, years, status, renews, replaces, replacedBy, revoked, extraNames } = entry;
  return {
    id,
    orderId,
    type,
    years,
    extraNames,
    status,
    renews,
    replaces,
    replacedBy,
    revoked,
    boughtAt: instant(entry.boughtAtMs),
    paidTill: instant(entry.termEndMs),
    names: proofFacts(entry.proofs),
    serial: entry.issued?.serial ?? null,
    notAfter: instant(entry.issued?.notAfterMs ?? null),
  };
}
