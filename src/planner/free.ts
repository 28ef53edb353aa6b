import { namesServe } from '../model/names.js';
import type { CurrentCertificate, OrderRecord } from '../model/status.js';
import { dayOf } from '../model/time.js';
import { compromiseOf, isCompromised } from '../policy/compromised.js';
import { openReissueRequest } from '../policy/replacement.js';
import { autoRenewOff } from './auto-renew.js';
import type { Decision, Draft } from './draft.js';
import { driveIntent } from './drive.js';
import {
  certificateEndMs,
  hasTermLeft,
  openIntent,
  orderById,
  providerOf,
  servingOf,
  stableOrderId,
} from './facts.js';
import type { Subject } from './input.js';
import { activation } from './slots.js';
import { reissueOf } from './timing.js';
import { failureWait } from './waiting.js';

type Check = (subject: Subject) => Decision;

const lane = 'free' as const;

const openFree: Check = (s) => {
  const intent = openIntent(s.status, lane);
  return intent && driveIntent(s, intent);
};

const suspended: Check = (s) => (s.spec.suspend ? 'stop' : undefined);

const failing: Check = (s) => failureWait(s, lane);

/** Without a certificate of a living order there is nothing to reissue. */
const nothingToServe: Check = (s) => {
  const order = servingOf(s);
  return order && hasTermLeft(order, s.input.nowMs) ? undefined : 'stop';
};

const revoked: Check = (s) => {
  const order = servingOf(s);
  if (!s.status.current?.revoked && order?.state !== 'revoked') return undefined;
  if (s.status.current?.revoked?.reason === 'cessationOfOperation') return 'stop';
  return reissue(s, 'Revoked', 'the certificate is revoked');
};

const replaced: Check = (s) => {
  const by = s.status.current?.replacedBy;
  if (by === undefined) return undefined;
  return reissue(s, 'ReplacedAtProvider', `somebody had its order reissued elsewhere, as serial ${by}`);
};

/** Known to somebody else: it is replaced before anything else is, as often as it takes. */
const keyCompromised: Check = (s) => {
  const { current } = s.status;
  const known = compromiseOf(s.input.state.header, current?.keyHash);
  if (!known || current?.revoked) return undefined;
  return reissue(s, 'KeyCompromised', `its key is compromised: ${known.reason}`);
};

/**
 * An order under way delivered a certificate for a key that was reported meanwhile: kept aside, it is never published, and
 * the order is reissued for another key. Nothing is bought.
 */
const compromisedOnTheWay: Check = (s) => {
  const { header } = s.input.state;
  const intent = openIntent(s.status, 'purchase');
  if (intent?.phase !== 'issued' || !isCompromised(header, intent.keyHash)) return undefined;
  const order = orderById(s.status, intent.orderId);
  if (!order || !hasTermLeft(order, s.input.nowMs)) return undefined;
  return reissueOfOrder(
    s,
    order,
    'KeyCompromised',
    `the key that order ${order.id} was placed for is compromised`,
  );
};

const keyLost: Check = (s) => {
  const { current } = s.status;
  if (!current || s.spec.key.kind === 'external') return undefined;
  if (s.spec.key.kind === 'csr') {
    return current.keyHash === s.spec.key.keyHash
      ? undefined
      : { ...reissue(s, 'KeyMismatch', `the CSR in ${s.spec.key.path} has another key`), byEdit: true };
  }
  if (current.ownKey && s.facts.keyStored) return undefined;
  return {
    ...reissue(s, 'KeyLost', 'no key is stored beside the certificate'),
    byEdit: s.status.manifestDigest !== s.spec.digest,
  };
};

const namesChanged: Check = (s) => {
  if (!namesDiffer(s)) return undefined;
  const have = new Set(s.status.current?.names);
  const want = new Set(s.spec.names);
  const added = namesAdded(s);
  const removed = [...have].filter((name) => !want.has(name) && !s.facts.freeNames.includes(name));
  const parts = [
    ...(added.length > 0 ? [`added ${added.join(', ')}`] : []),
    ...(removed.length > 0 ? [`removed ${removed.join(', ')}`] : []),
  ];
  return { ...reissue(s, 'NamesChanged', `the names change: ${parts.join('; ')}`), byEdit: true };
};

const algorithmChanged: Check = (s) => {
  const { current } = s.status;
  if (s.spec.key.kind !== 'generated' || !current || current.keyAlgorithm === s.spec.key.algorithm)
    return undefined;
  return {
    ...reissue(
      s,
      'AlgorithmChanged',
      `the key algorithm changes from ${current.keyAlgorithm} to ${s.spec.key.algorithm}`,
    ),
    byEdit: true,
  };
};

/** Any new text asks for one reissue; the text the current certificate answers to is in the status. */
const reissueText: Check = (s) =>
  s.spec.reissue === undefined || s.spec.reissue === s.status.reissueText
    ? undefined
    : { ...reissue(s, 'ReissueRequested', `the manifest says: ${s.spec.reissue}`), byEdit: true };

const reissueAsked: Check = (s) => {
  const request = openReissueRequest(s.status);
  if (request === undefined) return undefined;
  const till = request.deadline === undefined ? '' : `; to be replaced by ${request.deadline}`;
  return reissue(s, 'ReissueRequested', `${request.reason}${till}`);
};

