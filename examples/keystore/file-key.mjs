#!/usr/bin/env node
// Keystore without a service: AES-256-GCM under keys that lie in a folder, one for each purpose, each 32 bytes in base64.
//   mkdir -m 700 keys; for purpose in certificate runner; do openssl rand -base64 32 > keys/$purpose.key; done
// Start it with the folder in KEYSTORE_FOLDER. The shortest program that does what docs/keys.md asks of a keystore.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const { version, operation, purpose, plaintext, ciphertext } = JSON.parse(await text(process.stdin));
if (version !== 1) throw new Error('this program speaks version 1');
if (purpose !== 'certificate' && purpose !== 'runner') throw new Error('unknown purpose');
const folder = process.env.KEYSTORE_FOLDER;
if (!folder) throw new Error('KEYSTORE_FOLDER is not set');
const key = Buffer.from(readFileSync(join(folder, `${purpose}.key`), 'utf8'), 'base64');

const answer = (fields) => process.stdout.write(`${JSON.stringify({ version: 1, ...fields })}\n`);
if (operation === 'seal') {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const body = Buffer.concat([cipher.update(Buffer.from(plaintext, 'base64')), cipher.final()]);
  answer({ ciphertext: Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64') });
} else if (operation === 'open') {
  const bytes = Buffer.from(ciphertext, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  const body = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
  answer({ plaintext: body.toString('base64') });
} else {
  throw new Error('unknown operation');
}
