/** What a SiteLock code buys. */
export interface SiteLockProduct {
  readonly title: string;
  readonly role: 'main' | 'add-on' | 'bundle';
  /** Of a main licence: codes of the add-ons it takes; null: not documented, all are taken. */
  readonly addOns: readonly string[] | null;
  readonly once?: true;
}

const main = (title: string, addOns: readonly string[] | null): SiteLockProduct => ({
  title,
  role: 'main',
  addOns,
});
const addOn = (title: string): SiteLockProduct => ({ title, role: 'add-on', addOns: [] });

/** By tier: backup of 5 GB and DNS Pro are below Pro. */
export const SITELOCK: Readonly<Record<string, SiteLockProduct>> = {
  '1072': { title: 'SSL PLUS SiteLock Bundle', role: 'bundle', addOns: [] },
  '1059': main('SiteLock Monitor', []),
  '1060': main('SiteLock Basic', ['1071', '1068', '1069', '1070', '1078', '1076']),
  '1061': main('SiteLock Pro', ['1071', '1069', '1070', '1076']),
  '1062': main('SiteLock Business', null),
  '1082': { ...main('SiteLock 911', null), once: true },
  '1068': addOn('SiteLock backup 5 GB'),
  '1069': addOn('SiteLock backup 10 GB'),
  '1070': addOn('SiteLock backup 25 GB'),
  '1071': addOn('SiteLock TrueShield'),
  '1078': addOn('SiteLock DNS Pro'),
  '1076': addOn('SiteLock DNS Business'),
};

/** Key of a price without days. */
export const ONCE = 'once';

const both = (month: string, year: string): Readonly<Record<string, string>> => ({
  '30': month,
  '365': year,
});

/** Made up: wholesale prices are an account's own. */
export const SITELOCK_PRICES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '1059': { '365': '0.00' },
  '1060': both('4.99', '49.00'),
  '1061': both('9.99', '99.00'),
  '1062': both('19.99', '199.00'),
  '1082': { [ONCE]: '149.00' },
  '1068': both('1.99', '19.00'),
  '1069': both('2.99', '29.00'),
  '1070': both('4.49', '45.00'),
  '1071': both('3.99', '39.00'),
  '1078': both('1.49', '15.00'),
  '1076': both('2.49', '25.00'),
};
