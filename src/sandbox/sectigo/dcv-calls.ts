import { parseName } from '../../model/names.js';
import { type Arguments, list } from './arguments.js';
import { invalid, missing, Refusal } from './codes.js';
import {
  checkedMailbox,
  checkedMethod,
  lookForProofs,
  mailboxesOf,
  withoutWildcard,
  zonesOf,
} from './dcv.js';
import type { Answer } from './encode.js';
import { PRODUCTS } from './products.js';
import {
  type Certificate,
  type Dcv,
  type Desk,
  findOrder,
  type Method,
  newestOf,
  type Order,
} from './state.js';

const DONE: Answer = { fields: [['errorCode', 0]] };

/** Descriptions, not the keywords of a request. */
const DESCRIPTIONS: Readonly<Record<Method, string>> = {
  EMAIL: 'EMAIL',
  HTTP_CSR_HASH: 'HTTP CSR Hash',
  HTTPS_CSR_HASH: 'HTTPS CSR Hash',
  CNAME_CSR_HASH: 'CNAME CSR Hash',
};
const METHODS = Object.keys(DESCRIPTIONS) as readonly Method[];

/** `!GetDCVEmailAddressList`: fetching it is what makes a mailbox acceptable, for a day. @throws Refusal */
export function emailList({ state, nowMs }: Desk, { domainName = '' }: Arguments): Answer {
  const parsed = parseName(domainName);
  if (!parsed.ok) throw invalid('domainName');
  const name = withoutWildcard(parsed.name);
  state.lists[name] = nowMs;
  const levels = zonesOf(name)
    .toReversed()
    .flatMap((zone) => {
      const level = zone.split('.').length;
      return level > 5
        ? []
        : mailboxesOf(zone)
            .slice(0, 5)
            .map((mailbox) => `level${level}_email\t${mailbox}`);
    });
  const lines = ['0', `domain_name\t${parsed.name}`, 'whois_email\tnone', ...levels];
  return { fields: [], raw: { type: 'text/plain', body: lines.map((line) => `${line}\n`).join('') } };
}

/** `!GetMDCDomainDetails`: exactly three keys for each name. @throws Refusal */
export async function domainDetails(desk: Desk, args: Arguments): Promise<Answer> {
  const { order, certificate } = pendingOr(desk, args);
  if (certificate.state === 'pending' && order.state === 'open' && order.payment !== 'required') {
    await lookForProofs(desk, { order, certificate });
  }
  return {
    fields: [
      ['errorCode', 0],
      ...certificate.dcv.flatMap((dcv, i) => [
        [`${i + 1}_domainName`, dcv.name] as const,
        [`${i + 1}_dcvMethod`, description(dcv)] as const,
        [`${i + 1}_dcvStatus`, dcv.provedAtMs === null ? 'Not Validated' : 'Validated'] as const,
      ]),
    ],
  };
}

const description = ({ method, reused }: Dcv): string =>
  reused ? `Pre-Validated (${DESCRIPTIONS[method]})` : DESCRIPTIONS[method];

/** `!AutoUpdateDCV`: another method, or the same one again; either way a new look. @throws Refusal */
export async function updateDcv(desk: Desk, args: Arguments): Promise<Answer> {
  const { order, certificate } = waiting(desk, args);
  const multi = PRODUCTS[order.product]?.multi === true;
  const changes =
    args.domainNames === undefined
      ? [oneChange(args, certificate, multi)]
      : severalChanges(args, certificate);
  const checked = changes.map(({ dcv, method, mailbox, methodArgument, mailboxArgument }) => {
    if (method !== 'EMAIL') {
      return { dcv, method: checkedMethod(dcv.name, method, methodArgument), mailbox: null };
    }
    if (mailbox === undefined) throw missing(mailboxArgument);
    return { dcv, method, mailbox: checkedMailbox(desk, dcv.name, mailbox, mailboxArgument) };
  });
  for (const { dcv, method, mailbox } of checked) {
    if (dcv.provedAtMs === null) Object.assign(dcv, { method, mailbox, lastLook: null });
  }
  await lookForProofs(desk, { order, certificate });
  return DONE;
}

