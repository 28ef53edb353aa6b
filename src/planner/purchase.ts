import { sameNames } from '../model/names.js';
import type { OrderSnapshot } from '../model/order.js';
import type { OrderRecord } from '../model/status.js';
import { dayOf, toMs } from '../model/time.js';
import { abandonable } from './abandon.js';
import { holderOf, rivalOf } from './claims.js';
import type { Decision, Draft } from './draft.js';
import { driveIntent, lookedAtLater } from './drive.js';
import {
  hasTermLeft,
  headOf,
  isGone,
  openIntent,
  orderAt,
  productAt,
  providerOf,
  stableOrderId,
  stillCounts,
  termAt,
} from './facts.js';
import { namesDiffer } from './free.js';
import type { Subject } from './input.js';
import { awaitsRenewal, isSlot, renewedThere, slotOf } from './slots.js';
import { reissueOf, renewalOf } from './timing.js';
import { failureWait } from './waiting.js';

type Check = (subject: Subject) => Decision;

const lane = 'purchase' as const;

const openPurchase: Check = (s) => {
  const intent = openIntent(s.status, lane);
  if (!intent) return undefined;
  const draft = driveIntent(s, intent);
  return sameNames(intent.request.names, s.spec.names)
    ? draft
    : {
        ...draft,
        sideEffects: [
          'it is finished with the names it was placed with; the names now declared follow',
          ...offerAbandon(s),
        ],
      };
};

/** Names that changed under a waiting order may be worth less than what finishing it takes. */
const offerAbandon = ({ name, status }: Subject): readonly string[] =>
  abandonable(status) === undefined
    ? []
    : [`to give the order up instead, run \`certwright abandon ${name} --reason TEXT\``];

const suspended: Check = (s) => (s.spec.suspend ? 'stop' : undefined);

const failing: Check = (s) => failureWait(s, lane);

/** A person named the order to take over. */
const adoptDeclared: Check = (s) => {
  const { adopt } = s.spec;
  const provider = s.spec.providers[0];
  if (adopt?.kind !== 'order' || orderAt(s.status, provider, adopt.order)) return undefined;
  const head = headOf(s);
  const isNext = awaitsRenewal(s) !== undefined && head?.provider === provider;
  if (head && hasTermLeft(head, s.input.nowMs) && !isNext) return undefined;
  const base = {
    lane,
    action: 'adopt',
    reason: 'AdoptDeclared',
    message: `the manifest takes over order ${adopt.order}`,
    predecessor: adopt.order,
    ...(provider === undefined ? {} : { provider }),
    byEdit: true,
  } as const;
  const holder = holderOf(s.input, provider, adopt.order);
  if (holder) return held(base, 'foreign-order', `order ${adopt.order} belongs to ${holder.name}`);
  const rival = rivalOf(s.input, s.name, provider, adopt.order);
  if (rival) {
    return held(
      base,
      'foreign-order',
      `${rival.name} wants order ${adopt.order} as well; remove it from one`,
    );
  }
  const order = s.facts.adoptable;
  if (s.facts.adoptRefused !== undefined) return held(base, 'foreign-order', s.facts.adoptRefused);
  if (order && !stillCounts(order, s.input.nowMs)) {
    return held(
      base,
      'foreign-order',
      `order ${adopt.order} has ended; remove \`adopt:\` from the manifest to have a new one bought`,
    );
  }
  if (order && isSlot(order)) return adoptedSlot(s, base, order, provider);
  if (order && !sameNames(order.names, s.spec.names)) {
    return held(
      base,
      'foreign-order',
      `order ${adopt.order} is for ${order.names.join(', ')}; the manifest must name exactly these`,
    );
  }
  return base;
};

/** A slot has no names to compare: its product has to be the one declared. */
function adoptedSlot(s: Subject, base: Draft, slot: OrderSnapshot, id: string | undefined): Draft {
  const provider = id === undefined ? undefined : providerOf(s, id);
  const product = provider && productAt(s.spec, provider);
  if (provider?.capabilities.slots !== undefined && product === slot.product) {
    return { ...base, message: `${base.message}, a slot of ${slot.product} that has no name yet` };
  }
  return held(
    base,
    'foreign-order',
    `order ${slot.id} is a slot of ${slot.product}; the manifest wants ${product ?? 'no product'}`,
  );
}

/** Its request is sent by the other lane, and what is bought is not bought again. */
const slotWaiting: Check = (s) => (slotOf(s) ? 'stop' : undefined);

