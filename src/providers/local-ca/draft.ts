import { CertError } from '../../model/errors.js';
import { addMoney, type Money, money } from '../../model/money.js';
import type { Sealer } from '../../ports/keystore.js';
import {
  type BookOrder,
  type Books,
  CA_FILE,
  type CaRecord,
  fileText,
  ISSUING_KEY_FILE,
  orderPath,
  ROOT_KEY_FILE,
} from './books.js';
import type { Issuer } from './ca.js';

/** Books being rewritten: changes are laid on a reading, and pushed together or not at all. */
export interface Draft {
  find(id: string): BookOrder | undefined;
  byReference(reference: string): readonly BookOrder[];
  successorsOf(id: string): readonly BookOrder[];
  /** What all orders of the account were charged, those that ended without counting left out. */
  spent(currency: string): Money;
  put(order: BookOrder): void;
  /**
   * The issuing CA that outlives `notAfterMs`, its key opened; made here where there is none.
   * @throws CertError `key.no-identity`, `key.no-recipient`
   */
  issuer(notAfterMs: number): Promise<Issuer>;
  files(): ReadonlyMap<string, string>;
}

interface DraftDeps {
  readonly sealer: Sealer;
  readonly serial: () => string;
  readonly now: () => number;
  /** Tells the roots of several accounts apart, for people. */
  readonly label: string;
}

export function createDraft(deps: DraftDeps, books: Books): Draft {
  const files = new Map(books.files);
  const changed = new Map<string, BookOrder>();
  let ca: CaRecord | undefined = books.ca;
  let issuer: Promise<Issuer> | undefined;
  let spent: Money | undefined;

  function* orders(): Iterable<BookOrder> {
    for (const order of books.orders.values()) if (!changed.has(order.id)) yield order;
    yield* changed.values();
  }

  /** Sealed and opened again, so that no CA starts whose key its own runner cannot use next time. */
  async function sealInto(file: string, keyPem: string): Promise<void> {
    const sealed = await deps.sealer.seal(keyPem);
    await openKey(deps.sealer, sealed);
    files.set(file, sealed);
  }

  const storedKey = (file: string) => (): Promise<string> => {
    const sealed = files.get(file);
    if (sealed !== undefined) return openKey(deps.sealer, sealed);
    throw new CertError('key.unreadable', `The books of the local CA hold certificates but no ${file}.`, {
      remedy: 'Restore that file from the history of the ref that holds the CA.',
    });
  };

  async function makeIssuer(notAfterMs: number): Promise<Issuer> {
    const { openIssuer, rotate } = await import('./ca.js');
    const rotated = await rotate(ca, {
      nowMs: deps.now(),
      notAfterMs,
      serial: deps.serial,
      label: deps.label,
      rootKeyPem: storedKey(ROOT_KEY_FILE),
    });
    if (rotated) {
      if (rotated.rootKeyPem !== undefined) await sealInto(ROOT_KEY_FILE, rotated.rootKeyPem);
      await sealInto(ISSUING_KEY_FILE, rotated.issuingKeyPem);
      ca = rotated.ca;
      files.set(CA_FILE, fileText(ca));
    }
    return openIssuer(ca, await storedKey(ISSUING_KEY_FILE)());
  }

  return {
    find: (id) => changed.get(id) ?? books.orders.get(id),
    byReference: (reference) => [
      ...(books.byReference.get(reference) ?? []).map((order) => changed.get(order.id) ?? order),
      ...[...changed.values()].filter(
        (order) => order.reference === reference && !books.orders.has(order.id),
      ),
    ],
    successorsOf: (id) => [...orders()].filter((order) => order.predecessor === id),
    spent: (currency) => {
      spent ??= spentOf(orders(), currency);
      return spent;
    },
    put: (order) => {
      const isNew = !changed.has(order.id) && !books.orders.has(order.id);
      changed.set(order.id, order);
      files.set(orderPath(order.id), fileText(order));
      // Kept up by addition, or every order of a large batch would sum the whole account again.
      spent = spent && isNew ? addMoney(spent, order.charged ?? money('0', spent.currency)) : undefined;
    },
    issuer: async (notAfterMs) => {
      const ready = await issuer?.catch(() => undefined);
      if (ready && ready.notAfterMs >= notAfterMs) return ready;
      issuer = makeIssuer(notAfterMs);
      return issuer;
    },
    files: () => files,
  };
}

/** Sum of what the orders were charged in one currency, in one pass. */
export function spentOf(orders: Iterable<BookOrder>, currency: string): Money {
  let sum = money('0', currency);
  for (const { charged, ended } of orders) if (charged && !ended) sum = addMoney(sum, charged) ?? sum;
  return sum;
}

async function openKey(sealer: Sealer, sealed: string): Promise<string> {
  try {
    return await sealer.open(sealed);
  } catch (error) {
    if (!(error instanceof CertError) || error.code !== 'key.no-identity') throw error;
    throw new CertError(
      'key.no-identity',
      'The signing key of the local CA is sealed and this run cannot open it.',
      {
        cause: error,
        remedy: 'Give the run an identity of keys.runnerRecipients: --identity FILE or CERTWRIGHT_IDENTITY.',
      },
    );
  }
}
