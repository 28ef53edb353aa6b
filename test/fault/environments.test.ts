/** One id of the configuration is one account at one environment; live ones and sandboxes stand side by side. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { CertError } from '../../src/model/errors.js';
import { isOpen } from '../../src/model/intent.js';
import { HOUR_MS } from '../../src/model/time.js';
import { ConfigurationError } from '../../src/reconcile/open-run.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import {
  applyOnce,
  aroundCommit,
  aroundStep,
  type Ended,
  manifest,
  openPlace,
  openRunner,
  type Place,
  runUntilQuiet,
} from '../support/engine.js';

/** An environment that is no rehearsal has its names looked at. */
const OPEN = { kind: 'thesslstore', preflight: '{ off: true }' } as const;
const LOGIN = { partnerCode: '10000001', authToken: 'S3cret+ token' };

/** Another account of the same seller, which takes the same login. */
async function secondSandbox(place: Place): Promise<Sandbox> {
  const sandbox = await startSandbox('thesslstore', {
    now: () => place.clock.now(),
    login: LOGIN,
    settings: { autoApprove: true },
  });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

const configurationOf = async (place: Place): Promise<string> =>
  String((await place.store.files('refs/heads/main'))['certwright.yaml']);

/** The same id, at another environment and another server. */
async function flipped(place: Place, other: Sandbox): Promise<string> {
  const text = await configurationOf(place);
  return text
    .replace('environment: rehearsal', 'environment: test')
    .replace(/url: "[^"]+"/, `url: "${other.url}"`);
}

const calls = ({ ledger }: Sandbox): number =>
  ['NewOrder', 'OrderStatus', 'OrderQuery', 'Reissue', 'Validate', 'AccountDetail', 'ProductQuery'].reduce(
    (sum, operation) => sum + ledger(operation).length,
    0,
  );

const changeOf = ({ error }: Ended) =>
  error instanceof ConfigurationError
    ? error.findings.filter(({ code }) => code === 'provider.environment-changed')
    : [];

async function bought(): Promise<Place> {
  const place = await openPlace(OPEN);
  await runUntilQuiet(place, await openRunner(place));
  expect((await place.status('shop')).current).toBeDefined();
  return place;
}

describe('an environment that is changed in place', () => {
  it('is refused with file and line, and nobody is asked anything', async () => {
    const place = await bought();
    const other = await secondSandbox(place);
    const before = await configurationOf(place);
    await place.merge({ 'certwright.yaml': await flipped(place, other) });
    const asked = calls(place.sandbox as Sandbox);
    const pushes = await place.pushes();
    const ended = await applyOnce(place, await openRunner(place));
    const [order] = (await place.status('shop')).orders;
    expect(ended.exit).toBe(1);
    expect(changeOf(ended)).toEqual([
      {
        severity: 'error',
        code: 'provider.environment-changed',
        message: `"shop" cannot become test: order ${order?.id} of shop is recorded there as rehearsal.`,
        suggestion:
          'Write environment: rehearsal again, and the test account as another provider, such as "shop-test", that manifests then name.',
        position: { file: 'certwright.yaml', line: 5, column: expect.any(Number) },
      },
    ]);
    expect([calls(other), calls(place.sandbox as Sandbox) - asked]).toEqual([0, 0]);
    expect(await place.pushes()).toBe(pushes);

    await place.merge({ 'certwright.yaml': before });
    expect((await applyOnce(place, await openRunner(place))).exit).toBe(0);
    expect(await place.purchases()).toBe(1);
  });

  it('is refused while the outcome of a purchase is not known, which is looked for nowhere else', async () => {
    const place = await openPlace(OPEN);
    const other = await secondSandbox(place);
    const lost = await openRunner(place, {
      wrap: (deps) =>
        aroundStep(deps, 'place', async (run) => {
          await run();
          await place.sandbox?.control('POST', 'faults', { fault: 'drop-before@OrderStatus*40' });
          throw new CertError('provider.timeout', 'no answer', { effect: 'unknown' });
        }),
    });
    await applyOnce(place, lost);
    const runner = await openRunner(place);
    expect((await place.status('shop')).orders).toEqual([]);
    expect((await place.status('shop')).intents.filter(isOpen)).toHaveLength(1);
    const before = await configurationOf(place);
    await place.merge({ 'certwright.yaml': await flipped(place, other) });
    await place.advance(26 * HOUR_MS);
    const ended = await applyOnce(place, runner);
    expect(changeOf(ended).map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^"shop" cannot become test: the order cw\S+ of shop is recorded there as rehearsal\.$/,
      ),
    ]);
    expect(calls(other)).toBe(0);

    await place.merge({ 'certwright.yaml': before });
    await place.sandbox?.control('POST', 'faults/clear');
    await runUntilQuiet(place, runner);
    expect((await place.status('shop')).current).toBeDefined();
    expect([await place.purchases(), other.purchases().length]).toEqual([1, 0]);
  });

  it('is refused even where certificate and order are archived', async () => {
    const place = await bought();
    const other = await secondSandbox(place);
    await place.merge({
      'certificates/shop.yaml': null,
      'certificates/wiki.yaml': manifest('wiki', 'suspend: true\n'),
    });
    await applyOnce(place, await openRunner(place));
    expect((await place.status('shop')).archived).toBeDefined();
    await place.merge({ 'certwright.yaml': await flipped(place, other) });
    expect(changeOf(await applyOnce(place, await openRunner(place)))).toHaveLength(1);
  });

  it('is nothing but a setting as long as nothing was placed', async () => {
    const place = await openPlace({ ...OPEN, manifests: {} });
    await applyOnce(place, await openRunner(place));
    const other = await secondSandbox(place);
    await place.merge({
      'certwright.yaml': await flipped(place, other),
      'certificates/shop.yaml': manifest('shop'),
    });
    await runUntilQuiet(place, await openRunner(place));
    expect((await place.status('shop')).orders).toEqual([expect.objectContaining({ environment: 'test' })]);
    expect([await place.purchases(), other.purchases().length]).toEqual([0, 1]);
  });

  it('between the plan and the order of another runner: the later one sends nothing', async () => {
    const place = await openPlace(OPEN);
    const other = await secondSandbox(place);
    const atCommit = Promise.withResolvers<void>();
    const announced = Promise.withResolvers<void>();
    let late: Promise<Ended> | undefined;
    const second = await openRunner(place, {
      wrap: (deps) =>
        aroundCommit(deps, async (commit) => {
          atCommit.resolve();
          await announced.promise;
          return commit();
        }),
    });
    const first = await openRunner(place, {
      wrap: (deps) =>
        aroundCommit(deps, async (commit) => {
          if (late === undefined) {
            await place.merge({
              'certwright.yaml': await flipped(place, other),
              'certificates/wiki.yaml': manifest('wiki'),
            });
            late = applyOnce(place, second);
            await atCommit.promise;
          }
          const outcome = await commit();
          announced.resolve();
          return outcome;
        }),
    });
    await applyOnce(place, first);
    await late;
    expect(other.purchases()).toEqual([]);
    expect(await place.purchases()).toBe(1);
    expect([...(await place.statuses()).values()].flatMap(({ orders }) => orders)).toEqual([
      expect.objectContaining({ environment: 'rehearsal' }),
    ]);
  });
});