/** What a lost record forgot: an order under the very reference we would use. */
const adoptByReference: Check = (s) => {
  const all = (s.facts.byReference ?? []).filter(
    ({ provider, order }) => !orderAt(s.status, provider, order.id) && !soldAgain(s, provider, order),
  );
  const living = all.filter(({ order }) => stillCounts(order, s.input.nowMs));
  if (living.length > 1) return severalOfOurs(living.map(({ order }) => order.id));
  const found = living[0] ?? all.at(-1);
  if (!found) return undefined;
  return {
    lane,
    action: 'adopt',
    reason: 'OrderAtProvider',
    message: `order ${found.order.id} under our reference ${found.order.reference ?? ''} exists at ${found.provider}`,
    predecessor: found.order.id,
    provider: found.provider,
    byEdit: false,
  };
};

/** What is recorded under that reference goes on: a second order under it is for a person to look into. */
const soldAgain = ({ status }: Subject, provider: string, { reference }: OrderSnapshot): boolean =>
  reference !== undefined &&
  status.orders.some(
    (order) => order.provider === provider && order.reference === reference && !isGone(order),
  );

/** The provider sold more than once under one reference: which of them is ours is for a person to say. */
const severalOfOurs = (ids: readonly string[]): Draft => ({
  lane,
  action: 'hold',
  reason: 'OrderAtProvider',
  message: `${ids.length} orders exist under our reference: ${ids.join(', ')}`,
  hold: {
    code: 'foreign-order',
    message: `write \`adopt: { order: "${ids[0]}" }\` into the manifest to take one over, and have the provider cancel the others`,
  },
  byEdit: false,
});

/** Somebody else's order for the same names and product: never bought beside, never taken over silently. */
const foreignOrder: Check = (s) => {
  const ignored = s.spec.adopt?.kind === 'ignore' ? s.spec.adopt.orders : [];
  const found = (s.facts.foreign ?? []).filter(
    ({ order }) => !ignored.includes(order.id) && stillCounts(order, s.input.nowMs),
  );
  const [first] = found;
  if (!first) return undefined;
  const ids = found.map(({ order }) => order.id);
  const list = [...ignored, ...ids].map((id) => `"${id}"`).join(', ');
  return {
    lane,
    action: 'hold',
    reason: 'ForeignOrder',
    message: `${first.provider} already has ${ids.length === 1 ? 'an order' : `${ids.length} orders`} for these names and product: ${ids.join(', ')}`,
    provider: first.provider,
    product: first.order.product,
    hold: {
      code: 'foreign-order',
      message: `write \`adopt: { order: "${ids[0]}" }\` into the manifest to take it over, or \`adopt: { ignore: [${list}] }\` to buy although it exists`,
    },
    byEdit: true,
  };
};

const firstOrder: Check = (s) => {
  if (headOf(s)) return undefined;
  return {
    lane,
    action: 'order',
    reason: 'NoOrder',
    message: 'declared, and no order exists',
    priced: 'order',
    byEdit: true,
  };
};

/** Our last order came to nothing, or was given up: buying again needs a person who names it. */
const deadOrder: Check = (s) => {
  const head = headOf(s);
  if (!head || !isGone(head)) return undefined;
  return {
    lane,
    action: 'order',
    reason: 'OrderDied',
    message: head.abandoned
      ? `order ${head.id} was given up after placing (${head.abandoned.reason})`
      : `order ${head.id} was ${head.state} after placing${head.message ? ` (${head.message})` : ''}`,
    predecessor: stableOrderId(head),
    priced: 'order',
    byEdit: false,
  };
};

/**
 * An order that no intent drives (it was taken over), without its certificate here yet. It only reads, and what is paid
 * is finished, so neither a suspension nor an earlier failure stops it.
 */
const uncollected: Check = (s) => {
  const head = headOf(s);
  const served = s.status.current !== undefined && head?.ids.includes(s.status.current.order);
  if (!head || served || isGone(head) || (head.state !== 'pending' && head.state !== 'issued'))
    return undefined;
  if (head.state === 'issued' && !hasTermLeft(head, s.input.nowMs)) return undefined;
  return {
    lane,
    action: 'collect',
    reason: 'AwaitingIssuance',
    ...lookedAtLater(
      s.input,
      { ...head, orderId: head.id },
      head.state === 'pending'
        ? `order ${head.id} is placed, not issued yet`
        : `the certificate of order ${head.id} is not in the repository yet`,
    ),
    provider: head.provider,
    product: head.product,
    predecessor: head.id,
    ...(head.waitingFor === undefined ? {} : { waitingFor: head.waitingFor }),
    byEdit: false,
  };
};

