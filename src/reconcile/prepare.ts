import { inspectCsr } from '../keys/csr.js';
import { CertError } from '../model/errors.js';
import type { ApprovalRecord, IntendedIntent } from '../model/intent.js';
import type { JsonObject } from '../model/json.js';
import type { CertificateSpec } from '../model/manifest.js';
import { sameNames } from '../model/names.js';
import { laneOf, type OrderRequest, type PaidOrFreeAction } from '../model/order.js';
import type { PlanItem } from '../model/plan.js';
import type { OrderRecord, Status } from '../model/status.js';
import { toInstant } from '../model/time.js';
import { ISSUING } from '../planner/draft.js';
import { isRenewable, orderById, orderOfSerial } from '../planner/facts.js';
import { isCertificate } from '../planner/input.js';
import { wishedValidation } from '../planner/validation.js';
import { isCompromised } from '../policy/compromised.js';
import type { CsrSubject } from '../ports/keystore.js';
import type { Provider } from '../ports/provider.js';
import { certificatePath } from '../repository/layout.js';
import { prepareLicence } from './licence-job.js';
import { operationFor, stepsFor } from './operations.js';
import { referenceFor } from './references.js';
import { providerFor, type Run, statusOf } from './run.js';
import type { Job } from './send.js';
import type { StateView } from './state.js';

/**
 * A plan line becomes a job: key and CSR made (the key sealed at once), the whole request fixed.
 * @param stillWanted  asked on every head the intent is put upon
 * @throws CertError
 */
export async function prepareJob(
  run: Run,
  item: PlanItem,
  action: PaidOrFreeAction,
  stillWanted: (view: StateView) => string | undefined,
): Promise<Job> {
  if (item.licence) return prepareLicence(run, item, action, item.licence, stillWanted);
  const status = statusOf(run.view, item.name);
  const spec = run.specs.get(item.name);
  const certificate = spec && isCertificate(spec) ? spec : undefined;
  const provider = providerFor(run, item.provider ?? '');
  const predecessor = predecessorOf(status, item, action);
  const nowMs = run.deps.clock.now();
  const sameAccount = predecessor !== undefined && continues(action, predecessor, provider, nowMs);
  const contacts = certificate?.contacts === undefined ? undefined : contactsFor(run, certificate.contacts);
  const subject = subjectOf(item, certificate, predecessor);
  const csr = ISSUING.has(action) ? await csrFor(run, certificate, status, subject) : undefined;
  const request = requestFor(run, {
    item,
    action,
    provider,
    status,
    certificate,
    predecessor,
    contacts,
    csr,
    subject,
  });
  const operation = stepsFor(operationFor(provider, action, sameAccount), request);
  const intent: IntendedIntent = {
    id: run.deps.random.hex(8),
    lane: laneOf(action),
    action,
    provider: provider.config.id,
    environment: provider.config.environment,
    request,
    ...(item.predecessor === undefined || laneOf(action) === 'free' ? {} : { follows: item.predecessor }),
    ...(csr === undefined ? {} : { keyHash: csr.keyHash }),
    quoted: item.price.kind === 'known' ? item.price.amount : null,
    approval: item.approval ?? FREE,
    manifestCommit: run.desired.commit ?? '',
    manifestDigest: certificate?.digest ?? status.manifestDigest ?? '',
    createdAt: toInstant(nowMs),
    reason: item.reason,
    steps: operation.map((step, i) => ({
      name: step.name,
      paid: step.paid,
      phase: i === 0 ? 'intended' : 'planned',
    })),
    resends: 0,
    phase: 'intended',
    nonce: '',
    sendBy: toInstant(nowMs),
    settledAt: toInstant(nowMs),
  };
  return {
    name: item.name,
    provider,
    operation,
    intent,
    ...(contacts === undefined ? {} : { contacts: contacts.data }),
    ...(csr?.sealed === undefined ? {} : { key: { keyHash: csr.keyHash, sealed: csr.sealed } }),
    stillWanted,
  };
}

const FREE: ApprovalRecord = { kind: 'free' };

function predecessorOf(status: Status, item: PlanItem, action: PaidOrFreeAction): OrderRecord | undefined {
  if (action === 'revoke') {
    const serial = item.predecessor ?? status.current?.serial;
    return serial === undefined ? undefined : orderOfSerial(status, serial);
  }
  return item.predecessor === undefined ? undefined : orderById(status, item.predecessor);
}

function contactsFor(run: Run, name: string) {
  return { name, ...run.deps.contacts(run.configuration, name) };
}

interface Csr {
  readonly csrPem: string;
  readonly keyHash: string;
  readonly sealed?: string;
}

