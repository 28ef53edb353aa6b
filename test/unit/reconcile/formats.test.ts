import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { applyOnce, manifest, openPlace, openRunner, type Place, STATE_REF } from '../../support/engine.js';
import { openssl } from '../keys/support.js';

async function issued(): Promise<Place> {
  const place = await openPlace({ kind: 'local-ca-priced', git: true });
  await applyOnce(place, await openRunner(place));
  return place;
}

const filesOf = async (place: Place) => place.store.files(STATE_REF);

describe('a format that is added to a manifest later', () => {
  it('is published at once, made of the certificate there is; then nothing is to do', async () => {
    const place = await issued();
    const before = await filesOf(place);
    const bought = await place.purchases();
    await place.merge({ 'certificates/shop.yaml': manifest('shop', 'formats: [pem, p7b, der]\n') });
    const runner = await openRunner(place);
    const { applied, exit } = await applyOnce(place, runner);
    expect(exit).toBe(0);
    expect(applied?.plan.items).toEqual([
      expect.objectContaining({
        action: 'publish',
        reason: 'FormatsMissing',
        price: { kind: 'free' },
        message: 'p7b and der are wanted as well, and made of the certificate there is',
      }),
    ]);
    expect(applied?.events).toEqual([
      {
        name: 'shop',
        action: 'publish',
        outcome: 'done',
        message: 'p7b and der, made of the certificate there is',
      },
    ]);
    const after = await filesOf(place);
    for (const file of ['certificate.pem', 'chain.pem', 'key.pem.age', 'status.json']) {
      expect(after[`issued/shop/${file}`]).toBe(before[`issued/shop/${file}`]);
    }
    const printed = await openssl(['pkcs7', '-print_certs'], after['issued/shop/certificate.p7b'] ?? '');
    expect(printed).toContain(
      new X509Certificate(after['issued/shop/certificate.pem'] ?? '').toString().trim().split('\n')[1],
    );
    expect(after['issued/shop/certificate.der']).toBeDefined();
    expect(await place.purchases()).toBe(bought);

    const pushes = await place.pushes();
    expect((await applyOnce(place, runner)).applied?.plan.items).toEqual([]);
    expect(await place.pushes()).toBe(pushes);
  });

  it('of the account, for all its certificates in one commit', async () => {
    const place = await openPlace({
      kind: 'local-ca-priced',
      manifests: { a: manifest('a'), b: manifest('b') },
    });
    await applyOnce(place, await openRunner(place));
    const text = String((await place.store.files('refs/heads/main'))['certwright.yaml']);
    await place.merge({
      'certwright.yaml': text.replace('type: local-ca,', 'type: local-ca, formats: [pem, p7b],'),
    });
    const pushes = await place.pushes();
    await applyOnce(place, await openRunner(place));
    expect(await place.pushes()).toBe(pushes + 1);
    const files = Object.keys(await filesOf(place));
    expect(files.filter((path) => path.endsWith('.p7b'))).toEqual([
      'issued/a/certificate.p7b',
      'issued/b/certificate.p7b',
    ]);
  });

  it('waits for the certificate that is due anyway, which brings it', async () => {
    const place = await issued();
    const serial = (await place.status('shop')).current?.serial;
    await place.merge({
      'certificates/shop.yaml': manifest('shop', 'formats: [p7b]\nreissue: "new key"\n'),
    });
    const { applied } = await applyOnce(place, await openRunner(place));
    expect(applied?.plan.items.map(({ action }) => action)).toEqual(['reissue']);
    expect((await place.status('shop')).current?.serial).not.toBe(serial);
    const files = await filesOf(place);
    const printed = await openssl(['pkcs7', '-print_certs'], files['issued/shop/certificate.p7b'] ?? '');
    expect(printed.replaceAll('\n', '')).toContain(
      String(files['issued/shop/certificate.pem']).trim().split('\n').slice(1, -1).join(''),
    );
  });
});