interface Change {
  readonly reason: 'ProviderChanged' | 'ProductChanged' | 'TermChanged';
  readonly message: string;
}

/** What the manifest wants otherwise than the order has it. One of several providers is as good as another. */
function changeOf(s: Subject, head: OrderRecord): Change | undefined {
  const stays = s.spec.providers.includes(head.provider);
  const provider = providerOf(s, stays ? head.provider : (s.spec.providers[0] ?? ''));
  if (!provider) return undefined;
  const product = productAt(s.spec, provider);
  const term = termAt(s.spec, provider);
  if (!stays) {
    return {
      reason: 'ProviderChanged',
      message: `the provider changes from ${head.provider} to ${provider.config.id}`,
    };
  }
  if (product !== undefined && product !== head.product) {
    return { reason: 'ProductChanged', message: `the product changes from ${head.product} to ${product}` };
  }
  return head.term !== undefined && term !== undefined && term !== head.term
    ? { reason: 'TermChanged', message: `the term changes from ${head.term} to ${term}` }
    : undefined;
}

/**
 * Another provider, product or term takes over before a renewal would bring it; the old order runs out. Without a paid
 * term no renewal ever comes, so there the end of the certificate is the moment.
 */
const migration: Check = (s) => {
  const head = headOf(s);
  if (!head || !hasTermLeft(head, s.input.nowMs)) return undefined;
  const now = s.spec.migrate === 'now';
  const endsMs = now ? undefined : unlimitedDueMs(s, head);
  const change = now || endsMs !== undefined ? changeOf(s, head) : undefined;
  if (!change) return undefined;
  return {
    lane,
    action: 'order',
    reason: change.reason,
    message: `${change.message}${now ? ', now' : ', as the certificate is due'}; order ${head.id} runs out${head.paidTill ? ` on ${dayOf(toMs(head.paidTill))}` : ''}`,
    predecessor: stableOrderId(head),
    priced: 'order',
    ...(endsMs === undefined ? {} : { dueAtMs: endsMs }),
    byEdit: now,
  };
};

/** When the certificate of an order without paid term fell due; undefined while it is not. */
function unlimitedDueMs(s: Subject, head: OrderRecord): number | undefined {
  const { current } = s.status;
  if (!current || head.paidTill !== undefined || !head.ids.includes(current.order)) return undefined;
  const timing = reissueOf(s, head, current);
  return timing.needed && s.input.nowMs >= timing.dueMs ? timing.dueMs : undefined;
}

const paidTermEnding: Check = (s) => {
  const head = headOf(s);
  const renewal = head && renewalOf(s, head);
  if (!head?.paidTill || !renewal || s.input.nowMs < renewal.dueMs) return undefined;
  if (providerOf(s, head.provider)?.capabilities.renewsItself) return renewedThere(s, head) ?? 'stop';
  if (!s.spec.autoRenew) return 'stop';
  const lost = renewal.daysLost > 0 ? `, ${countDays(renewal.daysLost)} of the old term are lost` : '';
  const change = changeOf(s, head);
  return {
    lane,
    action: 'renew',
    reason: 'PaidTermEnding',
    message: `paid till ${dayOf(toMs(head.paidTill))}${lost}${change ? `; ${change.message}` : ''}${namesDiffer(s) ? '; with the names now declared' : ''}`,
    predecessor: stableOrderId(head),
    priced: 'renew',
    dueAtMs: renewal.dueMs,
    byEdit: false,
  };
};

const countDays = (days: number): string => (days === 1 ? '1 day' : `${days} days`);

function held(draft: Omit<Draft, 'hold'>, code: NonNullable<Draft['hold']>['code'], message: string): Draft {
  return { ...draft, action: 'hold', hold: { code, message } };
}

/** The purchase lane, in order: the list is the policy. */
export const purchaseChecks: readonly Check[] = [
  openPurchase,
  slotWaiting,
  uncollected,
  suspended,
  failing,
  adoptDeclared,
  adoptByReference,
  foreignOrder,
  deadOrder,
  firstOrder,
  migration,
  paidTermEnding,
];
