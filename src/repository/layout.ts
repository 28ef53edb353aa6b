/** Every path certwright owns inside the state branch. */

const ROOT = 'issued';
const STATUS = 'status.json';
const PENDING_KEYS = 'keys';
const REJECTED = 'rejected';
const MAX_NAME_LENGTH = 128;
const SEGMENT = /^[a-z0-9._-]+$/;

export const HEADER_PATH = `${ROOT}/_certwright.json`;

/** Folder of the state branch that holds everything; nothing outside it is ever written. */
export const STATE_FOLDER = ROOT;

const FILES = {
  status: STATUS,
  certificate: 'certificate.pem',
  chain: 'chain.pem',
  fullchain: 'fullchain.pem',
  key: 'key.pem.age',
  p7b: 'certificate.p7b',
  der: 'certificate.der',
} as const;

export type CertificateFile = keyof typeof FILES;

/** `issued/<name>/certificate.pem` and its neighbours; `name` has passed `checkName`. */
export const certificatePath = (name: string, file: CertificateFile): string =>
  `${ROOT}/${name}/${FILES[file]}`;

export const statusPath = (name: string): string => certificatePath(name, 'status');

/** Key of an order that is not finished; `keyHash` is the SHA-256 of its SubjectPublicKeyInfo, hex. */
export const pendingKeyPath = (name: string, keyHash: string): string =>
  `${ROOT}/${name}/${PENDING_KEYS}/${keyHash}.age`;

/** A certificate that failed verification, kept aside under the SHA-256 of its DER, hex. */
export const rejectedPath = (name: string, fingerprint: string): string =>
  `${ROOT}/${name}/${REJECTED}/${fingerprint}.pem`;

const TAKEN: ReadonlySet<string> = new Set([...Object.values(FILES), PENDING_KEYS, REJECTED]);

function checkSegment(segment: string): string | undefined {
  if (segment === '') return 'has an empty part; write it as `team/site`, without a slash at either end';
  if (segment.startsWith('.')) return `has the part "${segment}", which starts with a dot`;
  if (segment.startsWith('_'))
    return `has the part "${segment}"; a leading underscore is kept for certwright`;
  if (segment.endsWith('.')) return `has the part "${segment}", which ends in a dot`;
  if (TAKEN.has(segment)) return `has the part "${segment}", a file name certwright uses itself`;
  if (!SEGMENT.test(segment)) return `has the part "${segment}"; use lower-case letters, digits and ._- only`;
  return undefined;
}

/** Why `name` cannot be a certificate's name: the rest of a sentence after the name. Undefined when it can. */
export function checkName(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.length > MAX_NAME_LENGTH) return `is longer than ${MAX_NAME_LENGTH} characters`;
  for (const segment of name.split('/')) {
    const why = checkSegment(segment);
    if (why !== undefined) return why;
  }
  return undefined;
}

export interface NameCollision {
  readonly name: string;
  readonly other: string;
  readonly why: string;
}

/** Every proper path prefix: `a/b/c` → `a`, `a/b`. */
function parentsOf(name: string): readonly string[] {
  const segments = name.split('/');
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'));
}

/**
 * Names that cannot live beside each other in one folder tree: the same name twice or in another case, or one inside
 * the folder of another. In the order of `names`; `other` came first or is the outer one.
 */
export function collisions(names: Iterable<string>): readonly NameCollision[] {
  const all = [...names];
  const first = new Map<string, string>();
  const found: NameCollision[] = [];
  for (const name of all) {
    const folded = name.toLowerCase();
    const other = first.get(folded);
    if (other === undefined) first.set(folded, name);
    else if (other === name) found.push({ name, other, why: 'is used twice' });
    else found.push({ name, other, why: `differs from "${other}" only by upper and lower case` });
  }
  for (const name of all) {
    for (const parent of parentsOf(name.toLowerCase())) {
      const other = first.get(parent);
      if (other !== undefined) found.push({ name, other, why: `would lie inside the folder of "${other}"` });
    }
  }
  return found;
}

/** `issued/team-a/shop/status.json` → `team-a/shop`; undefined for every other path. */
export const nameOfStatusPath = (path: string): string | undefined => nameIn(path, STATUS);

/** The same for `issued/team-a/shop/certificate.pem`: changes exactly when a certificate is published. */
export const nameOfCertificatePath = (path: string): string | undefined => nameIn(path, FILES.certificate);

const KEY_PATH = new RegExp(`^${ROOT}/(.+)/(?:${FILES.key}|${PENDING_KEYS}/([0-9a-f]{64})\\.age)$`);

/** Whose sealed key a path is: by its public-key hash where it waits under one; undefined for every other path. */
export function ownerOfKeyPath(
  path: string,
): { readonly name: string; readonly keyHash?: string } | undefined {
  const [, name = '', keyHash] = KEY_PATH.exec(path) ?? [];
  if (checkName(name) !== undefined) return undefined;
  return keyHash === undefined ? { name } : { name, keyHash };
}

function nameIn(path: string, file: string): string | undefined {
  const head = `${ROOT}/`;
  const tail = `/${file}`;
  if (!path.startsWith(head) || !path.endsWith(tail)) return undefined;
  const name = path.slice(head.length, -tail.length);
  return checkName(name) === undefined ? name : undefined;
}

const CLEAN_PATH = /^[^\p{Cc}\\]+$/u;

/** May certwright write here? Inside `issued/`, and never out of it again. */
export const isOwnPath = (path: string): boolean =>
  path.startsWith(`${ROOT}/`) &&
  CLEAN_PATH.test(path) &&
  path
    .split('/')
    .every((segment) => segment !== '' && segment !== '.' && segment !== '..' && segment !== '.git');

/** A sealed private key: of the certificate beside it, or of an order that is not finished. */
export interface SealedKeyPath {
  readonly name: string;
  /** SHA-256 of its public key, where the path says it. */
  readonly keyHash?: string;
}

/** undefined for every path that is no sealed private key of a certificate. */
export function sealedKeyOf(path: string): SealedKeyPath | undefined {
  const current = nameIn(path, FILES.key);
  if (current !== undefined) return { name: current };
  const [, pending = '', keyHash = ''] = PENDING.exec(path) ?? [];
  return pending !== '' && checkName(pending) === undefined ? { name: pending, keyHash } : undefined;
}

const PENDING = new RegExp(`^${ROOT}/(.+)/${PENDING_KEYS}/([0-9a-f]{64})\\.age$`);
