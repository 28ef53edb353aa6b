import { describe, expect, it, vi } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/model/time.js';
import { planOnly } from '../../../src/reconcile/plan-only.js';
import { resendMails } from '../../../src/reconcile/resend.js';
import {
  applyOnce,
  aroundProviders,
  manifest,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  type Runner,
  runUntilQuiet,
} from '../../support/engine.js';
import { fuse } from '../../support/fuse.js';

// Real git and crash sweeps, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 });

/** An order that waits for the proof of its names, and the machine that placed it. */
async function waiting(wish: string, options: Partial<PlaceOptions> = {}): Promise<[Place, Runner]> {
  const place = await openPlace({
    kind: 'unique',
    manifests: { shop: manifest('shop', wish) },
    seller: { dcv: 'wait', pollsUntilIssued: 0 },
    ...options,
  });
  const runner = await openRunner(place);
  await applyOnce(place, runner);
  expect((await place.status('shop')).validation).toHaveLength(1);
  return [place, runner];
}

const declare = (place: Place, wish: string) =>
  place.merge({ 'certificates/shop.yaml': manifest('shop', wish) });

async function callsTo(place: Place, verb: string): Promise<readonly unknown[]> {
  const ledger = (await place.seller?.control.ledger()) ?? [];
  return ledger
    .filter(({ path, method }) => method === 'POST' && path.endsWith(`/${verb}`))
    .map(({ body }) => body);
}

const requested = async (place: Place) => (await place.status('shop')).intents.at(-1)?.request.validation;

const EMAIL = 'validation: { method: email, approver: admin@example.com }\n';
const TO_EMAIL = { items: [{ name: 'shop.example.com', method: 'email', approver: 'admin@example.com' }] };

describe('a manifest that wants another validation while its order waits', () => {
  it.each(['memory', 'git'] as const)('has it changed once, with the state in %s', async (where) => {
    const [place, runner] = await waiting('', { git: where === 'git' });
    await declare(place, EMAIL);
    const { applied, exit } = await applyOnce(place, runner);
    expect(exit).toBe(0);
    expect(applied?.plan.items).toMatchObject([
      {
        lane: 'free',
        action: 'validate',
        reason: 'ValidationChanged',
        predecessor: 'S-1001',
        message:
          'the validation of order S-1001 changes: shop.example.com from dns to email (admin@example.com)',
      },
      { lane: 'purchase', action: 'collect' },
    ]);
    expect(await callsTo(place, 'validation')).toEqual([TO_EMAIL]);
    expect(await requested(place)).toEqual(TO_EMAIL.items);
    expect((await place.status('shop')).validation).toEqual([
      {
        name: 'shop.example.com',
        method: 'email',
        state: 'pending',
        record: { type: 'email', address: 'admin@example.com' },
      },
    ]);
    await applyOnce(place, runner);
    expect(await callsTo(place, 'validation')).toHaveLength(1);
    expect(runner.illegal).toEqual([]);

    await place.seller?.control.validate();
    await applyOnce(place, runner, 0, { lookNow: 'all' });
    expect((await place.status('shop')).current).toBeDefined();
    expect(await place.purchases()).toBe(1);
  });

  it('changes nothing of names that are proven, and nothing for `manual`', async () => {
    const [place, runner] = await waiting('');
    await declare(place, 'validation: manual\n');
    await applyOnce(place, runner);
    await place.seller?.control.validate();
    await place.seller?.control.set({ pollsUntilIssued: null });
    await declare(place, EMAIL);
    await applyOnce(place, runner);
    expect(await callsTo(place, 'validation')).toEqual([]);
  });

  it('waits longer and longer after a refusal, and tries at once what is wanted next', async () => {
    const [place, runner] = await waiting('');
    const refuse = {
      path: '/validation$',
      times: 99,
      fault: { kind: 'status', status: 500, acts: false },
    } as const;
    await place.seller?.control.fault(refuse);
    await declare(place, EMAIL);
    expect((await applyOnce(place, runner)).exit).toBe(1);
    const refused = (await callsTo(place, 'validation')).length;
    const { applied } = await applyOnce(place, runner);
    expect(applied?.plan.items.find(({ lane }) => lane === 'free')).toMatchObject({
      action: 'wait',
      reason: 'Failing',
    });
    expect(await callsTo(place, 'validation')).toHaveLength(refused);
    await place.seller?.control.clearFaults();

    await declare(place, 'validation: http\n');
    await applyOnce(place, runner);
    expect((await callsTo(place, 'validation')).length).toBe(refused + 1);
    expect(await requested(place)).toEqual([{ name: 'shop.example.com', method: 'http' }]);
    expect(JSON.stringify(await place.status('shop'))).not.toContain('validationFailure');
    await declare(place, EMAIL);
    await place.advance(10 * MINUTE_MS);
    await applyOnce(place, runner);
    expect(await requested(place)).toEqual(TO_EMAIL.items);
    expect(runner.illegal).toEqual([]);
  });

  it('is held with a way out where the provider has no call for it', async () => {
    const [place] = await waiting('');
    const runner = await openRunner(place, {
      wrap: (deps) =>
        aroundProviders(deps, (provider) => ({
          ...provider,
          capabilities: { ...provider.capabilities, changeValidation: false },
        })),
    });
    await declare(place, EMAIL);
    const { applied, exit } = await applyOnce(place, runner);
    expect(exit).toBe(0);
    expect(applied?.plan.items[0]?.hold).toEqual({
      code: 'unsupported',
      message:
        'shop cannot change the validation of an order: it has no call for it; change it in its portal, or take the change back in the manifest',
    });
    expect(await callsTo(place, 'validation')).toEqual([]);
  });

  it('survives a crash anywhere: the wish is never lost, and told twice at most', async () => {
    const [place] = await waiting('');
    await declare(place, EMAIL);
    const restore = await place.snapshot();
    const probe = fuse();
    await applyOnce(place, await openRunner(place, { fuse: probe }));
    expect(probe.calls).toContain('validator.change');
    for (let call = 1; call <= probe.calls.length; call++) {
      for (const when of ['before', 'after'] as const) {
        await restore();
        const through = fuse({ call, when });
        const crashed = await openRunner(place, { fuse: through });
        expect(await Promise.race([through.blown, applyOnce(place, crashed)])).toBe('crashed');
        await applyOnce(place, await openRunner(place));
        const at = `${when} ${probe.calls[call - 1]}`;
        expect(await requested(place), at).toEqual(TO_EMAIL.items);
        expect((await callsTo(place, 'validation')).length, at).toBeLessThanOrEqual(2);
        expect(await place.purchases(), at).toBe(1);
      }
    }
  });
});

