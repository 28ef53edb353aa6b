import type { LicenceOffer, LicenceProduct } from '../../model/licence.js';
import type { Term } from '../../model/term.js';
import { DAY_MS } from '../../model/time.js';

const MONTH: Term = { unit: 'day', count: 30 };
const YEAR: Term = { unit: 'year', count: 1 };
const BOTH: readonly Term[] = [MONTH, YEAR];

const addOn = (id: string, code: number, title: string): LicenceProduct => ({
  id,
  vendorCode: String(code),
  title,
  role: 'add-on',
  terms: BOTH,
});

/**
 * SiteLock, by the codes of `!AutoApplyOrder`. Which add-ons Business and 911 take is not documented; what does not fit is
 * refused before anything is charged (-121, -115).
 */
const LICENCES: readonly LicenceProduct[] = [
  { id: 'sitelock-bundle', vendorCode: '1072', title: 'SSL PLUS SiteLock Bundle', role: 'bundle', terms: [] },
  {
    id: 'sitelock-monitor',
    vendorCode: '1059',
    title: 'SiteLock Monitor, free',
    role: 'main',
    terms: [YEAR],
    doubtfulTerms: [MONTH],
    addOns: [],
  },
  {
    id: 'sitelock-basic',
    vendorCode: '1060',
    title: 'SiteLock Basic',
    role: 'main',
    terms: BOTH,
    addOns: ['trueshield', 'backup-5gb', 'backup-10gb', 'backup-25gb', 'dns-pro', 'dns-business'],
  },
  {
    id: 'sitelock-pro',
    vendorCode: '1061',
    title: 'SiteLock Pro',
    role: 'main',
    terms: BOTH,
    addOns: ['trueshield', 'backup-10gb', 'backup-25gb', 'dns-business'],
  },
  { id: 'sitelock-business', vendorCode: '1062', title: 'SiteLock Business', role: 'main', terms: BOTH },
  { id: 'sitelock-911', vendorCode: '1082', title: 'SiteLock 911, once', role: 'main', terms: [] },
  addOn('backup-5gb', 1068, 'SiteLock backup 5 GB'),
  addOn('backup-10gb', 1069, 'SiteLock backup 10 GB'),
  addOn('backup-25gb', 1070, 'SiteLock backup 25 GB'),
  addOn('trueshield', 1071, 'SiteLock TrueShield'),
  addOn('dns-pro', 1078, 'SiteLock DNS Pro'),
  addOn('dns-business', 1076, 'SiteLock DNS Business'),
];

export const LICENCE_OFFER: LicenceOffer = {
  products: LICENCES,
  renewalWindowMs: 30 * DAY_MS,
  refundMs: 14 * DAY_MS,
  upgrade: 'the SiteLock portal of the customer or of the account',
};
