import { isOpen } from '../../model/intent.js';
import type { CertificateRecord, OrderRecord, Status } from '../../model/status.js';
import { toMs } from '../../model/time.js';
import { orderById } from '../../planner/facts.js';
import { isCertificate } from '../../planner/input.js';
import type { Entry, Situation } from '../situation.js';

/** A certificate in force with a key that somebody else knows. */
export interface ExposedCertificate {
  readonly name: string;
  readonly keyHash: string;
  readonly certificate: CertificateRecord;
  readonly order?: OrderRecord;
  readonly isCurrent: boolean;
  /** Absent: nobody declares it any more. */
  readonly isDeclared: boolean;
  readonly owner?: string;
}

/** An order under way that was placed with such a key. */
export interface ExposedOrder {
  readonly name: string;
  readonly keyHash: string;
  readonly provider: string;
  readonly orderId?: string;
}

/** A manifest whose own CSR is for such a key. */
export interface ExposedCsr {
  readonly name: string;
  readonly keyHash: string;
  readonly path: string;
  readonly at: string;
}

export interface Exposure {
  readonly certificates: readonly ExposedCertificate[];
  readonly orders: readonly ExposedOrder[];
  readonly csrs: readonly ExposedCsr[];
}

/** Everything that uses one of these keys: certificates that are good, orders under way, manifests. */
export function exposureOf({ entries, nowMs }: Situation, keys: ReadonlySet<string>): Exposure {
  return {
    certificates: entries.flatMap((entry) => certificatesOf(entry, keys, nowMs)),
    orders: entries.flatMap(({ name, status }) =>
      status.intents.filter(isOpen).flatMap((intent) => {
        const { keyHash, provider, action } = intent;
        if (keyHash === undefined || !keys.has(keyHash) || action === 'revoke') return [];
        return [{ name, keyHash, provider, ...('orderId' in intent ? { orderId: intent.orderId } : {}) }];
      }),
    ),
    csrs: entries.flatMap(({ name, spec }) => {
      if (!spec || !isCertificate(spec) || spec.key.kind !== 'csr' || !keys.has(spec.key.keyHash)) return [];
      const { file, line } = spec.csrPosition ?? spec.position;
      return [{ name, keyHash: spec.key.keyHash, path: spec.key.path, at: `${file}:${line}` }];
    }),
  };
}

function certificatesOf(
  { name, status, spec }: Entry,
  keys: ReadonlySet<string>,
  nowMs: number,
): readonly ExposedCertificate[] {
  const inForce = ({ keyHash, notAfter, revoked }: Status['previous'][number]): boolean =>
    keys.has(keyHash) && !revoked && toMs(notAfter) > nowMs;
  const owner = spec?.owner ?? status.owner;
  return [...(status.current ? [status.current] : []), ...status.previous]
    .filter(inForce)
    .map((certificate) => {
      const order = orderById(status, certificate.order);
      return {
        name,
        keyHash: certificate.keyHash,
        certificate,
        ...(order === undefined ? {} : { order }),
        isCurrent: certificate.serial === status.current?.serial,
        isDeclared: spec !== undefined && status.archived === undefined,
        ...(owner === undefined ? {} : { owner }),
      };
    });
}
