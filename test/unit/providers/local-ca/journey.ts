import { X509Certificate } from 'node:crypto';
import type { OrderRequest } from '../../../../src/model/order.js';
import type {
  Operation,
  Provider,
  SendGuard,
  StepContext,
  StepOutcome,
} from '../../../../src/ports/provider.js';
import { certificateSpec, newKey, orderRequest } from '../../../conformance/builders.js';

export const open: SendGuard = () => {};

/** A request with a fresh key for these names. */
export async function requestFor(
  provider: Provider,
  names: readonly string[],
  over: Partial<OrderRequest> = {},
): Promise<OrderRequest> {
  const spec = certificateSpec({ names });
  const { csrPem } = await newKey(spec.commonName, spec.names);
  return orderRequest(provider, spec, over.action ?? 'order', { csrPem, ...over });
}

export const contextOf = (request: OrderRequest, before: StepContext['before'] = {}): StepContext => ({
  request,
  before,
  results: {},
});

/** The one step of an operation, with its `before` taken as the engine would. */
export async function runStep(
  operation: Operation | undefined,
  request: OrderRequest,
  guard: SendGuard = open,
): Promise<StepOutcome> {
  const step = onlyStep(operation);
  return step.run(contextOf(request, (await step.before?.(request)) ?? {}), guard);
}

export function onlyStep(operation: Operation | undefined) {
  const [step, ...more] = operation ?? [];
  if (!step || more.length > 0) throw new Error('not one step');
  return step;
}

export async function place(
  provider: Provider,
  names: readonly string[],
  over: Partial<OrderRequest> = {},
): Promise<{ readonly request: OrderRequest; readonly orderId: string; readonly outcome: StepOutcome }> {
  const request = await requestFor(provider, names, over);
  const outcome = await runStep(provider.place, request);
  return { request, outcome, orderId: outcome.orderId ?? '' };
}

export async function leafOf(provider: Provider, orderId: string): Promise<X509Certificate> {
  const collected = await provider.collect(orderId);
  if (!collected) throw new Error(`${orderId} has no certificate`);
  return new X509Certificate(collected.certificatePem);
}

export const sanOf = (certificate: X509Certificate): readonly string[] =>
  (certificate.subjectAltName ?? '').split(', ').map((text) => text.replace('DNS:', ''));
