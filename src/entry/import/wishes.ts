import picomatch from 'picomatch';
import { CertError } from '../../model/errors.js';
import type { DnsName } from '../../model/names.js';
import type { OrderState } from '../../model/order.js';
import { parseInstant } from '../../model/time.js';
import type { Options } from '../cli/program.js';
import { checkTemplate, DEFAULT_TEMPLATE } from './paths.js';
import type { Filters } from './select.js';

/** What the command line asks for, checked. */
export interface Wishes {
  readonly provider?: string;
  readonly template: string;
  readonly filters: Filters;
  /** Who is told of an order with these names; undefined: what the defaults say. */
  ownerOf(names: readonly DnsName[]): string | undefined;
  readonly dryRun: boolean;
}

const STATES: readonly OrderState[] = ['issued', 'pending'];

/** @throws CertError `usage` */
export function wishesOf(options: Options): Wishes {
  const template = textOf(options.out) ?? DEFAULT_TEMPLATE;
  checkTemplate(template);
  const provider = textOf(options.provider);
  const product = textOf(options.product);
  const expiresBeforeMs = dateOf(options.expiresBefore);
  const states = textsOf(options.state).map(stateOf);
  const rules = textsOf(options.ownerRule).map(ruleOf);
  const owner = textOf(options.owner);
  return {
    ...(provider === undefined ? {} : { provider }),
    template,
    filters: {
      domains: textsOf(options.domain).map((glob) => glob.toLowerCase()),
      products: product === undefined ? [] : [product],
      states: states.length === 0 ? STATES : states,
      ...(expiresBeforeMs === undefined ? {} : { expiresBeforeMs }),
    },
    ownerOf: (names) => rules.find(({ fits }) => names.some((name) => fits(name)))?.owner ?? owner,
    dryRun: options.dryRun === true,
  };
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];

function dateOf(value: unknown): number | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  const ms = parseInstant(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (ms !== undefined) return ms;
  throw new CertError('usage', `--expires-before ${JSON.stringify(text)} is no date`, {
    remedy: 'write 2027-03-31',
  });
}

function stateOf(text: string): OrderState {
  const state = STATES.find((one) => one === text.toLowerCase());
  if (state) return state;
  throw new CertError('usage', `--state ${JSON.stringify(text)} cannot be taken over`, {
    remedy: `write ${STATES.join(' or ')}: an order that has ended has nothing to take over`,
  });
}

function ruleOf(rule: string) {
  const [, glob = '', owner = ''] = /^([^=]+)=(.+)$/.exec(rule) ?? [];
  if (glob.trim() === '' || owner.trim() === '') {
    throw new CertError('usage', `--owner-rule ${JSON.stringify(rule)} is no rule`, {
      remedy: "write a glob over names and who is told: '*.shop.example.com=shop-team'",
    });
  }
  return { fits: picomatch(glob.trim().toLowerCase()), owner: owner.trim() };
}
