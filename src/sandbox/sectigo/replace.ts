import type { ReadCsr } from '../frame/csr.js';
import type { Arguments } from './arguments.js';
import { invalid, Refusal } from './codes.js';
import { checkCountry } from './countries.js';
import { chosenProofs, startProof } from './dcv.js';
import type { Answer } from './encode.js';
import { PRODUCTS, type Product } from './products.js';
import {
  checkedCsr,
  failEarlierTwins,
  type Naming,
  namesOf,
  newCertificate,
  uniqueValueOf,
} from './request.js';
import { type Certificate, type Dcv, type Desk, findOrder, newestOf, type Order } from './state.js';

/** `!AutoReplaceSSL`: a further certificate inside the paid term, without a charge. @throws Refusal */
export async function replace(desk: Desk, args: Arguments): Promise<Answer> {
  const { state, settings } = desk;
  const order = findOrder(state, args.orderNumber ?? '');
  if (order === undefined) throw new Refusal(settings.unknownOrderCode, 'orderNumber');
  checkCountry(args.countryName);
  const product = productOf(order);
  const before = newestOf(order);
  checkReplaceable(desk, order, before);
  const csr = await checkedCsr(desk, args.csr ?? before.csrBase64);
  const naming = namingOf(product, args, csr, before);
  const sameRequest = csr.sha256 === before.sha256;
  const uniqueValue = args.uniqueValue ?? (sameRequest ? before.uniqueValue : uniqueValueOf(desk, args, csr));
  const dcv = proofsOf(
    desk,
    args,
    naming,
    product,
    before,
    sameRequest && uniqueValue === before.uniqueValue,
  );

  let { orderNumber } = before;
  if (settings.reissueChangesOrderNumber) {
    state.lastOrder += 1;
    orderNumber = String(state.lastOrder);
  }
  const certificate = newCertificate(desk, { orderNumber, csr, naming, uniqueValue, dcv });
  order.certificates.push(certificate);
  failEarlierTwins(desk, certificate);
  if (desk.seat.fault('reject', 'AutoReplaceSSL') !== undefined) certificate.state = 'rejected';
  const shown = args.uniqueValue === undefined || settings.echoUniqueValue ? uniqueValue : null;
  const unique = shown === null ? [] : [['uniqueValue', shown] as const];
  return {
    fields: [
      ['errorCode', 0],
      ...(settings.reissueChangesOrderNumber ? [['orderNumber', orderNumber] as const] : []),
      ['certificateID', certificate.certificateId],
      ['expectedDeliveryTime', 0],
      ...unique,
    ],
    lines: [0, 0, ...unique.map(([, value]) => value)],
  };
}

const productOf = ({ product }: Order): Product => {
  const found = PRODUCTS[product];
  if (found === undefined) throw new RangeError(`an order for ${product}, which nobody sells`);
  return found;
};

/** No code is known for any of these, so the order number is what is invalid. */
function checkReplaceable({ nowMs }: Desk, order: Order, before: Certificate): void {
  if (order.state !== 'open') throw new Refusal(-20);
  if (before.state === 'revoked') throw new Refusal(-21);
  const over = order.termEndMs !== null && nowMs > order.termEndMs;
  if (over || before.state === 'pending' || order.termEndMs === null) throw invalid('orderNumber');
}

/** What is not sent is as it was. */
function namingOf(product: Product, args: Arguments, csr: ReadCsr, before: Certificate): Naming {
  const names = before.dcv.map(({ name }) => name);
  const kept: Arguments =
    product.multi && args.domainNames === undefined ? { ...args, domainNames: names.join(' ') } : args;
  if (!product.multi && args.domainNames !== undefined) throw invalid('domainNames');
  const naming = namesOf(product, kept, csr);
  // Another name on a single-name product would be another product for free.
  if (!product.multi && naming.names[0] !== names[0]) throw invalid('csr');
  return naming;
}

/** The same request with the same token keeps its proofs; anything else is proved anew. */
function proofsOf(
  desk: Desk,
  args: Arguments,
  { names }: Naming,
  product: Product,
  before: Certificate,
  same: boolean,
): Dcv[] {
  const asBefore = (name: string): Dcv | undefined => before.dcv.find((dcv) => dcv.name === name);
  const silent =
    args.dcvMethod === undefined &&
    args.dcvEmailAddress === undefined &&
    args.dcvEmailAddresses === undefined;
  const chosen =
    silent && names.every((name) => asBefore(name) !== undefined)
      ? names.flatMap((name) => asBefore(name) ?? [])
      : chosenProofs(desk, args, names, product.multi);
  return chosen.map(({ name, method, mailbox }) => {
    const fresh = startProof(desk, { name, method, mailbox });
    const old = asBefore(name);
    if (!same || old?.provedAtMs === null || old === undefined) return fresh;
    return { ...fresh, provedAtMs: desk.nowMs, reused: true };
  });
}
