import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { CertError } from '../../src/model/errors.js';
import type { CertificateSpec } from '../../src/model/manifest.js';
import { isZero } from '../../src/model/money.js';
import type { Operation, Provider } from '../../src/ports/provider.js';
import { failureOf } from './failure.js';
import type { ConformanceSubject } from './subject.js';
import type { Suite } from './suite.js';
import { buy, buyIssued } from './trial.js';

const CLOCK_ALLOWANCE_MS = 120_000;
const NOTED = ['reissue', 'revoke', 'cancel', 'autoRenewFlag', 'balance', 'quote', 'list'] as const;

const operationsOf = (provider: Provider): readonly Operation[] =>
  [
    provider.place,
    provider.renew,
    provider.reissuer?.operation,
    provider.revoker?.operation,
    provider.canceller?.operation,
    provider.autoRenew?.operation,
  ].filter((operation) => operation !== undefined);

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(frozen);
  return Object.freeze(value);
}

/** One change each that this provider cannot serve, with the key of the manifest it hangs on. */
function ills({
  provider,
  newSpec,
}: ConformanceSubject): readonly { field: string; change: Partial<CertificateSpec> }[] {
  const spec = newSpec('ill');
  const product = provider.products.find(({ id }) => id === (spec.product ?? provider.defaultProduct));
  const room = product?.maxNames ?? Number.POSITIVE_INFINITY;
  const crowd = Array.from({ length: Math.min(room, 5000) + 1 }, (_, n) => `n${n}.${spec.commonName}`);
  return [
    ...(provider.capabilities.terms
      ? [{ field: 'term', change: { term: { unit: 'year', count: 97 } } } as const]
      : []),
    ...(room < 5000 ? [{ field: 'domains', change: { names: crowd, commonName: crowd[0] ?? '' } }] : []),
    ...(product?.wildcard === false
      ? [
          {
            field: 'domains',
            change: { names: [`*.${spec.commonName}`], commonName: `*.${spec.commonName}` },
          },
        ]
      : []),
  ];
}

const activeLines = (): number =>
  process.getActiveResourcesInfo().filter((kind) => /^(TCP|TLS|Pipe(?!.*Stdio)|Process)/.test(kind)).length;