interface Change {
  readonly dcv: Dcv;
  readonly method: Method;
  readonly mailbox: string | undefined;
  readonly methodArgument: string;
  readonly mailboxArgument: string;
}

function oneChange(args: Arguments, { dcv }: Certificate, multi: boolean): Change {
  if (args.newMethod === undefined) throw missing('newMethod');
  if (multi && args.domainName === undefined) throw missing('domainName');
  const item =
    args.domainName === undefined ? dcv[0] : dcv.find(({ name }) => name === args.domainName?.toLowerCase());
  if (item === undefined) throw invalid('domainName');
  return {
    dcv: item,
    method: args.newMethod as Method,
    mailbox: args.newDCVEmailAddress,
    methodArgument: 'newMethod',
    mailboxArgument: 'newDCVEmailAddress',
  };
}

/** Parallel lists: as many methods as names, and as many mailboxes where one is needed. */
function severalChanges(args: Arguments, { dcv }: Certificate): readonly Change[] {
  const names = list(args.domainNames);
  if (args.newMethods === undefined) throw missing('newMethods');
  const methods = list(args.newMethods);
  const mailboxes = list(args.newDCVEmailAddresses);
  if (methods.length !== names.length) throw invalid('newMethods');
  if (mailboxes.length !== 0 && mailboxes.length !== names.length) throw invalid('newDCVEmailAddresses');
  return names.map((name, i) => {
    const item = dcv.find((each) => each.name === name.toLowerCase());
    const method = METHODS.find((known) => known === methods[i]);
    if (item === undefined) throw invalid('domainNames');
    if (method === undefined) throw invalid('newMethods');
    return {
      dcv: item,
      method,
      mailbox: mailboxes[i],
      methodArgument: 'newMethods',
      mailboxArgument: 'newDCVEmailAddresses',
    };
  });
}

/** `!ResendDCVEmail`: writes again, to another mailbox if one is named. @throws Refusal */
export function resendEmail(desk: Desk, args: Arguments): Answer {
  const { certificate } = waiting(desk, args);
  const open = certificate.dcv.filter(({ method, provedAtMs }) => method === 'EMAIL' && provedAtMs === null);
  if (open.length === 0) throw invalid(numberArgument(args));
  const { dcvEmailAddress } = args;
  if (dcvEmailAddress !== undefined) {
    const checked = open.map(({ name }) => checkedMailbox(desk, name, dcvEmailAddress, 'dcvEmailAddress'));
    for (const dcv of open) dcv.mailbox = checked[0] ?? dcv.mailbox;
  }
  return DONE;
}

/** `!AutoRemoveMDCDomain`: gives up a name that is not proved. @throws Refusal */
export function removeDomain(desk: Desk, args: Arguments): Answer {
  const { order, certificate } = waiting(desk, args);
  if (!PRODUCTS[order.product]?.multi) throw invalid('orderNumber');
  const item = certificate.dcv.find(({ name }) => name === args.domainName?.toLowerCase());
  if (item === undefined || item.provedAtMs !== null || certificate.dcv.length === 1)
    throw invalid('domainName');
  certificate.dcv = certificate.dcv.filter((dcv) => dcv !== item);
  if (certificate.commonName === item.name) certificate.commonName = null;
  return DONE;
}

const numberArgument = ({ orderNumber }: Arguments): string =>
  orderNumber === undefined ? 'baseOrderNumber' : 'orderNumber';

function pendingOr({ state, settings }: Desk, args: Arguments): { order: Order; certificate: Certificate } {
  const number = args.orderNumber ?? args.baseOrderNumber;
  if (number === undefined) throw missing('orderNumber');
  const order = findOrder(state, number);
  if (order === undefined) throw new Refusal(settings.unknownOrderCode, numberArgument(args));
  return { order, certificate: newestOf(order) };
}

/** Nothing can be proved for what is issued or given up; the code for that is not known. */
function waiting(desk: Desk, args: Arguments): { order: Order; certificate: Certificate } {
  const found = pendingOr(desk, args);
  if (found.order.state !== 'open' || found.certificate.state !== 'pending')
    throw invalid(numberArgument(args));
  return found;
}
