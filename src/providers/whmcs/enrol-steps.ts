import { inspectCsr } from '../../keys/csr.js';
import type { JsonObject } from '../../model/json.js';
import type { RevocationReason } from '../../model/order.js';
import type { LookUp, LookUpContext, Step, StepOutcome, StepWait } from '../../ports/provider.js';
import { certificateIn } from './certificate.js';
import { isWritten, type ShopProduct } from './options.js';
import { serialized } from './php.js';
import { enrolment, isSameCsr } from './request.js';
import { fieldOf, isActive, type Service } from './service.js';
import { untilPaid } from './setup-steps.js';
import { needed, orderIdOf, productOf, type Results, type Shop, serviceIdOf } from './shop.js';
import { readState } from './states.js';
import { textOf } from './wire.js';

export const untilActive = (service: Service): StepWait | undefined =>
  isActive(service)
    ? undefined
    : { waitingFor: 'person', message: `service ${service.id} is ${service.status}, not set up yet` };

/** UpdateClientProduct: the request, and what goes with it, into the custom fields of the service. */
export function writeStep(shop: Shop): Step {
  return {
    name: 'write',
    paid: false,
    repeatable: true,
    applies: (request) => isWritten(productOf(shop, request), request),
    waits: async ({ request, results }) =>
      request.action === 'order' ? untilActive(await shop.service(serviceIdOf(request, results))) : undefined,
    run: async ({ request, results, contacts }, guard) => {
      const serviceId = serviceIdOf(request, results);
      const product = productOf(shop, request);
      shop.changed();
      await shop.client.write(
        'UpdateClientProduct',
        { serviceid: serviceId, customfields: serialized(enrolment(product, request, contacts)) },
        `service ${serviceId}`,
        guard,
      );
      return { result: {}, orderId: orderIdOf(request, results) };
    },
    lookUp: async ({ request, results }) => {
      const service = await shop.service(serviceIdOf(request, results));
      const written = fieldOf(productOf(shop, request), service, 'csr') ?? '';
      return isSameCsr(written, needed(request.csrPem, 'CSR'))
        ? { kind: 'found', outcome: { result: {}, orderId: orderIdOf(request, results) } }
        : { kind: 'cannot-tell', why: 'the field does not hold our request', candidates: [] };
    },
  };
}

const stateBefore = (product: ShopProduct, service: Service): JsonObject => ({
  state: fieldOf(product, service, 'state') ?? '',
});

/** The module says that it is at work: a hook, or the payment of a renewal, made it take the request by itself. */
function isTaken({ options }: Shop, product: ShopProduct, service: Service): boolean {
  const told = readState(fieldOf(product, service, 'state') ?? '', options.profile, product.states);
  if (told?.state !== 'pending' || told.isIssued) return false;
  return told.waitingFor !== 'configuration' && told.waitingFor !== 'person';
}

/** A function of the module that takes what was written, before the first certificate or after a renewal. */
export function submitStep(shop: Shop): Step {
  return {
    name: 'submit',
    paid: false,
    applies: (request) => {
      const product = productOf(shop, request);
      return product.functions.submit !== undefined && isWritten(product, request);
    },
    waits: async (soFar) =>
      (await untilPaid(shop, soFar)) ??
      untilActive(await shop.service(serviceIdOf(soFar.request, soFar.results))),
    before: async (request, soFar) =>
      stateBefore(productOf(shop, request), await shop.service(serviceIdOf(request, soFar?.results ?? {}))),
    run: async ({ request, results }, guard) => {
      const serviceId = serviceIdOf(request, results);
      const product = productOf(shop, request);
      const name = needed(product.functions.submit, 'function');
      if (isTaken(shop, product, await shop.service(serviceId))) {
        guard();
        return { result: {}, orderId: orderIdOf(request, results) };
      }
      shop.changed();
      const word = await shop.client.runModule(
        'ModuleCustom',
        { serviceid: serviceId, func_name: name },
        `service ${serviceId}`,
        guard,
      );
      return {
        result: word.ok ? {} : { moduleError: word.words },
        orderId: orderIdOf(request, results),
      };
    },
    lookUp: (context) => lookUpByState(shop, context),
  };
}

