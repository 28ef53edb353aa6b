import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { CertError } from '../model/errors.js';
import type { PublishedFormat } from '../model/manifest.js';
import type { Secret } from '../model/secret.js';
import { type KubernetesTarget, sopsTlsSecret, tlsSecret } from './kubernetes.js';
import { derOf, toPem } from './pem.js';
import { certsOnlyPkcs7 } from './pkcs7.js';
import { modernPkcs12 } from './pkcs12.js';
import { legacyPkcs12 } from './pkcs12-legacy.js';
import { type WebServer, zipped } from './server-zip.js';

export type ExportFormat = 'pem' | 'der' | 'p7b' | 'p12' | 'k8s' | 'k8s-sops' | 'zip';

export interface ExportRequest {
  readonly certificatePem: string;
  /** Intermediates, issuer first, without root. */
  readonly chainPem: readonly string[];
  /** Any PEM form of the private key; without it `p12` and `k8s` are impossible and the others hold no key. */
  readonly keyPem?: Secret;
  readonly format: ExportFormat;
  /** Of the p12 file. */
  readonly password?: Secret;
  /** What key stores list the entry as. */
  readonly friendlyName: string;
  /** p12 in the old algorithms, RSA only. */
  readonly legacy?: boolean;
  /** Whom a zip is for. */
  readonly server?: WebServer;
  readonly kubernetes?: KubernetesTarget;
  /** Whom a k8s-sops manifest is encrypted for, and when. */
  readonly sops?: { readonly recipients: readonly string[]; readonly nowMs: number };
}

export interface ExportedFile {
  readonly name: string;
  readonly content: Buffer | string;
  /** Holds a private key: write it with mode 0600 and never into the repository. */
  readonly secret: boolean;
}

export interface Exported {
  readonly files: readonly ExportedFile[];
}

/**
 * A certificate in the form a server wants.
 * @throws CertError `usage` when something the format needs is missing or does not fit, `key.unreadable` when the key
 * is none or belongs to another certificate
 */
export async function exportCertificate(request: ExportRequest): Promise<Exported> {
  const { certificatePem, chainPem, format } = request;
  const key = request.keyPem === undefined ? undefined : matchingKey(request.keyPem, certificatePem);
  switch (format) {
    case 'pem':
      return { files: [...publishedPem(certificatePem, chainPem), ...keyFile(key, 'pem')] };
    case 'der':
      return { files: [...(await publishedFiles('der', certificatePem, chainPem)), ...keyFile(key, 'der')] };
    case 'p7b':
      return { files: await publishedFiles('p7b', certificatePem, chainPem) };
    case 'p12':
      return { files: [await pkcs12File(request, needed(key, 'A p12 file'))] };
    case 'k8s':
      return { files: [kubernetesFile(request, needed(key, 'A Kubernetes TLS secret'))] };
    case 'k8s-sops':
      return { files: [await sopsFile(request, needed(key, 'A Kubernetes TLS secret'))] };
    case 'zip':
      return { files: [await serverZip(request, key)] };
  }
}

/** What the server's own directives name, and nothing else. */
async function serverZip(request: ExportRequest, key: KeyObject | undefined): Promise<ExportedFile> {
  const { certificatePem, chainPem, server } = request;
  if (server === undefined)
    throw new CertError('usage', 'A zip is packed for a web server: say which, nginx, apache or iis.');
  const [leaf, chain, fullchain] = publishedPem(certificatePem, chainPem);
  const pem = { nginx: [fullchain], apache: [leaf, chain] } as const;
  const files =
    server === 'iis'
      ? // Without the key there is a request on the server that waits for its certificate.
        key === undefined
        ? await publishedFiles('p7b', certificatePem, chainPem)
        : [{ ...(await pkcs12File(request, key)), name: 'certificate.pfx' }]
      : [...pem[server], ...keyFile(key, 'pem')];
  return zipped(`certificate-${server}.zip`, files, certificatePem);
}

/**
 * Files of one format without any key, as they stand beside `status.json`. The same input gives the same bytes.
 * `der` is the leaf alone, since DER has no way to hold a list.
 */
