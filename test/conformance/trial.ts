import { expect } from 'vitest';
import type { CertificateSpec } from '../../src/model/manifest.js';
import type { OrderRequest, OrderSnapshot } from '../../src/model/order.js';
import type {
  LookUpContext,
  Operation,
  Recorded,
  SoFar,
  Step,
  StepContext,
  StepOutcome,
} from '../../src/ports/provider.js';
import { newKey, orderRequest, type TestKey } from './builders.js';
import type { ConformanceSubject } from './subject.js';

const LOOKS = 10;

const pass = (): void => {};

/** Where an operation stands: which step is next, and what the ones before it gave. */
export interface Progress {
  readonly request: OrderRequest;
  readonly results: StepContext['results'];
  readonly orderId: string | undefined;
}

export const beginning = (request: OrderRequest): Progress => ({ request, results: {}, orderId: undefined });

export async function contextOf(step: Step, { request, results }: Progress): Promise<StepContext> {
  const soFar: SoFar = { request, results, tooMuch: () => undefined };
  const later = Object.keys(results).length > 0;
  if (later) expect(await step.waits?.(soFar), `${step.name} need not wait`).toBeUndefined();
  return { request, results, before: (await step.before?.(request, later ? soFar : undefined)) ?? {} };
}

/** The steps that the engine would write into the intent. */
export const stepsFor = (operation: Operation, request: OrderRequest): Operation =>
  operation.filter((step) => step.applies?.(request) ?? true);

export const after = (progress: Progress, step: Step, outcome: StepOutcome): Progress => ({
  request: progress.request,
  results: { ...progress.results, [step.name]: outcome.result },
  orderId: outcome.orderId ?? progress.orderId,
});

/** Runs these steps as the engine does when nothing goes wrong. */
export async function runSteps(steps: Operation, start: Progress): Promise<Progress> {
  let progress = start;
  for (const step of stepsFor(steps, start.request)) {
    progress = after(progress, step, await step.run(await contextOf(step, progress), pass));
  }
  return progress;
}

export const lookUpContext = (
  subject: ConformanceSubject,
  context: StepContext,
  known?: Bought,
): LookUpContext => ({
  ...context,
  sentAtMs: subject.clock.now(),
  ...(known === undefined ? {} : { knownOrderId: known.orderId, knownReference: known.request.reference }),
});

/** What the engine would hand to a look at the order, its intent still being open. */
export const recordedOf = ({ request, results }: Progress): Recorded => ({ request, results });

/** @throws Error when an operation ended without an order id */
export function orderIdOf({ orderId }: Progress): string {
  if (orderId === undefined) throw new Error('the operation ended without an order id');
  return orderId;
}

/** The CA does its work, and the order is looked at until it is through. */
export async function untilIssued(
  subject: ConformanceSubject,
  orderId: string,
  recorded: Recorded,
): Promise<OrderSnapshot> {
  await subject.issue();
  for (let look = 0; look < LOOKS; look += 1) {
    const order = await subject.provider.getOrder(orderId, recorded);
    if (order.state === 'issued' && order.reissuePending !== true) return order;
  }
  throw new Error(`order ${orderId} is not issued after ${LOOKS} looks, although the CA was told to`);
}

export interface Bought {
  readonly spec: CertificateSpec;
  readonly key: TestKey;
  readonly request: OrderRequest;
  readonly orderId: string;
  /** Of the intent that is open until the certificate is there. */
  readonly recorded: Recorded;
}

/** A request with a new key, ready to be sent. */
export async function newRequest(
  subject: ConformanceSubject,
  label: string,
): Promise<{ readonly spec: CertificateSpec; readonly key: TestKey; readonly request: OrderRequest }> {
  const spec = subject.newSpec(label);
  const key = await newKey(spec.commonName, spec.names);
  return { spec, key, request: orderRequest(subject.provider, spec, 'order', { csrPem: key.csrPem }) };
}

/** A first order, all its steps done, not issued yet. */
export async function buy(subject: ConformanceSubject, label: string): Promise<Bought> {
  const made = await newRequest(subject, label);
  const done = await runSteps(subject.provider.place, beginning(made.request));
  return { ...made, orderId: orderIdOf(done), recorded: recordedOf(done) };
}

/** A first order that has its certificate. */
export async function buyIssued(
  subject: ConformanceSubject,
  label: string,
): Promise<Bought & { readonly order: OrderSnapshot }> {
  const bought = await buy(subject, label);
  const order = await untilIssued(subject, bought.orderId, bought.recorded);
  return { ...bought, orderId: order.id, order };
}
