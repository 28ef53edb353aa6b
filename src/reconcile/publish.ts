import type { ParsedCertificate } from '../keys/certificate.js';
import { isOpen, type OpenIntent } from '../model/intent.js';
import type { PublishedFormat } from '../model/manifest.js';
import type { OrderSnapshot } from '../model/order.js';
import type { CurrentCertificate, ProofRecord, Status } from '../model/status.js';
import { toInstant, toMs } from '../model/time.js';
import { isCertificate } from '../planner/input.js';
import { isCompromised } from '../policy/compromised.js';
import { proofsOf } from '../policy/proofs.js';
import type { FileChange } from '../ports/repository.js';
import { certificatePath, pendingKeyPath } from '../repository/layout.js';
import { closeIntent } from './intents.js';
import { withPublished } from './order-facts.js';
import type { Run } from './run.js';
import type { StateView } from './state.js';

/** A verified certificate on its way into the repository. */
export interface Publication {
  readonly name: string;
  readonly intent?: OpenIntent;
  /** Issued for an order of ours without our asking, in the provider's portal. */
  readonly successor?: true;
  readonly order: OrderSnapshot;
  readonly parsed: ParsedCertificate;
  readonly chainPem: readonly string[];
  /** Files beside the PEMs, by format. */
  readonly extra: readonly { readonly file: string; readonly content: string | Uint8Array }[];
  readonly atMs: number;
}

/**
 * Files and facts of one publication on one head. The private key of `certificate.pem` changes only here: a key waiting
 * under the new public key takes the place of the old one; a certificate whose key is not ours has none beside it.
 */
export function publicationFiles(view: StateView, publication: Publication): readonly FileChange[] {
  const { name, parsed, chainPem, extra } = publication;
  const written = [
    { path: certificatePath(name, 'certificate'), content: parsed.pem },
    { path: certificatePath(name, 'chain'), content: chainPem.join('') },
    { path: certificatePath(name, 'fullchain'), content: [parsed.pem, ...chainPem].join('') },
    ...extra.map(({ file, content }) => ({ path: file, content })),
  ];
  const kept = new Set(written.map((file) => file.path));
  const stale = [certificatePath(name, 'p7b'), certificatePath(name, 'der')].filter(
    (path) => view.files.has(path) && !kept.has(path),
  );
  return [...written, ...stale.map((path) => ({ path, content: null })), ...keyFiles(view, publication)];
}

function keyFiles(view: StateView, { name, parsed }: Publication): readonly FileChange[] {
  const waiting = pendingKeyPath(name, parsed.keyHash);
  const blob = view.files.get(waiting);
  const path = certificatePath(name, 'key');
  if (blob !== undefined) {
    return [
      ...keyStillAwaited(view, name, parsed),
      { path, content: { blob } },
      { path: waiting, content: null },
    ];
  }
  return view.files.has(path) && !keepsKey(view, name, parsed)
    ? [...keyStillAwaited(view, name, parsed), { path, content: null }]
    : [];
}

/** A key that is replaced waits again, where a request that is under way was made for it, too (`rotate: never`). */
function keyStillAwaited(view: StateView, name: string, parsed: ParsedCertificate): readonly FileChange[] {
  const { current, intents = [] } = view.statuses.get(name) ?? {};
  const blob = view.files.get(certificatePath(name, 'key'));
  if (blob === undefined || !current?.ownKey || current.keyHash === parsed.keyHash) return [];
  const awaited = intents.some((intent) => isOpen(intent) && intent.keyHash === current.keyHash);
  return awaited ? [{ path: pendingKeyPath(name, current.keyHash), content: { blob } }] : [];
}

/** The same key goes on (`rotate: never`). */
const keepsKey = (view: StateView, name: string, parsed: ParsedCertificate): boolean =>
  view.statuses.get(name)?.current?.keyHash === parsed.keyHash;

/** Will `key.pem.age` stand beside the certificate? */
const hasKey = (view: StateView, name: string, parsed: ParsedCertificate): boolean =>
  view.files.has(pendingKeyPath(name, parsed.keyHash)) ||
  (view.files.has(certificatePath(name, 'key')) && keepsKey(view, name, parsed));

