/**
 * WebCrypto answers from a pool of threads, in an order of its own. Here its operations run one after the other, and it
 * is known whether one is out, so that a seed replays exactly. What they compute is untouched.
 */
const OPERATIONS = ['sign', 'verify', 'digest', 'importKey', 'exportKey', 'generateKey'] as const;

export interface CryptoInOrder {
  pending(): number;
  restore(): void;
}

export function cryptoInOrder(): CryptoInOrder {
  const subtle: object = Object.getPrototypeOf(crypto.subtle);
  const originals = OPERATIONS.map((name) => [name, Reflect.get(subtle, name)] as const);
  let pending = 0;
  let last: Promise<unknown> = Promise.resolve();
  for (const [name, original] of originals) {
    Reflect.set(subtle, name, function inOrder(this: unknown, ...args: unknown[]): Promise<unknown> {
      pending += 1;
      const run = (): Promise<unknown> => Reflect.apply(original, this, args);
      const done = last.then(run, run).finally(() => {
        pending -= 1;
      });
      last = done;
      return done;
    });
  }
  return {
    pending: () => pending,
    restore: () => {
      for (const [name, original] of originals) Reflect.set(subtle, name, original);
    },
  };
}
