import { describe, expect, it } from 'vitest';
import {
  certificatePath,
  checkName,
  collisions,
  isOwnPath,
  nameOfStatusPath,
  pendingKeyPath,
  rejectedPath,
  statusPath,
} from '../../../src/repository/layout.js';

describe('certificate names', () => {
  it.each([
    'shop',
    'team-a/shop',
    'a/b/c',
    'x_y.z-1',
    '0',
    'status',
    'certificate',
    `${'a'.repeat(64)}/${'b'.repeat(63)}`,
  ])('accepts %s', (name) => {
    expect(checkName(name)).toBeUndefined();
  });

  it.each([
    ['', /empty/],
    ['a//b', /empty part/],
    ['/etc/passwd', /empty part/],
    ['a/', /empty part/],
    ['../outside', /starts with a dot/],
    ['a/../../b', /starts with a dot/],
    ['.', /starts with a dot/],
    ['.git', /starts with a dot/],
    ['_prices.json', /underscore/],
    ['a/_accounts', /underscore/],
    ['a./b', /ends in a dot/],
    ['Shop', /lower-case/],
    ['a b', /lower-case/],
    ['a\\b', /lower-case/],
    ['a\nb', /lower-case/],
    ['bücher', /lower-case/],
    ['a:b', /lower-case/],
    ['status.json', /file name certwright uses/],
    ['team/keys', /file name certwright uses/],
    ['keys/team', /file name certwright uses/],
    ['a/certificate.pem', /file name certwright uses/],
    ['a/key.pem.age', /file name certwright uses/],
    ['a/rejected', /file name certwright uses/],
    ['a'.repeat(129), /longer than 128/],
  ])('refuses %j', (name, why) => {
    expect(checkName(name)).toMatch(why);
  });

  it('refuses names that lie inside each other, differ by case only, or are used twice', () => {
    const found = collisions(['a/b', 'shop', 'a', 'SHOP', 'x/y/z', 'x', 'a-b', 'shop', 'ab']);
    expect(found.map(({ name, other, why }) => `${name} ${other}: ${why}`)).toEqual([
      'SHOP shop: differs from "shop" only by upper and lower case',
      'shop shop: is used twice',
      'a/b a: would lie inside the folder of "a"',
      'x/y/z x: would lie inside the folder of "x"',
    ]);
  });

  it('sees a prefix in another case', () => {
    expect(collisions(['Team/a', 'team'])).toHaveLength(1);
  });

  it('lets neighbours be', () => {
    expect(collisions(['a/b', 'a/c', 'ab', 'a-b', 'a.b'])).toEqual([]);
  });
});

describe('paths', () => {
  it('finds the name back from a status path and from no other', () => {
    expect(nameOfStatusPath(statusPath('team-a/shop'))).toBe('team-a/shop');
    for (const path of [
      'issued/status.json',
      'issued/_accounts/x/status.json',
      'issued/shop/keys/status.json',
      'issued/shop/certificate.pem',
      'other/shop/status.json',
      'issued/Shop/status.json',
    ])
      expect(nameOfStatusPath(path)).toBeUndefined();
  });

  it('lays files out as the README says', () => {
    expect(certificatePath('a/b', 'fullchain')).toBe('issued/a/b/fullchain.pem');
    expect(certificatePath('a/b', 'key')).toBe('issued/a/b/key.pem.age');
    expect(pendingKeyPath('a/b', 'ff00')).toBe('issued/a/b/keys/ff00.age');
    expect(rejectedPath('a/b', 'ff00')).toBe('issued/a/b/rejected/ff00.pem');
  });

  it.each([
    'certwright.yaml',
    'issued',
    'issued/../certwright.yaml',
    'issued//x',
    'issued/a/../../b',
    'issued/.git/config',
    'issued/a\nb',
    'issued/a\\b',
    '/issued/a',
  ])('does not own %j', (path) => {
    expect(isOwnPath(path)).toBe(false);
  });
});
