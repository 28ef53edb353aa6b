import { describe, expect, it } from 'vitest';
import { loadAll } from '../../support/findings.js';

const site = (more: string, product = 'sitelock-basic'): string =>
  `kind: sitelock\ndomain: shop.example.com\nproduct: ${product}\ncustomer: { email: owner@example.com }\n${more}`;

describe('website protection is checked against what the account sells', () => {
  const cases: Readonly<Record<string, readonly [string, ...string[]]>> = {
    'a plan with add-ons that it takes': [site('addOns: [trueshield, backup-10gb]\n')],
    'products by the codes of the vendor': [site('addOns: ["1071"]\n', '"1061"')],
    'an add-on below the plan': [
      site('addOns: [trueshield, backup-5gb]\n', 'sitelock-pro'),
      'a.yaml:5:22 sitelock.tier sitelock-pro does not take backup-5gb. → It takes trueshield, backup-10gb, backup-25gb or dns-business.',
    ],
    'an add-on beside a free plan': [
      site('addOns: [trueshield]\n', 'sitelock-monitor'),
      'a.yaml:5:10 sitelock.tier sitelock-monitor does not take trueshield. → Remove it, or choose another plan; a free one can only be upgraded.',
    ],
    'an add-on where nobody documents which are taken': [
      site('addOns: [trueshield]\n', 'sitelock-business'),
      'a.yaml:5:10 warning sitelock.tier Which add-ons sitelock-business takes is not documented; trueshield may be refused.',
    ],
    'an add-on that is none': [
      site('addOns: [trueshild]\n'),
      'a.yaml:5:10 sitelock.add-on "trueshild" is no add-on. → Did you mean "trueshield"?',
    ],
    'an add-on without a main licence': [
      site('', 'trueshield'),
      'a.yaml:3:10 sitelock.add-on trueshield is an add-on, which needs a live main licence of the same site. → Write addOns: [trueshield] into the manifest of that licence (sitelock-monitor, sitelock-basic, sitelock-pro, sitelock-business or sitelock-911).',
    ],
    'the bundle alone': [
      site('', 'sitelock-bundle'),
      "a.yaml:3:10 sitelock.bundle sitelock-bundle comes with a certificate only, and cannot be ordered alone. → Write providerOptions: { sitelockBundle: true } into the certificate's manifest instead.",
    ],
    'a product nobody sells': [
      site('', 'sitelock-base'),
      'a.yaml:3:10 product.unknown "sitelock-base" is no website protection that is sold. → Did you mean "sitelock-basic"?',
    ],
    'a term for what is sold once': [
      site('term: 1y\n', 'sitelock-911'),
      'a.yaml:5:1 sitelock.term sitelock-911 is sold once and has no term. → Remove term:.',
    ],
    'what is sold once, below a default for terms': [site('', 'sitelock-911')],
    'a month of what is documented by the year': [
      site('term: 30d\n', 'sitelock-monitor'),
      'a.yaml:5:7 warning term.not-sold The vendor documents sitelock-monitor for 1y, and 30d on another page: it may be refused. → Write term: 1y.',
    ],
    'a renewal outside its window': [
      site('renewBefore: 45d\n'),
      'a.yaml:5:14 warning sitelock.window It can be renewed in the last 30 days and no earlier; that is what counts. → Write renewBefore: 30d, or less.',
    ],
    'an account that sells none': [
      site('provider: office\n'),
      'a.yaml:5:11 sitelock.provider "office" sells no website protection. → Name an account of type sectigo as provider:.',
    ],
    'a site whose name is too long': [
      site('').replace('shop.', `${'s'.repeat(50)}.shops.`),
      'a.yaml:2:9 sitelock.domain A site has at most 64 characters there, and this has 68.',
    ],
    'the customer of an earlier order, by number and e-mail': [site('previousOrder: "3055120"\n')],
    'the customer of an earlier order without the e-mail': [
      'kind: sitelock\ndomain: a.example.com\nproduct: sitelock-basic\npreviousOrder: "3055120"\n',
      'a.yaml:4:16 sitelock.customer-email It is not said under which e-mail this customer is known. → Add customer: with the email: of that order.',
    ],
    'a customer who is there already, described anew': [
      site('previousOrder: "3055120"\n').replace('owner@example.com', 'owner@example.com, lastName: Lee'),
      'a.yaml:4:39 sitelock.customer-known The customer of an earlier order is there already, and "lastName" would change nothing. → Leave only email: below customer:, or remove previousOrder: for a new customer.',
    ],
  };
  it.each(Object.entries(cases))('%s', async (_title, [text, ...findings]) => {
    expect((await loadAll({ a: text })).findings).toEqual(findings);
  });
});

describe('manifests for website protection are checked against each other', () => {
  const joins = (other: string, domain: string): string =>
    `kind: sitelock\ndomain: ${domain}\nproduct: sitelock-basic\ncustomerOf: ${other}\n`;

  it('one may join another, which joins a third that says who the customer is', async () => {
    const { findings } = await loadAll({
      a: site(''),
      b: joins('a', 'b.example.com'),
      c: joins('b', 'c.example.com'),
    });
    expect(findings).toEqual([]);
  });

  it('that join each other say of nobody who the customer is', async () => {
    const { findings } = await loadAll({ a: joins('b', 'a.example.com'), b: joins('a', 'b.example.com') });
    expect(findings).toEqual([
      'a.yaml:4:13 sitelock.customer-of Each of a → b → a joins another: none says who it is.',
      'b.yaml:4:13 sitelock.customer-of Each of b → a → b joins another: none says who it is.',
    ]);
  });

  it('two that create one customer would be refused', async () => {
    const second = site('').replace('shop.', 'blog.').replace('owner@', 'Owner@');
    expect((await loadAll({ a: site(''), b: second })).findings).toEqual([
      'b.yaml:4:20 sitelock.customer-twice "a" (certificates/a.yaml:1) creates the customer owner@example.com already. → Write customerOf: a instead of customer:.',
    ]);
  });

  it('a site has one plan', async () => {
    const other = site('', 'sitelock-pro').replace('owner@', 'other@');
    expect((await loadAll({ a: site(''), b: other })).findings).toEqual([
      'b.yaml:2:1 need.twice "a" (certificates/a.yaml:1) is for the same site. → Remove one of them.',
    ]);
  });

  it('a domain that gets the bundle with its certificate has a licence already', async () => {
    const certificate =
      'domain: shop.example.com\ncontacts: owner\nproviderOptions: { sitelockBundle: true }\n';
    expect((await loadAll({ a: certificate, b: site('') })).findings).toEqual([
      'b.yaml:2:9 sitelock.bundled "a" (certificates/a.yaml:1) gets the free bundle for this domain. → Set sitelockBundle: false there; a bundle is made a paid plan in the portal only.',
    ]);
  });

  it('reads what is taken over', async () => {
    const { specs } = await loadAll({ a: site('adopt: { order: "3055120" }\n') });
    expect(specs).toMatchObject([{ adopt: { kind: 'order', order: '3055120' } }]);
  });
});
