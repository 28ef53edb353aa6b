import { expect, it } from 'vitest';
import { climb, publicNameTrouble, registeredDomain } from '../../../src/model/public-names.js';

const said = (name: string): string => {
  const trouble = publicNameTrouble(name);
  return trouble ? `${trouble.severity} ${trouble.code}` : 'fine';
};

it.each([
  ['shop.customer.com', 'fine'],
  ['*.customer.co.uk', 'fine'],
  // Reserved, and held by IANA like any other domain.
  ['www.example.com', 'fine'],
  ['somebody.github.io', 'fine'],
  ['*.github.io', 'fine'],
  ['intranet.local', 'error names.reserved'],
  ['db.shop.internal', 'error names.reserved'],
  ['*.shop.test', 'error names.reserved'],
  ['nas.home.arpa', 'error names.reserved'],
  ['abcdefghij.onion', 'error names.reserved'],
  ['*.co.uk', 'error names.suffix'],
  ['co.uk', 'warning names.suffix'],
  ['shop.notatld', 'warning names.suffix'],
  ['xn--mgbh0fb.xn--kgbechtv', 'warning names.suffix'],
])('%s: %s', (name, expected) => {
  expect(said(name)).toBe(expected);
});

it.each([
  ['*.a.customer.co.uk', 'customer.co.uk', 'co.uk'],
  ['somebody.github.io', 'github.io', 'io'],
  ['co.uk', 'co.uk', 'co.uk'],
  ['a.b.notatld', 'b.notatld', 'notatld'],
])('%s is registered as %s below %s', (name, domain, suffix) => {
  expect(registeredDomain(name)).toEqual({ domain, suffix });
});

it('CAA is looked for up to the top-level domain, from below the asterisk', () => {
  expect(climb('*.x.y.z')).toEqual(['x.y.z', 'y.z', 'z']);
});
