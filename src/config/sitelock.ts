import type { JsonObject } from '../model/json.js';
import type { SitelockCustomer, SitelockSpec } from '../model/manifest.js';
import { parseMoney } from '../model/money.js';
import { parseName } from '../model/names.js';
import { parseDuration, parseTerm } from '../model/term.js';
import { adoptOf } from './certificate.js';
import { specDigest } from './digest.js';
import type { Report } from './findings.js';
import { at, flagAt, isObject, objectAt, optional, textAt, textsAt } from './json.js';
import type { Resolved } from './layers.js';
import { parseSecretSource, type VariableScope, variableProblem } from './variables.js';

const ONE_OFF = 'sitelock-911';
const CUSTOMER_TEXTS = [
  'firstName',
  'lastName',
  'organization',
  'street',
  'state',
  'postalCode',
  'country',
  'login',
] as const;

/** What a resolved `kind: sitelock` manifest means; undefined where it names no valid domain. */
export function toSitelock(
  resolved: Resolved,
  name: string,
  scope: VariableScope,
  report: Report,
): SitelockSpec | undefined {
  const { values, document } = resolved;
  const raw = textAt(values, 'domain') ?? '';
  const domain = parseName(raw);
  if (!domain.ok) {
    const suggestion = 'Write a full name such as shop.example.com.';
    report(['domain'], { code: 'names.invalid', message: `"${raw}" ${domain.why}.`, suggestion });
  } else if (domain.name.startsWith('*.')) {
    const suggestion = 'Write the name of one site.';
    report(['domain'], { code: 'sitelock.wildcard', message: 'A site cannot be a wildcard.', suggestion });
  }
  checkTerm(resolved, report);
  checkPassword(objectAt(values, 'customer'), scope, report);
  if (!['customer', 'customerOf', 'previousOrder'].some((key) => at(values, key) !== undefined)) {
    report([], {
      code: 'sitelock.customer',
      message: 'It is not said whose site this is.',
      suggestion: 'Add customer: with an email, customerOf: another manifest, or previousOrder: an order id.',
    });
  }
  checkCustomer(resolved, report);
  if (!domain.ok) return undefined;
  const product = textAt(values, 'product') ?? '';
  const customer = at(values, 'customer');
  const spec: Omit<SitelockSpec, 'digest'> = {
    kind: 'sitelock',
    name,
    position: document.position,
    domain: domain.name,
    providers: resolved.providers,
    product,
    addOns: textsAt(values, 'addOns').toSorted(),
    ...optional('term', product === ONE_OFF ? undefined : parseTerm(textAt(values, 'term') ?? '')),
    autoRenew: flagAt(values, 'autoRenew') ?? false,
    ...optional('renewBeforeMs', parseDuration(textAt(values, 'renewBefore') ?? '')),
    renewedBy: textAt(values, 'renewedBy') === 'provider' ? 'provider' : 'certwright',
    ...optional('maxPrice', parseMoney(textAt(values, 'maxPrice') ?? '')),
    ...optional('owner', textAt(values, 'owner')),
    ...optional('customer', isObject(customer) ? toCustomer(customer) : undefined),
    ...optional('customerOf', textAt(values, 'customerOf')),
    ...optional('previousOrder', textAt(values, 'previousOrder')),
    ...optional('adopt', adoptOf(objectAt(values, 'adopt'))),
    suspend: flagAt(values, 'suspend') ?? false,
  };
  return { ...spec, digest: specDigest(spec) };
}

/** Sold for 30 days or a year, the one-off clean-up without any term; a default is not meant for the latter. */
function checkTerm({ document, values }: Resolved, report: Report): void {
  const term = textAt(values, 'term');
  if (textAt(values, 'product') === ONE_OFF) {
    if (at(document.value, 'term') === undefined) return;
    const message = `${ONE_OFF} is sold once and has no term.`;
    report(['term'], { code: 'sitelock.term', message, suggestion: 'Remove term:.' }, 'key');
  } else if (term === undefined || !['30d', '1y'].includes(term)) {
    const complaint = {
      code: 'sitelock.term',
      message: term === undefined ? 'The term is missing.' : `SiteLock is not sold for ${term}.`,
      suggestion: 'Write term: 30d or term: 1y.',
    };
    // A default made for certificates is not wrong where it stands.
    report(at(document.value, 'term') === undefined ? [] : ['term'], complaint);
  }
}

/** The customer of an earlier order is there already: the e-mail alone says who it is, and every order wants that. */
function checkCustomer({ values }: Resolved, report: Report): void {
  if (at(values, 'previousOrder') === undefined) return;
  const customer = objectAt(values, 'customer');
  if (textAt(customer, 'email') === undefined && at(values, 'customer') === undefined) {
    report(['previousOrder'], {
      code: 'sitelock.customer-email',
      message: 'It is not said under which e-mail this customer is known.',
      suggestion: 'Add customer: with the email: of that order.',
    });
  }
  for (const key of Object.keys(customer)) {
    if (key === 'email') continue;
    const message = `The customer of an earlier order is there already, and "${key}" would change nothing.`;
    const suggestion = 'Leave only email: below customer:, or remove previousOrder: for a new customer.';
    report(['customer', key], { code: 'sitelock.customer-known', message, suggestion }, 'key');
  }
}

function checkPassword(customer: JsonObject, { allowed }: VariableScope, report: Report): void {
  const text = textAt(customer, 'password');
  if (text === undefined) return;
  const path = ['customer', 'password'];
  const source = parseSecretSource(text);
  if (source?.kind === 'variable') {
    // Only whoever orders needs the value: a reviewer's plan must work without it.
    const complaint = variableProblem(source.name, { allowed, values: { [source.name]: '' } });
    if (complaint !== undefined && complaint.code !== 'variable.secret') report(path, complaint);
    return;
  }
  const complaint = {
    code: source === undefined ? 'credential.literal' : 'variable.file',
    message:
      source === undefined
        ? '"password" must name a variable, not hold the secret.'
        : 'A manifest cannot read files.',
    suggestion: `Write "\${NAME}" with a name that manifestVariables: in certwright.yaml lists.`,
  };
  report(path, complaint);
}

function toCustomer(customer: JsonObject): SitelockCustomer {
  const password = parseSecretSource(textAt(customer, 'password') ?? '');
  const texts = CUSTOMER_TEXTS.map((key) => optional(key, textAt(customer, key)));
  return {
    email: textAt(customer, 'email') ?? '',
    ...Object.assign({}, ...texts),
    ...optional('passwordVariable', password?.kind === 'variable' ? password.name : undefined),
  };
}
