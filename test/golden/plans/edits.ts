import { prices, provider, type Scene, spec, usd } from '../../support/planner.js';
import { certificate, order, status } from '../../support/state.js';

const held = (
  name: string,
  parts: Parameters<typeof order>[1] = {},
  current: Parameters<typeof certificate>[1] = {},
) => {
  const names = [`${name}.example.com`];
  return status(name, {
    orders: [order(`71-${name}`, { names, ...parts })],
    current: certificate(`71-${name}`, { names, ...current }),
    reissueText: 'once',
  });
};
const declared = (name: string, parts: Parameters<typeof spec>[1] = {}) =>
  spec(name, { names: [`${name}.example.com`], reissue: 'once', ...parts });

/** One of everything that an edit of manifests may ask for. */
export const edits: Scene = {
  providers: [
    provider('shop'),
    provider('whmcs', {
      capabilities: {
        reissue: false,
        autoRenewFlag: 'read',
        notes: { reissue: 'the shop reissues in its client area only' },
      },
    }),
    provider('namecheap'),
  ],
  specs: [
    declared('algorithm', { key: { kind: 'generated', algorithm: 'rsa-3072', rotate: 'always' } }),
    declared('names-free', { names: ['names-free.example.com', 'new.example.com'] }),
    declared('names-sold', { names: ['more.example.com', 'names-sold.example.com'] }),
    declared('own-csr', {
      key: { kind: 'csr', path: 'certificates/own.csr', csrPem: 'CSR', keyHash: 'another' },
    }),
    declared('portal', { providers: ['whmcs'], reissue: '2026-11-22 rotation' }),
    declared('external', { key: { kind: 'external' }, reissue: '2026-11-22 rotation' }),
    declared('migrating', { providers: ['namecheap'], migrate: 'now' }),
    declared('renamed-now', { names: ['renamed.example.com'] }),
    declared('taken-over', { adopt: { kind: 'order', order: '912345678' } }),
    declared('foreign'),
  ],
  statuses: [
    ...['algorithm', 'names-free', 'names-sold', 'own-csr', 'external', 'migrating', 'removed'].map((name) =>
      held(name),
    ),
    held('portal', { provider: 'whmcs', autoRenew: true }),
    held('renamed'),
  ],
  facts: {
    'names-free': { prices: prices({ 'shop add-names': '0' }) },
    'names-sold': { prices: prices({ 'shop add-names': '6' }) },
    migrating: { prices: prices({ 'namecheap order': '9.98' }) },
    foreign: {
      foreign: [
        {
          provider: 'shop',
          order: {
            id: '912345999',
            ids: ['912345999'],
            state: 'issued',
            product: 'private-server',
            names: ['foreign.example.com'],
            validation: [],
          },
        },
      ],
    },
  },
  policy: { spending: { perOrder: usd('100') } },
};
