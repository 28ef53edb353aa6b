import { DAY_MS, HOUR_MS } from '../../src/model/time.js';
import type { PanelAct } from '../support/paid-provider/seller.js';
import { OUTAGES_MS } from './chaos.js';
import type { World } from './world.js';

/** The seller and the lines to it and to git change their ways. */
export function fate(world: World): void {
  const { dice, shop, stage, story } = world;
  const { seller } = shop;
  const outageMs = dice.pick(OUTAGES_MS);
  const until = stage.nowMs + outageMs;
  world.chaos.count();
  dice.pick<() => void>([
    () => {
      world.down.providerMs = until;
      world.trouble(until);
      story.tell('seller', `is down for ${outageMs / HOUR_MS} h`);
    },
    () => {
      world.down.remoteMs = until;
      world.trouble(until);
      story.tell('git', `is down for ${outageMs / HOUR_MS} h`);
    },
    () => {
      const prices = dice.pick(['10.00', '12.50', '21.00']);
      const old = seller.settings.prices;
      seller.settings = {
        ...seller.settings,
        prices: { ...old, 'paid-multi': { '90d': '4.00', '1y': prices, '2y': '19.00' } },
      };
      world.priceMovedMs = stage.nowMs;
      world.trouble();
      story.tell('seller', `a year costs ${prices} now`);
    },
    () => {
      const tax = dice.pick([world.policy.tax, world.policy.tax, '19']);
      seller.settings = { ...seller.settings, taxPercent: tax };
      world.priceMovedMs = stage.nowMs;
      world.trouble();
      story.tell('seller', `adds ${tax} % tax now`);
    },
    () => {
      seller.rejects = 1;
      world.trouble(until);
      story.tell('seller', 'will reject the next order');
      stage.later(30 * DAY_MS, () => {
        seller.rejects = 0;
      });
    },
    () => {
      seller.cancels = 1;
      world.trouble(until);
      story.tell('seller', 'will cancel the next purchase');
    },
    () => {
      seller.wrongCertificates = [dice.pick(['key', 'names'])];
      story.tell('seller', `will sign for another ${seller.wrongCertificates[0]}`);
      stage.later(30 * DAY_MS, () => {
        seller.wrongCertificates = [];
      });
    },
    () => {
      const days = dice.between(1, 4) * DAY_MS;
      seller.settings = { ...seller.settings, pollsUntilIssued: null };
      world.trouble(stage.nowMs + days);
      story.tell('seller', `takes ${Math.round(days / HOUR_MS)} h to issue`);
      stage.later(days, () => {
        seller.settings = { ...seller.settings, pollsUntilIssued: 1 };
        for (const { id, status, reissuePending } of seller.orders()) {
          if (status === 'PENDING' || reissuePending) seller.issue(id);
        }
      });
    },
    () => {
      seller.balance = '3.00';
      world.trouble(until);
      story.tell('seller', 'has no money of ours left');
      stage.later(outageMs, () => {
        seller.balance = '900.00';
      });
    },
  ])();
}

/** Somebody at the customer's or at the CA does something to an order of ours, without certwright. */
export function portal(world: World): void {
  const { dice, shop, stage, story, watch } = world;
  const { seller } = shop;
  const serving = [...watch.statuses.values()].flatMap(({ name, current }) => {
    const order = current && seller.find(current.order);
    const fits =
      order?.status === 'ISSUED' && !order.reissuePending && Date.parse(order.paidTill) > stage.nowMs;
    return fits ? [{ name, id: order.id }] : [];
  });
  const waiting = seller.orders().filter(({ status }) => status === 'PENDING');
  const one = serving[dice.int(serving.length)];
  const pending = waiting[dice.int(waiting.length)];
  const act = (what: string, of: { readonly id: string } | undefined, how: PanelAct) => {
    if (!of) return;
    story.tell('portal', `${what} ${of.id}`);
    seller.panel(of.id, how);
    world.chaos.count();
    world.sellerMoved();
  };
  dice.pick<() => void>([
    () => act('reissues, with the same key,', one, 'reissue'),
    () => act('reissues, with another key,', one, 'reissue-other-key'),
    () => act('revokes the certificate of', one, 'revoke'),
    () => act('switches auto-renew on for', one, 'auto-renew'),
    () => act('cancels', pending, 'cancel'),
  ])();
}
