import {
  LAST_CERTIFICATE,
  prices,
  provider,
  RENEWAL_TIME,
  type Scene,
  spec,
  usd,
} from '../../support/planner.js';
import { certificate, intended, order, placed, status } from '../../support/state.js';

const ending = (
  name: string,
  parts: Parameters<typeof status>[1] = {},
  head: Parameters<typeof order>[1] = {},
) => {
  const names = [`${name}.example.com`];
  return status(name, {
    orders: [order(`81234-${name}`, { names, ...head })],
    current: certificate(`81234-${name}`, { ...LAST_CERTIFICATE, names }),
    ...parts,
  });
};
const declared = (name: string, parts: Parameters<typeof spec>[1] = {}) =>
  spec(name, { names: [`${name}.example.com`], commonName: `${name}.example.com`, ...parts });

/** The week before several paid terms end; the money of the day does not reach for all. */
export const renewals: Scene = {
  now: RENEWAL_TIME,
  providers: [provider('shop', { capabilities: { carriesRemainingDays: true } }), provider('namecheap')],
  policy: { spending: { perOrder: usd('50'), perDay: usd('40') } },
  specs: [
    declared('carried'),
    declared('due-first'),
    declared('elsewhere', { providers: ['namecheap'] }),
    declared('too-dear', { maxPrice: usd('5') }),
    declared('no-renewal', { autoRenew: false }),
    declared('suspended', { suspend: true }),
    declared('last-day'),
    declared('sent'),
    declared('validating'),
  ],
  statuses: [
    ending('carried'),
    ending('due-first', {}, { paidTill: '2027-10-28T10:00:00Z' }),
    ending('elsewhere'),
    ending('too-dear'),
    ending('no-renewal'),
    ending('suspended'),
    ending('last-day'),
    ending('sent', { intents: [intended('renew', { names: ['sent.example.com'] })] }),
    ending('validating', {
      orders: [
        order('81234-validating', { names: ['validating.example.com'] }),
        order('91234-validating', {
          names: ['validating.example.com'],
          predecessor: '81234-validating',
          placedAt: '2027-10-24T10:00:00Z',
          state: 'pending',
          waitingFor: 'approver-mail',
          charges: [],
        }),
      ],
      intents: [placed('renew', '91234-validating', { names: ['validating.example.com'] })],
    }),
  ],
  facts: Object.fromEntries(
    ['carried', 'due-first', 'elsewhere', 'too-dear', 'last-day'].map((name) => [
      name,
      { prices: prices({ 'shop renew': '15', 'namecheap order': '9.98' }) },
    ]),
  ),
};
