import { X509Certificate } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { messagesOf } from '../support/git.js';
import { describeWith } from '../support/system.js';
import { LONG_MS, openssl, published, STATE, type Team, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const apply = async (team: Team) => {
  const applied = await team.certwright(['apply']);
  expect(applied).toMatchObject({ code: 0, err: '' });
  return applied.out;
};

const certificateOf = async (team: Team, name: string): Promise<X509Certificate> => {
  const files = await team.state();
  return new X509Certificate(files[`issued/${name}/certificate.pem`] ?? '');
};

describeWith(['openssl'], 'a certificate through its life', () => {
  it('is reissued, moved, archived and brought back inside the one order it began with', async () => {
    const team = await teamOf({ files: { 'certificates/shop.yaml': 'domain: shop.example.com\n' } });
    await apply(team);
    const [bought] = await team.orders();
    expect(bought).toBeDefined();
    const first = await team.status('shop');

    await team.merge({
      'certificates/shop.yaml': 'domains: [shop.example.com, www.shop.example.com]\n',
    });
    const planned = await team.certwright(['plan']);
    expect(planned.out).toContain('reissue shop');
    expect(planned.out).toContain('added www.shop.example.com');
    await apply(team);
    const second = await team.status('shop');
    expect(second.current?.names).toEqual(['shop.example.com', 'www.shop.example.com']);
    expect(second.current?.reason).toBe('NamesChanged');
    expect(second.current?.serial).not.toBe(first.current?.serial);
    expect((await certificateOf(team, 'shop')).subjectAltName).toContain('www.shop.example.com');

    const asked = await team.certwright(['reissue', 'shop', '--reason', 'the key was on a lost laptop']);
    expect(asked).toMatchObject({ code: 0, err: '' });
    const keyBefore = (await certificateOf(team, 'shop')).publicKey.export({ type: 'spki', format: 'pem' });
    // The third certificate within a day: it is issued, and whatever would follow waits for a person.
    const tripped = await team.certwright(['apply']);
    expect(tripped).toMatchObject({ code: 4, err: '' });
    expect(tripped.out).toContain('3 certificates were issued within 24 hours');
    expect((await team.certwright(['status'])).code).toBe(4);
    const reset = await team.certwright(['resolve', 'shop', '--reset-breaker']);
    expect(reset).toMatchObject({ code: 0, err: '' });
    const third = await certificateOf(team, 'shop');
    expect(third.publicKey.export({ type: 'spki', format: 'pem' })).not.toEqual(keyBefore);
    expect((await messagesOf(team.remote, STATE)).join('\n')).toContain('the key was on a lost laptop');

    await team.merge({
      'certificates/shop.yaml': null,
      'certificates/web/store.yaml': 'domains: [shop.example.com, www.shop.example.com]\n',
    });
    expect((await team.certwright(['plan'])).out).toMatch(/move web\/store/);
    await apply(team);
    expect((await certificateOf(team, 'web/store')).serialNumber).toBe(third.serialNumber);
    expect(Object.keys(await team.state()).filter((path) => path.startsWith('issued/shop/'))).toEqual([]);
    const folder = await published(team, 'web/store');
    expect(await openssl('x509', '-in', `${folder}/fullchain.pem`, '-noout', '-serial')).toContain(
      third.serialNumber,
    );

    await team.merge({
      'certificates/web/store.yaml': null,
      'certificates/other.yaml': 'domain: other.example.com\n',
    });
    await apply(team);
    expect((await team.status('web/store')).archived).toBeDefined();
    expect((await certificateOf(team, 'web/store')).serialNumber).toBe(third.serialNumber);
    expect((await team.certwright(['status'])).out).toMatch(/web\/store\s+Archived/);
    const archived = await team.refs();
    await apply(team);
    expect(await team.refs()).toEqual(archived);

    await team.merge({
      'certificates/web/store.yaml': 'domains: [shop.example.com, www.shop.example.com]\n',
    });
    await apply(team);
    const back = await team.status('web/store');
    expect(back.archived).toBeUndefined();
    expect(back.current?.serial.toLowerCase()).toBe(third.serialNumber.toLowerCase());

    const orders = await team.orders();
    expect(orders).toHaveLength(2);
    expect(orders).toContain(bought);
  });
});