/** What the line is for; the manifest may already want other names than these. */
function subjectOf(
  item: PlanItem,
  certificate: CertificateSpec | undefined,
  predecessor: OrderRecord | undefined,
): CsrSubject {
  const names = item.names ?? certificate?.names ?? predecessor?.names ?? [];
  const wanted = certificate?.commonName;
  const commonName = wanted !== undefined && names.includes(wanted) ? wanted : (names[0] ?? '');
  return { commonName, names };
}

async function csrFor(
  run: Run,
  spec: CertificateSpec | undefined,
  status: Status,
  subject: CsrSubject,
): Promise<Csr> {
  if (!spec) throw new CertError('internal', `${status.name} has no manifest to make a CSR from`);
  const { key } = spec;
  switch (key.kind) {
    case 'csr':
      return { csrPem: key.csrPem, keyHash: key.keyHash };
    case 'external':
      throw new CertError(
        'manifest.invalid',
        `the key of ${spec.name} is external; name a key or a CSR first`,
      );
    case 'generated': {
      const kept =
        key.rotate === 'never' && !wantsNewKey(run, status)
          ? await keptCsr(run, subject, key.algorithm, status)
          : undefined;
      if (kept) return kept;
      run.deps.progress.step(`making a key for ${spec.name}`);
      return run.deps.keyMaker(run.configuration).generate(subject, key.algorithm);
    }
  }
}

/** Somebody who should not knows the key that is kept. */
const wantsNewKey = ({ view }: Run, { requests, keptCsr: kept }: Status): boolean =>
  isCompromised(view.header, kept?.keyHash) ||
  requests.some(({ action, newKey }) => action === 'reissue' && newKey === true);

/** `rotate: never`: the same CSR goes on as long as it is for the same names and algorithm, and its key is there. */
async function keptCsr(
  { view }: Run,
  { names }: CsrSubject,
  algorithm: string,
  { name, current, keptCsr: kept }: Status,
): Promise<Csr | undefined> {
  if (!kept || current?.keyHash !== kept.keyHash) return undefined;
  if (!current.ownKey || !view.files.has(certificatePath(name, 'key'))) return undefined;
  const inspected = await inspectCsr(kept.csrPem);
  const fits = 'names' in inspected && sameNames(inspected.names, names) && inspected.algorithm === algorithm;
  return fits ? kept : undefined;
}

interface RequestParts {
  readonly item: PlanItem;
  readonly action: PaidOrFreeAction;
  readonly provider: Provider;
  readonly status: Status;
  readonly certificate: CertificateSpec | undefined;
  readonly predecessor: OrderRecord | undefined;
  readonly contacts: { readonly name: string; readonly digest: string } | undefined;
  readonly csr: Csr | undefined;
  readonly subject: CsrSubject;
}

/**
 * Is the predecessor one the provider has to be told of? A new order after a dead one, or after one elsewhere, is a first
 * order there; that it follows on something is for us to know.
 */
const continues = (
  action: PaidOrFreeAction,
  predecessor: OrderRecord,
  { config, capabilities }: Provider,
  nowMs: number,
): boolean =>
  action !== 'order' &&
  predecessor.provider === config.id &&
  predecessor.environment === config.environment &&
  (action !== 'renew' || isRenewable(predecessor, capabilities, nowMs));

function requestFor(run: Run, parts: RequestParts): OrderRequest {
  const { item, action, provider, status, certificate, predecessor, contacts, csr } = parts;
  const { names, commonName } = parts.subject;
  const buys = action === 'order' || action === 'renew';
  const options: JsonObject = certificate?.providerOptions[provider.config.id] ?? {};
  return {
    action,
    reference: buys
      ? referenceFor(run, provider, item.name, item.predecessor)
      : (predecessor?.reference ?? ''),
    ...(predecessor && continues(action, predecessor, provider, run.deps.clock.now())
      ? { predecessor: { orderId: predecessor.id, ids: predecessor.ids } }
      : {}),
    product: item.product ?? predecessor?.product ?? '',
    ...(item.term === undefined ? {} : { term: item.term }),
    names,
    commonName,
    ...(csr === undefined ? {} : { csrPem: csr.csrPem }),
    validation: names.map((name) => wishedValidation(certificate, name)),
    ...(contacts === undefined ? {} : { contacts: { name: contacts.name, digest: contacts.digest } }),
    options,
    unique: provider.uniqueValues(action, (bytes) => run.deps.random.hex(bytes)),
    ...(action === 'revoke' ? { revocation: revocationFor(status, item) } : {}),
    ...(action === 'set-auto-renew' ? { autoRenew: false } : {}),
  };
}

function revocationFor(status: Status, item: PlanItem) {
  const serial = item.predecessor ?? status.current?.serial ?? '';
  const asked = status.requests.find((r) => r.action === 'revoke' && (r.serial ?? serial) === serial);
  return { serial, reason: asked?.revocationReason ?? 'unspecified' };
}
