import type { CertificateSpec } from '../model/manifest.js';
import { DAY_MS } from '../model/time.js';
import { LEAD_DAYS } from '../model/vetting.js';
import type { Catalogue } from './checks.js';
import type { Report } from './findings.js';

/**
 * Does a renewal begin early enough for what vets the product? A warning: it may well go through in time, and an error would
 * stop the reissues of a certificate that is served. (`reissueBefore` needs no such check: vetting is added to it.)
 * @param known  providers of the manifest that are configured
 */
export function checkMargins(
  spec: CertificateSpec,
  known: readonly string[],
  catalogue: Catalogue,
  report: Report,
): void {
  const { renewBeforeMs } = spec;
  if (renewBeforeMs === undefined || !spec.autoRenew || spec.key.kind === 'external') return;
  const sold = known.flatMap((id) => {
    if (!catalogue.capabilities(id).terms) return [];
    const wanted = spec.product ?? catalogue.defaultProduct(id);
    const product = catalogue.products(id).find((it) => it.id === wanted || it.vendorCode === wanted);
    return product ? [{ ...product, leadDays: LEAD_DAYS[product.validation] }] : [];
  });
  const slowest = sold.toSorted((a, b) => b.leadDays - a.leadDays)[0];
  if (slowest === undefined || renewBeforeMs >= slowest.leadDays * DAY_MS) return;
  const { id, validation, leadDays } = slowest;
  report(['renewBefore'], {
    code: 'renew-before.vetting',
    severity: 'warning',
    message: `A renewal begins too late: vetting ${id} (${validation.toUpperCase()}) may take ${leadDays} days, and the paid term ends before.`,
    suggestion: `Write renewBefore: ${leadDays}d or more, or remove it for the default.`,
  });
}
