import { refusedLogin } from '../../http/refused-login.js';
import { CertError } from '../../model/errors.js';
import { money } from '../../model/money.js';
import type { OrderSnapshot } from '../../model/order.js';
import type { ConnectionReport, Offering, Provider, ProviderDeps, Recorded } from '../../ports/provider.js';
import { accountsOf } from './account.js';
import { auditSpec } from './audit.js';
import { caaIdentity } from './authority.js';
import { chainsOf } from './chains.js';
import { acmeClient } from './client.js';
import { optionsOf } from './options.js';
import { ordersOf } from './orders.js';
import { plainText } from './problem.js';
import { renewalAdvice } from './renewal.js';
import { orderStep, REVOCATION_REASONS, reissueStep, revokeStep } from './steps.js';

/** One account at an ACME CA. @throws CertError `config.invalid` */
export function createAcme(deps: ProviderDeps, offering: Offering): Provider {
  const { config, clock, log } = deps;
  const options = optionsOf(config);
  const client = acmeClient(deps, options.directoryUrl);
  const accounts = accountsOf(deps, options, client);
  const chains = chainsOf(client, options.preferredChain, log);
  const orders = ordersOf({ client, accounts, clock, chains });
  const revoked = new Set<string>();
  const desk = { client, accounts, orders, options, revoked };
  const price = {
    kind: 'known',
    amount: money('0', config.currency ?? 'USD'),
    source: 'ACME knows no price; an order costs nothing by itself',
  } as const;

  async function getOrder(orderId: string, recorded?: Recorded): Promise<OrderSnapshot> {
    const order = await orders.look(orderId, recorded);
    const isRevoked = order.state === 'issued' && order.serial !== undefined && revoked.has(order.serial);
    return isRevoked && order.reissuePending !== true ? { ...order, state: 'revoked' } : order;
  }

  async function check(): Promise<ConnectionReport> {
    const { environment } = config;
    const { meta } = await client.directory(true);
    try {
      const account = await accounts.find();
      if (account !== undefined) return { ok: true, environment, findings: [] };
      const terms = meta?.termsOfService;
      const missing = [
        ...(terms !== undefined && !options.termsAgreed
          ? [`Nobody agreed to the terms of service yet: ${plainText(terms)}; write \`termsAgreed: true\`.`]
          : []),
        ...(meta?.externalAccountRequired === true && deps.credentials.eabKeyId === undefined
          ? ['The CA wants eabKeyId and eabHmacKey under credentials.']
          : []),
      ];
      return missing.length > 0
        ? { ok: false, environment, findings: missing }
        : {
            ok: true,
            environment,
            findings: ['The account does not exist yet; it is made with the first order.'],
          };
    } catch (error) {
      return refusedLogin(environment, error);
    }
  }

  return {
    config,
    ...offering,
    audit: (spec) => auditSpec(options, spec),
    freeNames: () => [],
    uniqueValues: () => ({}),
    check,
    quote: async () => ({ price }),
    place: [orderStep(desk, 'place')],
    renew: [orderStep(desk, 'renew')],
    getOrder,
    collect: orders.collect,
    reissuer: { operation: [reissueStep(desk)], sideEffect: () => undefined },
    revoker: { operation: [revokeStep(desk)], reasons: REVOCATION_REASONS },
    validator: {
      recheck: (orderId, items, recorded) =>
        orders.prove(
          orderId,
          items.map(({ name }) => name),
          recorded,
        ),
      change: async (orderId, items, recorded) => {
        if (recorded === undefined) return;
        const request = { ...recorded.request, validation: items };
        const [name] = await orders.without(orderId, { ...recorded, request });
        if (name === undefined) return;
        throw new CertError('provider.refused', `the CA offers no such challenge for ${name}`);
      },
    },
    caaIdentity: () => caaIdentity(client, accounts, log),
    renewalAdvice: (pem) => renewalAdvice(client, pem, clock.now()),
    serverTime: async () => client.http.serverTime(),
    close: () => client.http.close(),
  };
}
