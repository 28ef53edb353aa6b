import { expect } from 'vitest';
import { soldAs } from '../../src/model/delivery.js';
import { CertError } from '../../src/model/errors.js';
import { DAY_MS } from '../../src/model/time.js';
import type { Operation, Step } from '../../src/ports/provider.js';
import { newKey, orderRequest, predecessorOf } from './builders.js';
import { failureOf } from './failure.js';
import { expectGoodCertificate } from './judge.js';
import { paidTillMs } from './life.js';
import type { ConformanceSubject } from './subject.js';
import { reasonFor, type Suite } from './suite.js';
import {
  after,
  type Bought,
  beginning,
  buyIssued,
  contextOf,
  lookUpContext,
  newRequest,
  orderIdOf,
  type Progress,
  recordedOf,
  runSteps,
  stepsFor,
  untilIssued,
} from './trial.js';

const CLOCK_ALLOWANCE_MS = 120_000;

/** Can a purchase that does not show be known not to be there? */
const provesAbsence = ({ capabilities }: ConformanceSubject['provider']): boolean =>
  (capabilities.search !== 'none' || capabilities.slots !== undefined) && capabilities.absence !== false;

/** Can what was bought be told apart from what somebody else bought? */
const tellsOwn = ({ capabilities }: ConformanceSubject['provider']): boolean =>
  capabilities.search !== 'none' || capabilities.slots === 'exclusive';

const refuse = (): void => {
  throw new CertError('send.too-late', 'the trial refuses to send');
};

/** Until whatever was placed must be visible (unknown lag: a day, as DESIGN assumes). */
const settle = (subject: ConformanceSubject): Promise<void> =>
  subject.advance(subject.provider.capabilities.visibilityLagMs ?? DAY_MS);

/** The step after which money is gone, and those before it. */
function paidStep(operation: Operation): {
  readonly before: Operation;
  readonly paid: Step;
  readonly rest: Operation;
} {
  const index = Math.max(
    0,
    operation.findIndex(({ paid }) => paid),
  );
  const paid = operation[index];
  if (paid === undefined) throw new Error('an operation has at least one step');
  return { before: operation.slice(0, index), paid, rest: operation.slice(index + 1) };
}

/** Sends a step, loses its reply, and looks what became of it once everything has settled. */
async function loseAndLook(subject: ConformanceSubject, step: Step, progress: Progress, known?: Bought) {
  const context = await contextOf(step, progress);
  const lookUp = lookUpContext(subject, context, known);
  await subject.loseNextReply?.();
  const error = await failureOf(step.run(context, () => {}));
  expect(error.effect, error.message).toBe('unknown');
  await settle(subject);
  return step.lookUp(lookUp);
}

const renewalOf = async (subject: ConformanceSubject, bought: Awaited<ReturnType<typeof buyIssued>>) => {
  const { provider, clock } = subject;
  const early = Math.min(provider.capabilities.renewalWindowMs ?? 20 * DAY_MS, 20 * DAY_MS);
  await subject.advance(paidTillMs(provider, bought.order, bought.request.term ?? '') - early - clock.now());
  const key = await newKey(bought.spec.commonName, bought.spec.names);
  return orderRequest(provider, bought.spec, 'renew', {
    csrPem: key.csrPem,
    predecessor: predecessorOf(bought.order),
  });
};