/** A function of the module that begins the next certificate of the same term. */
export function reissueStep(shop: Shop): Step {
  return {
    name: 'reissue',
    paid: false,
    applies: (request) => {
      const { completion, functions } = productOf(shop, request);
      return completion !== 'upstream' && functions.reissue !== undefined;
    },
    before: async (request) =>
      stateBefore(productOf(shop, request), await shop.service(serviceIdOf(request, {}))),
    run: async ({ request, results }, guard) => {
      const serviceId = serviceIdOf(request, results);
      const name = needed(productOf(shop, request).functions.reissue, 'function');
      shop.changed();
      await shop.client.write(
        'ModuleCustom',
        { serviceid: serviceId, func_name: name },
        `the reissue of service ${serviceId}`,
        guard,
      );
      return { result: {}, orderId: orderIdOf(request, results) };
    },
    lookUp: (context) => lookUpByState(shop, context),
  };
}

/** It shows by what the module says of itself, or by a certificate for our key. */
async function lookUpByState(shop: Shop, { request, before, results }: LookUpContext): Promise<LookUp> {
  const product = productOf(shop, request);
  const service = await shop.service(serviceIdOf(request, results));
  const outcome: StepOutcome = { result: {}, orderId: orderIdOf(request, results) };
  const csr = request.csrPem === undefined ? undefined : await inspectCsr(request.csrPem);
  const key = csr && 'keyHash' in csr ? csr.keyHash : undefined;
  const issued = certificateIn(product, service, key);
  if (key !== undefined && issued?.keyHash === key) return { kind: 'found', outcome };
  const state = fieldOf(product, service, 'state');
  if (state === undefined || state === '') {
    return { kind: 'cannot-tell', why: 'the shop shows nothing of where the module stands', candidates: [] };
  }
  if (state !== textOf(before, 'state')) return { kind: 'found', outcome };
  return { kind: 'cannot-tell', why: `the module still says "${state.slice(0, 120)}"`, candidates: [] };
}

/** Nothing is sent: from here on people ask for the certificate, with the request that stands in the intent. */
export function handOverStep(shop: Shop): Step {
  return {
    name: 'hand-over',
    paid: false,
    repeatable: true,
    applies: (request) => {
      const { completion, functions } = productOf(shop, request);
      return completion === 'manual' && functions.reissue === undefined;
    },
    run: async ({ request, results }, guard) => {
      guard();
      return { result: {}, orderId: orderIdOf(request, results) };
    },
    lookUp: async () => ({ kind: 'cannot-tell', why: 'nothing is sent by it', candidates: [] }),
  };
}

export const REVOCATION_REASONS: readonly RevocationReason[] = ['unspecified'];

/** A function of the module; which certificate it revokes, and why, it does not take. */
export function revokeStep(shop: Shop): Step {
  return {
    name: 'revoke',
    paid: false,
    run: async ({ request, results }, guard) => {
      const serviceId = serviceIdOf(request, results);
      const name = needed(productOf(shop, request).functions.revoke, 'function');
      shop.changed();
      await shop.client.write(
        'ModuleCustom',
        { serviceid: serviceId, func_name: name },
        `the revocation of service ${serviceId}`,
        guard,
      );
      return { result: {}, orderId: orderIdOf(request, results) };
    },
    lookUp: async ({ request, results }) => revocationSeen(shop, request, results),
  };
}

async function revocationSeen(
  shop: Shop,
  request: LookUpContext['request'],
  results: Results,
): Promise<LookUp> {
  const product = productOf(shop, request);
  const service = await shop.service(serviceIdOf(request, results));
  const text = fieldOf(product, service, 'state') ?? '';
  if (readState(text, shop.options.profile, product.states)?.state === 'revoked') {
    return { kind: 'found', outcome: { result: {}, orderId: orderIdOf(request, results) } };
  }
  const why = `whether the certificate of service ${service.id} is revoked does not show at the shop`;
  return { kind: 'cannot-tell', why, candidates: [] };
}
