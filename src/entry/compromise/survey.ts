import type { PlanItem } from '../../model/plan.js';
import type { CompromisedKey } from '../../model/status.js';
import { hasTermLeft } from '../../planner/facts.js';
import type { PlanInput } from '../../planner/input.js';
import { compromiseOf } from '../../policy/compromised.js';
import type { CompromisedCertificate, CompromiseSurvey, Outlook } from '../../report/compromise-text.js';
import { remedyOf } from '../../report/holds.js';
import type { Situation } from '../situation.js';
import { planWithoutPrices } from '../unpriced-plan.js';
import { type ExposedCertificate, exposureOf } from './find.js';

/** The state as it will be once these keys are blocked. */
export const withBlocked = (input: PlanInput, keys: readonly CompromisedKey[]): PlanInput => {
  const { header } = input.state;
  if (!header) return input;
  const compromisedKeys = [...(header.compromisedKeys ?? []), ...keys];
  return { ...input, state: { ...input.state, header: { ...header, compromisedKeys } } };
};

/**
 * What follows from keys that are known to somebody else: what a plan made with them blocked does for each certificate.
 * @param now  certificates are revoked before another one is there
 */
export function compromiseSurvey(
  situation: Situation,
  input: PlanInput,
  keys: readonly CompromisedKey[],
  now: boolean,
): CompromiseSurvey {
  const { header } = input.state;
  const exposure = exposureOf(situation, new Set(keys.map(({ keyHash }) => keyHash)));
  const { items } = planWithoutPrices(withBlocked(input, keys));
  return {
    keys: keys.map(({ keyHash }) => {
      const known = compromiseOf(header, keyHash);
      return { keyHash, ...(known === undefined ? {} : { since: known.at }) };
    }),
    certificates: exposure.certificates.map((one) => certificateOf(one, input, items, now)),
    orders: exposure.orders,
    csrs: exposure.csrs,
  };
}

function certificateOf(
  one: ExposedCertificate,
  input: PlanInput,
  items: readonly PlanItem[],
  now: boolean,
): CompromisedCertificate {
  const { name, keyHash, certificate, order, isCurrent, owner } = one;
  const reissue = isCurrent ? reissueOutlook(one, input, items) : undefined;
  return {
    name,
    ...(owner === undefined ? {} : { owner }),
    serial: certificate.serial,
    keyHash,
    notAfter: certificate.notAfter,
    provider: order?.provider ?? 'an unknown provider',
    order: certificate.order,
    isCurrent,
    ...(reissue === undefined ? {} : { reissue }),
    revoke: revokeOutlook(one, input, now),
  };
}

const person = (text: string): Outlook => ({ how: 'person', text });

function reissueOutlook(
  { name, order, isDeclared }: ExposedCertificate,
  input: PlanInput,
  items: readonly PlanItem[],
): Outlook {
  if (!isDeclared) return person('not reissued: no manifest declares it any more');
  const item = items.find(
    (one) => one.name === name && one.lane === 'free' && one.reason === 'KeyCompromised',
  );
  if (!item) {
    const buying = items.find((one) => one.name === name && one.lane === 'purchase' && !one.hold);
    if (buying) return { how: 'apply', text: `replaced by what is under way: ${buying.message}` };
    if (order && !hasTermLeft(order, input.nowMs)) {
      return person('not reissued: its paid term has ended; set autoRenew: true to have it renewed');
    }
    const spec = input.desired.specs.find((one) => one.name === name);
    if (spec?.suspend) return person('not reissued: the manifest says suspend: true');
    return person('not reissued now: `certwright plan` tells what else is under way');
  }
  if (!item.hold)
    return { how: 'apply', text: `reissued with a new key by the next apply, at ${item.provider}` };
  const remedy = remedyOf(item);
  const waits = item.hold.code === 'approval-missing' ? 'reissued' : 'not reissued';
  return person(`${waits}: ${item.hold.message}${remedy === undefined ? '' : `; ${remedy}`}`);
}

function revokeOutlook(
  { certificate: { serial }, order, isDeclared, isCurrent }: ExposedCertificate,
  input: PlanInput,
  now: boolean,
): Outlook {
  const provider = order && input.providers.get(order.provider);
  const id = order?.provider ?? 'the provider';
  const ask = `have ${id} revoke serial ${serial} for keyCompromise`;
  if (!isDeclared)
    return person(`no manifest declares it, so certwright does not revoke it: ${ask}, in its portal`);
  if (!provider?.capabilities.revoke) {
    const why = provider?.capabilities.notes.revoke ?? 'it has no call for it';
    return person(
      `${id} cannot be told to revoke (${why.replace(/\.$/, '')}): ${ask}, in its portal or by its support`,
    );
  }
  if (provider.capabilities.revokesCurrentOnly && !(isCurrent && now)) {
    return person(`the call of ${id} names no certificate: ${ask}, by its support, once another one serves`);
  }
  const superseded = provider.capabilities.revokesSuperseded === true;
  if (isCurrent && (!now || superseded)) {
    return { how: 'later', text: 'revoked (keyCompromise) after the new one is published' };
  }
  return { how: 'apply', text: 'revoked (keyCompromise) by the next apply' };
}