/** Calls that were stopped, lost or never made. */
export function recoveryTests({ trial }: Suite): void {
  trial('a guard that refuses stops every step: effect none, and nothing has happened', async (subject) => {
    const { provider } = subject;
    const { request } = await newRequest(subject, 'guarded');
    let progress = beginning(request);
    for (const step of stepsFor(provider.place, request)) {
      const purchases = await subject.purchases();
      const context = await contextOf(step, progress);
      const error = await failureOf(step.run(context, refuse));
      expect(error, step.name).toMatchObject({ code: 'send.too-late', effect: 'none' });
      expect(await subject.purchases()).toBe(purchases);
      let asked = 0;
      const outcome = await step.run(context, () => {
        asked += 1;
      });
      expect(asked, `${step.name} asks its guard`).toBeGreaterThan(0);
      progress = after(progress, step, outcome);
    }
    expect(await subject.purchases()).toBe(1);
    expect((await untilIssued(subject, orderIdOf(progress), recordedOf(progress))).state).toBe('issued');
  });

  trial('a guard that refuses stops a reissue, a revocation and a renewal as well', async (subject) => {
    const { provider } = subject;
    const bought = await buyIssued(subject, 'kept');
    const leaf = await expectGoodCertificate(subject, bought);
    const key = await newKey(bought.spec.commonName, bought.spec.names);
    const common = { csrPem: key.csrPem, predecessor: predecessorOf(bought.order) };
    const revocation = { serial: leaf.serialNumber.toLowerCase(), reason: 'superseded' } as const;
    const operations = [
      ['reissue', provider.reissuer?.operation, common],
      [
        'revoke',
        provider.capabilities.revokesSuperseded ? undefined : provider.revoker?.operation,
        { predecessor: common.predecessor, revocation },
      ],
      ['renew', provider.capabilities.terms ? provider.renew : undefined, common],
    ] as const;
    for (const [action, operation, over] of operations) {
      const [step] = operation ?? [];
      if (step === undefined) continue;
      const progress = beginning(orderRequest(provider, bought.spec, action, over));
      const error = await failureOf(step.run(await contextOf(step, progress), refuse));
      expect(error, action).toMatchObject({ code: 'send.too-late', effect: 'none' });
    }
    await subject.issue();
    const same = await provider.getOrder(bought.orderId);
    expect(same.state).toBe('issued');
    expect((await expectGoodCertificate(subject, bought)).fingerprint256).toBe(leaf.fingerprint256);
    expect(await subject.purchases()).toBe(1);
  });

  trial(
    'a purchase whose reply was lost is found and finished, or admitted to be lost',
    async (subject, need) => {
      const { provider } = subject;
      need(subject.loseNextReply, 'no reply can be lost');
      const known = await buyIssued(subject, 'known');
      const { spec, key, request } = await newRequest(subject, 'lost');
      const { before, paid, rest } = paidStep(provider.place);
      const progress = await runSteps(before, beginning(request));
      const look = await loseAndLook(subject, paid, progress, known);
      expect(await subject.purchases()).toBe(2);
      if (!tellsOwn(provider)) {
        expect(look.kind, 'nothing can be searched, so nothing is found or absent').toBe('cannot-tell');
        if (look.kind === 'cannot-tell') expect(look.why).toMatch(/\S/);
        return;
      }
      if (look.kind !== 'found') throw new Error(`the lost order was not found: ${JSON.stringify(look)}`);
      const done = await runSteps(rest, after(progress, paid, look.outcome));
      const orderId = orderIdOf(done);
      const recorded = recordedOf(done);
      expect(orderId).not.toBe(known.orderId);
      const issued = await untilIssued(subject, orderId, recorded);
      await expectGoodCertificate(subject, { spec, key, request, recorded, orderId: issued.id });
      expect(await subject.purchases()).toBe(2);
    },
  );

  trial('a renewal whose reply was lost is not mistaken for the order it renews', async (subject, need) => {
    const { provider } = subject;
    need(subject.loseNextReply, 'no reply can be lost');
    need(provider.capabilities.terms, provider.capabilities.notes.terms ?? 'there is no paid term');
    const bought = await buyIssued(subject, 'renewed-lost');
    const request = await renewalOf(subject, bought);
    const { before, paid } = paidStep(provider.renew);
    const progress = await runSteps(before, beginning(request));
    const look = await loseAndLook(subject, paid, progress, bought);
    expect(await subject.purchases()).toBe(2);
    // Without a reference it may still show at the order it renews.
    if (tellsOwn(provider)) expect(look.kind).toBe('found');
    else expect(look.kind).not.toBe('absent');
    if (look.kind === 'found') expect(look.outcome.orderId).not.toBe(bought.orderId);
  });

  trial('an order that was never sent is absent with its proofs, or cannot be told', async (subject) => {
    const { provider, clock } = subject;
    const known = await buyIssued(subject, 'known');
    await settle(subject);
    const { paid } = paidStep(provider.place);
    const { request } = await newRequest(subject, 'never');
    const context = await contextOf(paid, beginning(request));
    const look = await paid.lookUp(lookUpContext(subject, context, known));
    expect(await subject.purchases()).toBe(1);
    if (!provesAbsence(provider)) {
      expect(look.kind).toBe('cannot-tell');
      return;
    }
    if (look.kind !== 'absent') throw new Error(`nothing was sent, and yet: ${JSON.stringify(look)}`);
    expect(look.evidence).toMatchObject({ complete: true, negativeControl: true, positiveControl: true });
    expect(Math.abs((look.evidence.replyAtMs ?? 0) - clock.now())).toBeLessThan(CLOCK_ALLOWANCE_MS);
  });

  trial('a purchase that was booked twice cannot be told: both are candidates', async (subject, need) => {
    const { provider } = subject;
    need(
      provider.capabilities.search === 'findable',
      'no reference is ever used twice here, or none is found',
    );
    const bookTwice = need(subject.bookNextTwice?.bind(subject), 'nothing is ever booked twice');
    const known = await buyIssued(subject, 'known');
    const { request } = await newRequest(subject, 'doubled');
    const { before, paid } = paidStep(provider.place);
    const progress = await runSteps(before, beginning(request));
    const context = await contextOf(paid, progress);
    await bookTwice();
    await paid.run(context, () => {});
    await settle(subject);
    const look = await paid.lookUp(lookUpContext(subject, context, known));
    if (look.kind !== 'cannot-tell') throw new Error(`one of two was chosen: ${JSON.stringify(look)}`);
    expect(new Set(look.candidates).size).toBe(2);
    expect(look.candidates).not.toContain(known.orderId);
  });

  trial('an absence is not proved while an order known to exist does not show', async (subject, need) => {
    const { provider } = subject;
    need(
      provider.capabilities.search === 'findable',
      'the refusal of a repeated reference is the proof here',
    );
    const hide = need(subject.hideOrders?.bind(subject), 'nothing can be hidden');
    const known = await buyIssued(subject, 'known');
    await settle(subject);
    const { paid } = paidStep(provider.place);
    const { request } = await newRequest(subject, 'hidden');
    const context = await contextOf(paid, beginning(request));
    await hide();
    const look = await paid.lookUp(lookUpContext(subject, context, known));
    if (look.kind === 'absent') expect(look.evidence.positiveControl).toBe(false);
    else expect(look.kind).toBe('cannot-tell');
  });

  trial('in an empty account an absence is proved by the account itself', async (subject, need) => {
    const { provider } = subject;
    need(
      provesAbsence(provider),
      reasonFor(subject, provider.capabilities.absence === false ? 'absence' : 'search'),
    );
    const { paid } = paidStep(provider.place);
    const { request } = await newRequest(subject, 'never');
    const context = await contextOf(paid, beginning(request));
    const look = await paid.lookUp(lookUpContext(subject, context));
    if (look.kind !== 'absent') throw new Error(`the account is empty, and yet: ${JSON.stringify(look)}`);
    expect(look.evidence).toMatchObject({ complete: true, negativeControl: true, positiveControl: true });
  });

  trial('a used reference is refused where references are unique', async (subject, need) => {
    const { provider } = subject;
    need(provider.capabilities.search === 'unique', 'references are not unique here');
    const { request } = await newRequest(subject, 'twice');
    const { before, paid } = paidStep(provider.place);
    const progress = await runSteps(before, beginning(request));
    const context = await contextOf(paid, progress);
    await paid.run(context, () => {});
    const error = await failureOf(paid.run(context, () => {}));
    expect(error).toMatchObject({ code: 'order.reference-used', effect: 'none' });
    expect(await subject.purchases()).toBe(1);
  });

  trial('orders are found by the reference they were placed with, and by no other', async (subject, need) => {
    const { provider } = subject;
    const findByReference = need(provider.findByReference?.bind(provider), reasonFor(subject, 'search'));
    const { request, orderId } = await buyIssued(subject, 'referred');
    await buyIssued(subject, 'another');
    await settle(subject);
    const found = await findByReference(request.reference);
    expect(found.map(({ id, reference }) => [id, reference])).toEqual([
      [soldAs(orderId ?? ''), request.reference],
    ]);
    expect(await findByReference('cwtrial-never-useda')).toEqual([]);
  });

  trial(
    'a free step whose reply was lost is found, or admitted to be lost, never taken for absent',
    async (subject, need) => {
      const { provider } = subject;
      need(subject.loseNextReply, 'no reply can be lost');
      const bought = await buyIssued(subject, 'free-lost');
      const key = await newKey(bought.spec.commonName, bought.spec.names);
      const { request } = await newRequest(subject, 'activated-lost');
      const { before, paid, rest } = paidStep(stepsFor(provider.place, request));
      if (rest[0] !== undefined) {
        const progress = await runSteps([...before, paid], beginning(request));
        const look = await loseAndLook(subject, rest[0], progress, bought);
        expect(look.kind, rest[0].name).not.toBe('absent');
      }
      const reissue = orderRequest(provider, bought.spec, 'reissue', {
        csrPem: key.csrPem,
        predecessor: predecessorOf(bought.order),
      });
      const [step, ...steps] = stepsFor(provider.reissuer?.operation ?? [], reissue);
      need(step ?? rest[0], 'no free step can be lost');
      if (step === undefined) return;
      const look = await loseAndLook(subject, step, beginning(reissue), bought);
      expect(look.kind).not.toBe('absent');
      if (look.kind !== 'found') return;
      const done = await runSteps(steps, after(beginning(reissue), step, look.outcome));
      const recorded = recordedOf(done);
      const issued = await untilIssued(subject, done.orderId ?? bought.orderId, recorded);
      await expectGoodCertificate(subject, { ...bought, key, recorded, orderId: issued.id });
    },
  );

  trial('a reissue that was never sent is not taken for done', async (subject, need) => {
    const { provider } = subject;
    const step = need(provider.reissuer?.operation[0], reasonFor(subject, 'reissue'));
    const bought = await buyIssued(subject, 'unsent');
    const key = await newKey(bought.spec.commonName, bought.spec.names);
    const request = orderRequest(provider, bought.spec, 'reissue', {
      csrPem: key.csrPem,
      predecessor: predecessorOf(bought.order),
    });
    const context = await contextOf(step, beginning(request));
    const look = await step.lookUp(lookUpContext(subject, context, bought));
    expect(look.kind).not.toBe('found');
  });
}
