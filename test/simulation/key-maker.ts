import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { toPem } from '../../src/keys/pem.js';
import { nameSet } from '../../src/model/names.js';
import type { KeyMaker } from '../../src/ports/keystore.js';
import {
  bits,
  der,
  distinguishedName,
  explicit,
  integer,
  oid,
  sequence,
  subjectAltNames,
} from '../support/paid-provider/der.js';
import { openSealer } from './sealer.js';

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const EXTENSION_REQUEST = oid('1.2.840.113549.1.9.14');
const COMMON_NAME = '2.5.4.3';

interface Made {
  readonly privateKey: KeyObject;
  readonly spki: Buffer;
  readonly keyHash: string;
  readonly sealed: string;
}

/** By common name, in the order in which a life asks for them: the next life gets the same. */
const pools = new Map<string, Made[]>();
const requests = new Map<string, string>();

/**
 * Real keys (P-256 alone) and real requests for them, byte for byte those of `src/keys/generate.ts` but for key and signature.
 * A life never gets a key twice; lives get the same ones, so that most are made but once. Nothing is asked of other
 * threads, whose answers come in an order of their own.
 */
export function keyMaker(): KeyMaker {
  const taken = new Map<string, number>();
  return {
    generate: async ({ commonName, names }) => {
      const number = taken.get(commonName) ?? 0;
      taken.set(commonName, number + 1);
      const made = await keyOf(commonName, number);
      const wanted = nameSet([commonName, ...names]);
      const request = [number, commonName, ...wanted].join(' ');
      const csrPem = requests.get(request) ?? requestFor(commonName, wanted, made);
      requests.set(request, csrPem);
      return { csrPem, keyHash: made.keyHash, sealed: made.sealed };
    },
  };
}

async function keyOf(commonName: string, number: number): Promise<Made> {
  const pool = pools.get(commonName) ?? [];
  pools.set(commonName, pool);
  const known = pool[number];
  if (known) return known;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const made: Made = {
    privateKey,
    spki,
    keyHash: createHash('sha256').update(spki).digest('hex'),
    sealed: await openSealer.seal(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
  };
  pool.push(made);
  return made;
}

function requestFor(commonName: string, names: readonly string[], { spki, privateKey }: Made): string {
  const info = sequence(
    integer('00'),
    distinguishedName([[COMMON_NAME, commonName]]),
    spki,
    explicit(0, sequence(EXTENSION_REQUEST, der(0x31, sequence(subjectAltNames(names))))),
  );
  const signature = bits(sign('sha256', info, privateKey));
  return toPem('CERTIFICATE REQUEST', sequence(info, ECDSA_WITH_SHA256, signature));
}
