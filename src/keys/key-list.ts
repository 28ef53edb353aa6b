import { createPublicKey, X509Certificate } from 'node:crypto';
import { keyHashOf } from './algorithm.js';
import { inspectCsr } from './csr.js';

/** What somebody hands in to say which key it is. */
export type NamedKey = { readonly keyHash: string } | { readonly problem: string };

const HEX = /^[0-9a-f]{64}$/;
const PIN = /^(?:sha256\/{1,2})?([A-Za-z0-9+/]{43}=)$/;
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g;

/** SHA-256 of a SubjectPublicKeyInfo in hex (with or without colons), or in base64 as pins have it (RFC 7469 §2.4). */
export function parseKeyHash(text: string): string | undefined {
  const hex = text.replaceAll(':', '').toLowerCase();
  if (HEX.test(hex)) return hex;
  const pin = PIN.exec(text)?.[1];
  return pin === undefined ? undefined : Buffer.from(pin, 'base64').toString('hex');
}

/**
 * The keys a text is about: PEM blocks (private keys, public keys, certificates, CSRs), or hashes, one a line, with blank
 * lines and `#` comments between them. Nothing of a private key is kept or quoted.
 */
export async function keysNamedIn(text: string): Promise<readonly NamedKey[]> {
  const blocks = [...text.matchAll(BLOCK)];
  if (blocks.length > 0) return Promise.all(blocks.map(([pem, label = '']) => keyOfBlock(pem, label)));
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line, index) => ({ line: line.trim(), at: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
    .map(({ line, at }) => {
      const keyHash = parseKeyHash(line.split(/\s+/)[0] ?? '');
      return keyHash === undefined ? { problem: `line ${at} is no hash of a public key` } : { keyHash };
    });
}

async function keyOfBlock(pem: string, label: string): Promise<NamedKey> {
  try {
    if (label.endsWith('CERTIFICATE REQUEST')) {
      const csr = await inspectCsr(pem);
      return 'problem' in csr ? { problem: `a CSR in it ${csr.problem}` } : { keyHash: csr.keyHash };
    }
    const key = label.endsWith('CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem);
    return { keyHash: keyHashOf(key) };
  } catch {
    // What a parser says of a key may quote it.
    return { problem: `a block in it (${label}) is no key that can be read without a password` };
  }
}