/** Can a certificate that nobody here asked for be used: is its key ours, or kept outside like the one before? */
export function isOurKey(run: Run, name: string, parsed: ParsedCertificate): boolean {
  const spec = run.specs.get(name);
  const key = spec && isCertificate(spec) ? spec.key : undefined;
  if (key?.kind === 'external' || run.view.statuses.get(name)?.current?.ownKey === false) return true;
  return key?.kind === 'csr' ? key.keyHash === parsed.keyHash : hasKey(run.view, name, parsed);
}

export function publishedStatus(run: Run, view: StateView, status: Status, publication: Publication): Status {
  const { parsed, order, intent, successor, atMs } = publication;
  const certificate: CurrentCertificate = {
    serial: parsed.serial,
    sha256: parsed.sha256,
    names: parsed.names,
    notBefore: toInstant(parsed.notBeforeMs),
    notAfter: toInstant(parsed.notAfterMs),
    issuer: parsed.issuer,
    keyHash: parsed.keyHash,
    keyAlgorithm: parsed.keyAlgorithm,
    order: order.id,
    publishedAt: toInstant(atMs),
    reason: intent?.reason ?? (successor ? 'ReplacedAtProvider' : 'AdoptDeclared'),
    ownKey: hasKey(view, status.name, parsed),
    ...(order.predecessorRevokesAt === undefined ? {} : { revokesAt: order.predecessorRevokesAt }),
  };
  const spec = run.specs.get(status.name);
  const wanted = spec && isCertificate(spec) ? spec : undefined;
  const keepCsr =
    wanted?.key.kind === 'generated' && wanted.key.rotate === 'never' && intent?.request.csrPem !== undefined
      ? { csrPem: intent.request.csrPem, keyHash: parsed.keyHash }
      : undefined;
  // A text merged while this was under way asks for another certificate than this one.
  const answers = intent === undefined ? !successor : intent.manifestDigest === wanted?.digest;
  const reissueText = answers ? wanted?.reissue : status.reissueText;
  const published = withPublished(status, intent, {
    certificate,
    ...(reissueText === undefined ? {} : { reissueText }),
    ...(keepCsr === undefined ? {} : { keptCsr: keepCsr }),
    ...(wanted?.owner === undefined ? {} : { owner: wanted.owner }),
    proofs: proofsBehind(run, status, publication),
    ...(successor ? { unasked: true } : {}),
    ...(run.configuration.hooks.published === undefined ? {} : { hook: true }),
    atMs,
  });
  return withoutAnswered(view, published, order, atMs);
}

/** Another certificate of the order serves in place of the one whose key was compromised on the way. */
function withoutAnswered(view: StateView, status: Status, { ids }: OrderSnapshot, atMs: number): Status {
  const answered = status.intents.filter(
    (one): one is Extract<OpenIntent, { phase: 'issued' }> =>
      one.phase === 'issued' && ids.includes(one.orderId) && isCompromised(view.header, one.keyHash),
  );
  return answered.reduce(
    (next, intent) => closeIntent(next, intent, 'done', atMs, 'reissued, as its key was compromised'),
    status,
  );
}

/** A private authority asks for none. What nobody here asked for tells nothing new. */
function proofsBehind(run: Run, status: Status, { intent, order }: Publication): readonly ProofRecord[] {
  if (intent === undefined || !('placedAt' in intent)) return status.proofs ?? [];
  if (run.providers.all.get(intent.provider)?.capabilities.trust !== 'public') return [];
  return proofsOf(status.proofs ?? [], {
    provider: intent.provider,
    asked: intent.request.validation,
    items: order.validation,
    sinceMs: toMs(intent.placedAt),
  });
}

/** Formats wanted beside the PEMs, as configured. */
export function formatsOf(run: Run, name: string): readonly PublishedFormat[] {
  const spec = run.specs.get(name);
  return spec && isCertificate(spec) ? spec.formats : [];
}
