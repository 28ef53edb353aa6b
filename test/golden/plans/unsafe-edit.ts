import { type Scene, spec } from '../../support/planner.js';
import { certificate, order, status } from '../../support/state.js';

const sites = Array.from({ length: 12 }, (_, i) => `site-${String(i + 1).padStart(2, '0')}`);

/** Someone changed the key algorithm in the defaults of a folder, and removed a manifest on the way. */
export const unsafeEdit: Scene = {
  specs: sites.slice(1).map((name, i) =>
    spec(name, {
      names: [`${name}.example.com`],
      ...(i < 3 ? { key: { kind: 'generated', algorithm: 'rsa-2048', rotate: 'always' } } : {}),
    }),
  ),
  statuses: sites.map((name) =>
    status(name, {
      orders: [order(`5-${name}`, { names: [`${name}.example.com`] })],
      current: certificate(`5-${name}`, { names: [`${name}.example.com`] }),
    }),
  ),
};