const certificateEnding: Check = (s) => {
  const { current } = s.status;
  const order = servingOf(s);
  const timing = current && order && reissueOf(s, order, current);
  if (!current || !timing?.needed || s.input.nowMs < timing.dueMs) return undefined;
  return {
    ...reissue(
      s,
      'CertificateEnding',
      `the certificate ends ${dayOf(certificateEndMs(current) - 1)}${timing.advised ? adviceText(current) : ''}`,
    ),
    dueAtMs: timing.dueMs,
  };
};

const adviceText = ({ advice }: CurrentCertificate): string =>
  advice === undefined
    ? ''
    : `, and the CA wants it replaced between ${advice.startAt} and ${advice.endAt}${advice.explanation === undefined ? '' : ` (${advice.explanation})`}`;

/**
 * Names that wait for money or for a person must not let the certificate run out, nor keep a revoked one: what the clock or
 * another reason asks for goes on with the names there are. Undefined where nothing else does, and where the CSR is not ours
 * to make.
 */
export function meanwhile(s: Subject, held: Draft): Draft | undefined {
  const { current } = s.status;
  if (!current || s.spec.key.kind !== 'generated') return undefined;
  const due = held.reason === 'NamesChanged' ? certificateEnding(s) : soldNames(held);
  if (due === undefined || due === 'stop') return undefined;
  const { priced: _added, ...draft } = due;
  return {
    ...draft,
    ...reissuePrice(s),
    message: `${due.message}; with the names it has, until the ones declared may be added`,
    names: current.names.filter((name) => !s.facts.freeNames.includes(name) || s.spec.names.includes(name)),
  };
}

const soldNames = (draft: Draft): Draft | undefined =>
  draft.action === 'reissue' && draft.priced === 'add-names' ? draft : undefined;

export const autoRenewDiffers = (s: Subject): Draft | undefined => {
  const order = servingOf(s);
  return order?.autoRenew ? autoRenewOff(s.input, order) : undefined;
};

/** What the manifest wants besides is made of the certificate there is: no provider is asked. */
const formatsMissing: Check = (s) => {
  const missing = s.facts.formatsMissing ?? [];
  if (missing.length === 0 || !s.status.current) return undefined;
  const list = missing.join(' and ');
  return {
    lane,
    action: 'publish',
    reason: 'FormatsMissing',
    message: `${list} ${missing.length === 1 ? 'is' : 'are'} wanted as well, and made of the certificate there is`,
    byEdit: true,
  };
};

/** Do the names of the certificate no longer serve the manifest? */
export function namesDiffer(s: Subject): boolean {
  const { current } = s.status;
  return current !== undefined && !namesServe(current.names, s.spec.names, s.facts.freeNames);
}

/** Declared, and not in the certificate there is. */
function namesAdded(s: Subject): readonly string[] {
  const have = new Set(s.status.current?.names);
  return namesDiffer(s) ? s.spec.names.filter((name) => !have.has(name)) : [];
}

/** Where a reissue itself costs. */
function reissuePrice(s: Subject, order = servingOf(s)): Pick<Draft, 'priced'> {
  const provider = order && providerOf(s, order.provider);
  return provider?.capabilities.reissue === 'paid' ? { priced: 'reissue' } : {};
}

const reissue = (s: Subject, reason: Draft['reason'], message: string): Draft =>
  reissueOfOrder(s, servingOf(s), reason, message);

/** Whatever it is for, it carries the names that are declared, and those that are new may be sold. */
function reissueOfOrder(
  s: Subject,
  order: OrderRecord | undefined,
  reason: Draft['reason'],
  message: string,
): Draft {
  const provider = order && providerOf(s, order.provider);
  const draft: Draft = {
    lane,
    action: 'reissue',
    reason,
    message,
    ...(order === undefined
      ? {}
      : { provider: order.provider, product: order.product, predecessor: stableOrderId(order) }),
    ...(order?.term === undefined ? {} : { term: order.term }),
    ...(namesAdded(s).length > 0 ? { priced: 'add-names' } : reissuePrice(s, order)),
    byEdit: false,
  };
  if (s.spec.key.kind === 'external') {
    return {
      ...draft,
      action: 'hold',
      hold: {
        code: 'key-external',
        message:
          'the key is external; reissue it where the key lives, or name an algorithm or a CSR under `key:`',
      },
    };
  }
  if (provider?.capabilities.reissue !== false) return draft;
  const why = provider.capabilities.notes.reissue ?? 'it has no call for it';
  return {
    ...draft,
    action: 'hold',
    hold: { code: 'unsupported', message: `${provider.config.id} cannot reissue: ${why}` },
  };
}

/** The free lane, in order: the list is the policy. */
export const freeChecks: readonly Check[] = [
  openFree,
  suspended,
  failing,
  activation,
  compromisedOnTheWay,
  nothingToServe,
  revoked,
  replaced,
  keyCompromised,
  keyLost,
  namesChanged,
  algorithmChanged,
  reissueText,
  reissueAsked,
  certificateEnding,
  autoRenewDiffers,
  formatsMissing,
];
