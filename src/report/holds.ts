import type { HoldCode, PlanItem } from '../model/plan.js';
import { terminalText } from './escape.js';

type Remedy = (item: PlanItem) => string;

const providerOf = ({ provider }: PlanItem): string =>
  provider === undefined ? 'the provider' : terminalText(provider);

/** What a person does about a hold. Codes that are missing say it in their own message, with the ids it takes. */
const REMEDIES: Partial<Readonly<Record<HoldCode, Remedy>>> = {
  'approval-missing': () => 'merge the pull request that adds the approval, or add its file to approvals/',
  'approval-never': () => 'policy.approval says never: change it there, or act in the portal of the provider',
  'price-unknown': (item) =>
    item.provider === undefined
      ? 'add the price to the configuration'
      : `add the price under providers.${terminalText(item.provider)}.prices`,
  'price-above-ceiling': () => 'raise maxPrice in the manifest, or choose another product or provider',
  'currency-differs': () => 'state maxPrice and the spending limits in the currency of the provider',
  'limit-order': () => 'raise policy.spending.perOrder, or choose something cheaper',
  'limit-day': () => 'it follows on another day (UTC); for today raise policy.spending.perDay',
  'limit-month': () => 'it follows in another month (UTC); for this one raise policy.spending.perMonth',
  balance: (item) => `top up the account at ${providerOf(item)}, or lower its minimumBalance`,
  preflight: () =>
    'nothing was spent; the next run looks again, or leave the check out with preflight: { skip }',
  'not-served': () => 'change the product, the term, the names or the provider in the manifest',
  'provider-down': (item) =>
    `check the credentials and the address of ${providerOf(item)}, then run it again`,
  'no-provider': () => 'name a configured provider in the manifest or under defaults',
  'state-integrity': () =>
    'put the state branch and certwright/seen back, or make them anew: docs/recovery.md',
  'key-compromised': () => 'put a CSR with a new key in its place',
  'key-external': () => 'name a key in the manifest, or renew it where the key lives',
  suspended: () => 'set suspend: false in the manifest',
  'manifest-invalid': () => 'correct what certwright validate shows',
  unsafe: () => 'list the line in an approval file, or take the edit back',
};

/** One sentence without full stop, or undefined where the message of the hold says it all or only time helps. */
export const remedyOf = (item: PlanItem): string | undefined => item.hold && REMEDIES[item.hold.code]?.(item);
