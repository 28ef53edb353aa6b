import { createPrivateKey, type KeyObject } from 'node:crypto';
import { CertError } from '../../src/model/errors.js';
import type { Sealer } from '../../src/ports/keystore.js';

const HEAD = 'sealed for the simulation\n';

/**
 * Keys are real, their seal is not: age is tried elsewhere, and would take most of the time here. What is sealed comes
 * back whole, and what is not sealed is refused.
 */
export const openSealer: Sealer = {
  seal: async (plain) => `${HEAD}${Buffer.from(plain).toString('base64')}\n`,
  open: async (sealed) => opened(sealed),
};

function opened(sealed: string): string {
  if (!sealed.startsWith(HEAD)) throw new CertError('key.unreadable', 'this was not sealed');
  return Buffer.from(sealed.slice(HEAD.length), 'base64').toString('utf8');
}

/** @throws CertError */
export const openedKey = (sealed: string): KeyObject => createPrivateKey(opened(sealed));
