import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import type { ControlRoute } from './definition.js';
import type { Proof } from './proof.js';

/** What the control routes of several shops have in common. */

/** Of a control call that asks for what cannot be. */
export const refuse = (message: string): CertError => new CertError('usage', message);

/** Epoch ms as a person wants to read it. */
export const instant = (ms: number | null): string | null =>
  ms === null ? null : new Date(ms).toISOString();

type Shown = Pick<Proof<string>, 'name' | 'method' | 'mailbox' | 'provedAtMs' | 'lastLook'>;

/** Names and how far their proofs are, without what proves them. */
export const proofFacts = (proofs: readonly Shown[]): JsonObject[] =>
  proofs.map(({ name, method, mailbox, provedAtMs, lastLook }) => ({
    name,
    method,
    mailbox,
    provedAt: instant(provedAtMs),
    lastLook,
  }));

/** All proofs, or the one of the name a call tells. @param of  what has no such name, for the refusal. @throws CertError */
export function chosenProofs<P extends { readonly name: string }>(
  proofs: readonly P[],
  { name }: JsonObject,
  of: string,
): readonly P[] {
  const chosen = proofs.filter((proof) => name === undefined || proof.name === name);
  if (chosen.length === 0) throw refuse(`${JSON.stringify(name)} is no name of ${of}.`);
  return chosen;
}

/** Sets what is left in an account, which may be less than nothing. */
export const balanceRoute = (account: () => { balance: string }): ControlRoute => ({
  method: 'POST',
  path: 'account',
  description: 'sets {"balance": "12.00"}',
  run: ({ body: { balance } }) => {
    if (typeof balance !== 'string' || !/^-?\d{1,9}\.\d{2}$/.test(balance)) {
      throw refuse('Send {"balance": "12.00"}.');
    }
    account().balance = balance;
    return { balance };
  },
});
