import { MANIFEST_DIGEST, NOW, type Scene, spec, usd } from '../../support/planner.js';
import { certificate, order, ready, status, unknown } from '../../support/state.js';

const own = (name: string) => ({ names: [`${name}.example.com`] });
const declared = (name: string) => spec(name, own(name));

/** Everything that waits for a person. */
export const trouble: Scene = {
  specs: ['breaker', 'dead', 'failing', 'new', 'overcharged', 'revoked', 'unknown'].map(declared),
  statuses: [
    status('breaker', {
      orders: [order('o-breaker', own('breaker'))],
      current: certificate('o-breaker', { ...own('breaker'), ownKey: false }),
      breaker: { trippedAt: '2026-11-22T05:00:00Z', why: '3 certificates were issued within 24 hours' },
    }),
    status('dead', {
      orders: [order('o-dead', { ...own('dead'), state: 'rejected', message: 'CAA forbids this CA' })],
    }),
    status('failing', {
      manifestDigest: MANIFEST_DIGEST,
      failures: {
        purchase: {
          count: 3,
          lastAt: '2026-11-22T06:00:00Z',
          code: 'provider.refused',
          message: 'product is not available in your country',
        },
      },
    }),
    status('overcharged', {
      orders: [order('o-over', own('overcharged'))],
      current: certificate('o-over', own('overcharged')),
      priceStop: { order: 'o-over', product: 'private-server', quoted: usd('10'), charged: usd('14.50') },
    }),
    status('revoked', {
      orders: [order('o-revoked', own('revoked'))],
      current: certificate('o-revoked', {
        ...own('revoked'),
        revoked: { at: NOW, reason: 'keyCompromise' },
      }),
      requests: [
        {
          id: 'r1',
          action: 'revoke',
          requestedAt: NOW,
          reason: 'the key was on a stolen laptop',
          revocationReason: 'keyCompromise',
          serial: certificate('o-revoked').serial,
        },
      ],
    }),
    status('unknown', { intents: [unknown('order', own('unknown'))] }),
    ready('gone'),
  ],
  state: { manifestsDescend: true },
};
