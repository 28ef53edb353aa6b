import { namesDigest } from '../../../src/policy/approvals.js';
import { approval, REISSUE_TIME, type Scene, spec, usd } from '../../support/planner.js';
import { certificate, order, ready, status } from '../../support/state.js';

const own = (name: string) => ({ names: [`${name}.example.com`] });
const file = (name: string, parts: NonNullable<Parameters<typeof approval>[1]> = {}) =>
  approval(name, { namesDigest: namesDigest(own(name).names), ...parts });

/** Every purchase and every reissue needs its own file. */
export const approvals: Scene = {
  now: REISSUE_TIME,
  policy: {
    approval: { order: 'pull-request', renew: 'pull-request', free: 'pull-request', revoke: 'never' },
    spending: { perOrder: usd('100') },
  },
  specs: ['approved', 'cheap-approval', 'missing', 'expired-approval']
    .map((name) => spec(name, own(name)))
    .concat(spec('reissued'), spec('revoked', own('revoked'))),
  approvals: [
    file('approved'),
    file('cheap-approval', { ceiling: usd('9') }),
    file('expired-approval', { validUntil: '2027-05-01T00:00:00Z' }),
  ],
  statuses: [
    ready('reissued'),
    status('revoked', {
      orders: [order('o-revoked', own('revoked'))],
      current: certificate('o-revoked', { ...own('revoked'), notAfter: '2027-10-20T23:59:59Z' }),
      requests: [
        {
          id: 'r1',
          action: 'revoke',
          requestedAt: REISSUE_TIME,
          reason: 'the domain was sold',
          revocationReason: 'cessationOfOperation',
          serial: certificate('o-revoked').serial,
        },
      ],
    }),
  ],
};