describe('a sandbox beside the real account', () => {
  it('each has its own orders, and an order of one is never taken for one of the other', async () => {
    const place = await openPlace({ ...OPEN, manifests: { shop: manifest('shop') } });
    const real = await secondSandbox(place);
    const text = await configurationOf(place);
    await place.merge({
      'certwright.yaml': text.replace(
        /providers: \{ (shop: \{.*\}) \}\n/,
        (_, shop: string) =>
          `providers: { ${shop}, real: { type: thesslstore, environment: test, url: "${real.url}", credentials: { partnerCode: "\${STORE_PARTNER}", authToken: "\${STORE_TOKEN}" } } }\n`,
      ),
      'certificates/wiki.yaml': manifest('wiki', 'provider: real\n'),
    });
    const runner = await openRunner(place);
    await runUntilQuiet(place, runner);
    const shop = await place.status('shop');
    const wiki = await place.status('wiki');
    // Two sellers count alike: the same id at both.
    expect(shop.orders[0]?.id).toBe(wiki.orders[0]?.id);
    expect(shop.orders).toEqual([expect.objectContaining({ provider: 'shop', environment: 'rehearsal' })]);
    expect(wiki.orders).toEqual([expect.objectContaining({ provider: 'real', environment: 'test' })]);
    expect(shop.orders[0]?.reference).not.toBe(wiki.orders[0]?.reference);
    expect([await place.purchases(), real.purchases().length]).toEqual([1, 1]);

    await place.merge({ 'certificates/wiki.yaml': manifest('wiki', 'provider: real\nreissue: "new key"\n') });
    await runUntilQuiet(place, runner);
    expect([place.sandbox?.ledger('Reissue').length, real.ledger('Reissue').length]).toEqual([0, 1]);
    expect((await applyOnce(place, runner)).applied?.plan.items).toEqual([]);
  });
});

describe('an account that is changed in place, at the same environment', () => {
  it('while an outcome is not known: what is not found there is not bought there', async () => {
    const place = await openPlace({ kind: 'sectigo' });
    const runner = await openRunner(place);
    await runUntilQuiet(place, runner);
    const other = await startSandbox('sectigo', {
      now: () => place.clock.now(),
      login: { loginName: 'else', loginPassword: 'An0ther+ word' },
      settings: { autoApprove: true },
    });
    onTestFinished(() => other.close());
    await place.merge({ 'certificates/wiki.yaml': manifest('wiki') });
    let dead = false;
    const lost = await openRunner(place, {
      wrap: (deps) =>
        aroundCommit(
          aroundStep(deps, 'place', async (run) => {
            await run();
            dead = true;
            throw new CertError('provider.timeout', 'no answer', { effect: 'unknown' });
          }),
          async (commit) => {
            if (dead) throw new CertError('interrupted', 'the machine is gone');
            return commit();
          },
        ),
    });
    await applyOnce(place, lost);
    expect((await place.status('wiki')).orders).toEqual([]);
    const text = await configurationOf(place);
    await place.merge({ 'certwright.yaml': text.replace(/url: "[^"]+"/, `url: "${other.url}"`) });
    const there = await openRunner({
      ...place,
      env: { ...place.env, SECTIGO_LOGIN: 'else', SECTIGO_PASSWORD: 'An0ther+ word' },
    });
    await place.advance(30 * HOUR_MS);
    await applyOnce(place, there);
    await place.advance(26 * HOUR_MS);
    await applyOnce(place, there);
    expect((await place.status('wiki')).intents).toEqual([expect.objectContaining({ phase: 'unknown' })]);
    expect([await place.purchases(), other.purchases().length]).toEqual([2, 0]);
  });
});