export async function publishedFiles(
  format: PublishedFormat,
  certificatePem: string,
  chainPem: readonly string[],
): Promise<readonly ExportedFile[]> {
  switch (format) {
    case 'pem':
      return publishedPem(certificatePem, chainPem);
    case 'der':
      return [{ name: 'certificate.der', content: derOf(certificatePem), secret: false }];
    case 'p7b': {
      const der = await certsOnlyPkcs7([certificatePem, ...chainPem]);
      return [{ name: 'certificate.p7b', content: toPem('PKCS7', der), secret: false }];
    }
  }
}

function publishedPem(
  certificatePem: string,
  chainPem: readonly string[],
): readonly [leaf: ExportedFile, chain: ExportedFile, fullchain: ExportedFile] {
  const chain = chainPem.map(normalised).join('');
  return [
    { name: 'certificate.pem', content: normalised(certificatePem), secret: false },
    { name: 'chain.pem', content: chain, secret: false },
    { name: 'fullchain.pem', content: normalised(certificatePem) + chain, secret: false },
  ];
}

/** A block without its last newline would run into the next one. */
const normalised = (pem: string): string => toPem('CERTIFICATE', derOf(pem));

const keyFile = (key: KeyObject | undefined, format: 'pem' | 'der'): readonly ExportedFile[] =>
  key === undefined
    ? []
    : [{ name: `key.${format}`, content: format === 'pem' ? keyPem(key) : keyDer(key), secret: true }];

const keyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const keyDer = (key: KeyObject): Buffer => key.export({ type: 'pkcs8', format: 'der' });

async function pkcs12File(request: ExportRequest, key: KeyObject): Promise<ExportedFile> {
  const password = request.password?.reveal() ?? '';
  if (password === '')
    throw new CertError('usage', 'A PKCS#12 file needs a password that is not empty: give one for it.');
  const input = {
    certificatePem: request.certificatePem,
    chainPem: request.chainPem,
    keyDer: keyDer(key),
    password,
    friendlyName: request.friendlyName,
  };
  const content = await (request.legacy === true ? legacyPkcs12(input) : modernPkcs12(input));
  return { name: 'certificate.p12', content, secret: true };
}

function kubernetesFile(request: ExportRequest, key: KeyObject): ExportedFile {
  const content = tlsSecret(targetOf(request), fullchainOf(request), keyPem(key));
  return { name: 'secret.yaml', content, secret: true };
}

/** Made to be committed. */
async function sopsFile(request: ExportRequest, key: KeyObject): Promise<ExportedFile> {
  const { sops } = request;
  if (sops === undefined || sops.recipients.length === 0)
    throw new CertError(
      'usage',
      'A manifest for SOPS is encrypted for somebody: give at least one recipient.',
    );
  const content = await sopsTlsSecret(targetOf(request), fullchainOf(request), keyPem(key), sops);
  return { name: 'secret.sops.yaml', content, secret: false };
}

const fullchainOf = ({ certificatePem, chainPem }: ExportRequest): string =>
  [certificatePem, ...chainPem].map(normalised).join('');

function targetOf({ kubernetes }: ExportRequest): KubernetesTarget {
  if (kubernetes !== undefined) return kubernetes;
  throw new CertError('usage', 'A Kubernetes TLS secret needs a name: give the name of the Secret object.');
}

function needed(key: KeyObject | undefined, what: string): KeyObject {
  if (key === undefined)
    throw new CertError(
      'usage',
      `${what} holds the private key, which is not at hand for this certificate: export pem, der or p7b instead.`,
    );
  return key;
}

/** Causes stay out: what a parser says about a key may quote it. */
function matchingKey(pem: Secret, certificatePem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem.reveal());
  } catch {
    throw new CertError(
      'key.unreadable',
      'The private key is no unencrypted PEM key: restore it from Git history.',
    );
  }
  if (!new X509Certificate(certificatePem).checkPrivateKey(key))
    throw new CertError(
      'key.unreadable',
      'The private key belongs to another certificate: restore the pair from one commit of the state branch.',
    );
  return key;
}