describe('what the order was placed with', () => {
  it('rules how a file that is chosen later is fetched', async () => {
    const options = 'providerOptions: { fileScheme: https }\n';
    const place = await openPlace({
      kind: 'sectigo',
      manifests: { shop: manifest('shop', options) },
      sandbox: { autoApprove: false },
    });
    const runner = await openRunner(place);
    await applyOnce(place, runner);
    await declare(place, `${options}validation: http\n`);
    await applyOnce(place, runner);
    const [changed] = place.sandbox?.ledger('AutoUpdateDCV').slice(-1) ?? [];
    expect(new URLSearchParams(changed?.body).get('newMethod')).toBe('HTTPS_CSR_HASH');
    expect((await place.status('shop')).validation).toMatchObject([
      { record: { type: 'file', url: expect.stringMatching(/^https:/) } },
    ]);
  });
});

describe('proofs of a public authority', () => {
  it('are kept with the certificate, and stay as old as they are while they can be used again', async () => {
    const place = await openPlace({ kind: 'sectigo' });
    const runner = await openRunner(place);
    await runUntilQuiet(place, runner);
    const { proofs, orders } = await place.status('shop');
    const proof = {
      name: 'shop.example.com',
      provider: 'shop',
      method: 'dns',
      provenAt: orders[0]?.placedAt,
    };
    expect(proofs).toEqual([proof]);
    await place.advance(DAY_MS);
    await declare(place, 'reissue: "new key"\n');
    await runUntilQuiet(place, runner);
    expect((await place.status('shop')).reissueText).toBe('new key');
    expect((await place.status('shop')).proofs).toEqual([proof]);
    expect(runner.illegal).toEqual([]);
  });
});