/** What a provider declares, answers and leaves behind, apart from the life of an order. */
export function contractTests({ factory, trial }: Suite): void {
  trial('its optional parts are there exactly when its capabilities say so', async ({ provider }) => {
    const { capabilities } = provider;
    expect({
      reissuer: provider.reissuer !== undefined,
      revoker: provider.revoker !== undefined,
      canceller: provider.canceller !== undefined,
      activator: provider.activator !== undefined,
      freeSlots: provider.freeSlots !== undefined,
      autoRenew: provider.autoRenew !== undefined,
      licences: provider.licences !== undefined,
      licenser: provider.licenser !== undefined,
      list: provider.list !== undefined,
      changeValidation: provider.validator?.change !== undefined,
      resendMails: provider.validator?.resend !== undefined,
      balance: provider.balance !== undefined,
      findByReference: provider.findByReference !== undefined,
      trustAnchors: provider.trustAnchors !== undefined,
      severalSteps: provider.place.length > 1,
    }).toEqual({
      reissuer: capabilities.reissue !== false,
      revoker: capabilities.revoke,
      canceller: capabilities.cancel,
      activator: capabilities.slots !== undefined,
      freeSlots: capabilities.slots !== undefined,
      autoRenew: capabilities.autoRenewFlag === 'read-write',
      licences: capabilities.licences ?? false,
      licenser: capabilities.licences ?? false,
      list: capabilities.list,
      changeValidation: capabilities.changeValidation ?? false,
      resendMails: capabilities.resendMails === true,
      balance: capabilities.balance,
      findByReference: capabilities.search !== 'none',
      trustAnchors: capabilities.trust === 'private',
      severalSteps: capabilities.separateActivation || provider.place.length > 1,
    });
    expect(capabilities.callLimitMs).toBeGreaterThan(0);
    expect(capabilities.concurrency).toBeGreaterThanOrEqual(1);
  });

  trial('its definition describes from the configuration alone what the account sells', async (subject) => {
    const { definition, provider, deliverer } = subject;
    const callsBefore = await subject.requestsSeen?.();
    const { capabilities, products, defaultProduct } = definition.describe(
      provider.config,
      deliverer && { config: deliverer.config, offering: deliverer },
    );
    expect(capabilities).toEqual(provider.capabilities);
    expect(products).toEqual(provider.products);
    expect(defaultProduct).toBe(provider.defaultProduct);
    expect(await subject.requestsSeen?.()).toBe(callsBefore);
  });

  trial('every no comes with its reason', async ({ provider: { capabilities } }) => {
    const noes: readonly string[] = [
      ...NOTED.filter((capability) => capabilities[capability] === false),
      ...(capabilities.search === 'none' ? ['search'] : []),
      ...(['absence', 'revocationShown'] as const).filter((capability) => capabilities[capability] === false),
    ];
    for (const no of noes) expect(capabilities.notes[no], no).toMatch(/\S/);
  });

  trial(
    'the steps of an operation have names of their own, and products ids of their own',
    async ({ provider }) => {
      for (const operation of operationsOf(provider)) {
        const names = operation.map(({ name }) => name);
        expect(names.length).toBeGreaterThan(0);
        expect(new Set(names).size, names.join(' ')).toBe(names.length);
      }
      const ids = provider.products.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      if (provider.defaultProduct !== undefined) expect(ids).toContain(provider.defaultProduct);
    },
  );

  trial('its schemas compile strictly, and take a configuration without options', async ({ definition }) => {
    const ajv = new Ajv2020({ strict: true, allErrors: true });
    const manifest = ajv.compile(definition.manifestOptionsSchema);
    ajv.compile(definition.optionsSchema);
    expect(manifest({}), ajv.errorsText(manifest.errors)).toBe(true);
  });

  trial('audit finds nothing wrong with what is served', async ({ provider, newSpec }) => {
    expect(provider.audit(newSpec('fine'))).toEqual([]);
  });

  trial('audit names every reason at once, on the key it hangs on', async (subject) => {
    const { provider } = subject;
    const served = subject.newSpec('ill');
    const unsold = provider.audit({ ...served, product: 'no-such-product-anywhere' });
    expect(unsold.map(({ field }) => field)).toContain('product');
    const found = ills(subject);
    for (const { field, change } of found) {
      expect(provider.audit({ ...served, ...change }).map((violation) => violation.field)).toContain(field);
    }
    const together: CertificateSpec = Object.assign({}, served, ...found.map(({ change }) => change));
    const fields = new Set(provider.audit(together).map(({ field }) => field));
    for (const { field } of found) expect(fields).toContain(field);
  });

  trial(
    'audit, free names and unique values are pure: same answer twice, no call, nothing touched',
    async (subject) => {
      const { provider } = subject;
      const callsBefore = await subject.requestsSeen?.();
      const spec = frozen(subject.newSpec('pure'));
      const ill = frozen({ ...spec, product: 'no-such-product-anywhere' });
      const hex = (bytes: number): string => 'ab'.repeat(bytes);
      const ask = () => ({
        fine: provider.audit(spec),
        ill: provider.audit(ill),
        free: provider.freeNames(spec.product ?? provider.defaultProduct ?? '', spec.names),
        unique: provider.uniqueValues('order', hex),
      });
      expect(ask()).toEqual(ask());
      expect(await subject.requestsSeen?.()).toBe(callsBefore);
    },
  );

  trial('a price is a number with its source, or unknown with a reason', async ({ provider, newSpec }) => {
    const { product = provider.defaultProduct ?? '', term, names } = newSpec('priced');
    const subject = { action: 'order', product, names, ...(term === undefined ? {} : { term }) } as const;
    const { price } = await provider.quote(subject);
    if (price.kind === 'known') {
      expect(price.amount.amount).toMatch(/^\d+\.\d{2,}$/);
      expect(price.amount.currency).toMatch(/^[A-Z]{3}$/);
      expect(price.source).toMatch(/\S/);
    } else {
      expect(price.why).toMatch(/\S/);
      expect(provider.capabilities.quote, 'a provider that quotes knows what its own product costs').toBe(
        false,
      );
    }
  });

  trial('a price nobody knows is never 0', async ({ provider, newSpec }) => {
    const { names } = newSpec('unpriced');
    const subject = {
      action: 'order',
      product: 'no-such-product-anywhere',
      names,
      term: { unit: 'year', count: 97 },
    } as const;
    const quoted = await provider.quote(subject).catch((error: unknown) => {
      expect(error).toBeInstanceOf(CertError);
      return undefined;
    });
    const { terms } = provider.capabilities;
    // Where nothing costs anything (no terms, no prices), a free answer is the truth.
    if (terms && quoted?.price.kind === 'known') expect(isZero(quoted.price.amount)).toBe(false);
  });

  trial('a working account says so, with its environment', async ({ provider }) => {
    const report = await provider.check();
    expect(report).toMatchObject({ ok: true, environment: provider.config.environment });
  });

  trial('wrong credentials are said to be wrong, and buy nothing', async (subject, need) => {
    const wrong = await need(subject.withWrongCredentials?.bind(subject), 'there are no credentials')();
    try {
      const report = await wrong.check().catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'provider.credentials', effect: 'none' });
        return { ok: false, findings: ['refused'] };
      });
      expect(report.ok).toBe(false);
      expect(report.findings.length).toBeGreaterThan(0);
      const error = await failureOf(buy({ ...subject, provider: wrong }, 'wrong'));
      expect(error).toMatchObject({ code: 'provider.credentials', effect: 'none' });
      expect(await subject.purchases()).toBe(0);
    } finally {
      await wrong.close();
    }
  });

  trial('the balance is an amount that a purchase lowers', async (subject, need) => {
    const { provider } = subject;
    const balance = need(
      provider.balance?.bind(provider),
      provider.capabilities.notes.balance ?? 'there is no balance',
    );
    const before = await balance();
    expect(before.currency).toMatch(/^[A-Z]{3}$/);
    await buyIssued(subject, 'charged');
    expect(Number((await balance()).amount)).toBeLessThan(Number(before.amount));
  });

  trial('the other side’s clock is near the trial’s, or not shown', async (subject) => {
    await subject.provider.check();
    const near = async (): Promise<void> => {
      const shown = await subject.provider.serverTime();
      if (shown !== undefined) expect(Math.abs(shown - subject.clock.now())).toBeLessThan(CLOCK_ALLOWANCE_MS);
    };
    await near();
    await subject.advance(10 * 60_000);
    await near();
  });

  trial('an order nobody has is not found', async ({ provider, unknownOrderId }) => {
    for (const call of [() => provider.getOrder(unknownOrderId), () => provider.collect(unknownOrderId)]) {
      expect(await failureOf(call())).toMatchObject({ code: 'order.not-found', effect: 'none' });
    }
  });

  it('closing it, even twice, leaves no line and no child open', async () => {
    const before = activeLines();
    const subject = await factory();
    await buyIssued(subject, 'closed');
    await subject.provider.close();
    await subject.provider.close();
    await subject.dispose();
    // A closed socket is gone only after the loop has turned.
    for (let turn = 0; turn < 50 && activeLines() > before; turn += 1) {
      await new Promise((done) => setImmediate(done));
    }
    expect(activeLines()).toBeLessThanOrEqual(before);
  });
}