describe('approver mails', () => {
  it('are not sent again by repeating apply; a person may ask at any time', async () => {
    const [place, runner] = await waiting(EMAIL);
    for (let hour = 0; hour < 3; hour++) {
      await applyOnce(place, runner);
      await place.advance(HOUR_MS);
    }
    expect(await callsTo(place, 'resend')).toEqual([]);
    expect(await resendMails(runner.deps, 'shop')).toEqual([
      { provider: 'shop', orderId: 'S-1001', names: ['shop.example.com'] },
    ]);
    expect(await callsTo(place, 'resend')).toEqual([{ names: ['shop.example.com'] }]);
  });

  it('are sent again after days of silence, twice, and the plan says so', async () => {
    const [place, runner] = await waiting(EMAIL);
    const sent = async () => (await callsTo(place, 'resend')).length;
    const counts: number[] = [];
    for (const days of [2, 1, 0, 6, 1, 0, 30, 30]) {
      await place.advance(days * DAY_MS);
      await applyOnce(place, runner);
      counts.push(await sent());
    }
    expect(counts).toEqual([0, 1, 1, 1, 2, 2, 2, 2]);
    expect((await place.status('shop')).intents.at(-1)).toMatchObject({ mails: { count: 2 } });
    expect(runner.illegal).toEqual([]);
  });

  it('say in the plan that they will be, and are not sent for names that were proven meanwhile', async () => {
    const [place, runner] = await waiting(EMAIL);
    await place.advance(3 * DAY_MS);
    const { plan } = await planOnly(runner.deps);
    expect(plan.items).toMatchObject([
      {
        lane: 'free',
        action: 'validate',
        reason: 'MailUnanswered',
        message: 'the mail for shop.example.com of order S-1001 is not answered; it is sent again (1 of 2)',
      },
      { lane: 'purchase', action: 'collect' },
    ]);
    await place.seller?.control.validate();
    await applyOnce(place, runner);
    expect(await callsTo(place, 'resend')).toEqual([]);
    expect((await place.status('shop')).current).toBeDefined();
  });

  it('are counted from the day on which the method became mail', async () => {
    const [place, runner] = await waiting('');
    await place.advance(5 * DAY_MS);
    await declare(place, EMAIL);
    await applyOnce(place, runner);
    await place.advance(2 * DAY_MS);
    await applyOnce(place, runner);
    expect(await callsTo(place, 'resend')).toEqual([]);
    await place.advance(DAY_MS);
    await applyOnce(place, runner);
    expect(await callsTo(place, 'resend')).toHaveLength(1);
  });

  it('are never more than that, wherever a run is killed', async () => {
    const [place] = await waiting(EMAIL);
    await place.advance(3 * DAY_MS);
    const restore = await place.snapshot();
    const probe = fuse();
    await applyOnce(place, await openRunner(place, { fuse: probe }));
    expect(probe.calls).toContain('validator.resend');
    for (let call = 1; call <= probe.calls.length; call++) {
      for (const when of ['before', 'after'] as const) {
        await restore();
        const through = fuse({ call, when });
        const crashed = await openRunner(place, { fuse: through });
        expect(await Promise.race([through.blown, applyOnce(place, crashed)])).toBe('crashed');
        await applyOnce(place, await openRunner(place));
        const at = `${when} ${probe.calls[call - 1]}`;
        expect((await callsTo(place, 'resend')).length, at).toBeLessThanOrEqual(1);
        expect((await place.status('shop')).intents.at(-1), at).toMatchObject({ mails: { count: 1 } });
      }
    }
  });

  it('a provider that refuses is an error once, and asked again only when the next one is due', async () => {
    const [place, runner] = await waiting(EMAIL);
    await place.seller?.control.fault({
      path: '/resend$',
      times: 99,
      fault: { kind: 'status', status: 500, acts: false },
    });
    await place.advance(3 * DAY_MS);
    expect((await applyOnce(place, runner)).exit).toBe(1);
    const tried = (await callsTo(place, 'resend')).length;
    expect((await applyOnce(place, runner)).exit).toBe(0);
    expect(await callsTo(place, 'resend')).toHaveLength(tried);
  });

  it('are not sent where nothing waits for one', async () => {
    const [place, runner] = await waiting('');
    expect(await resendMails(runner.deps, 'shop')).toEqual([]);
    expect(await callsTo(place, 'resend')).toEqual([]);
  });
});
