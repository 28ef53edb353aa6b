import { orderChain, parseCertificate, splitPem } from '../../keys/certificate.js';
import { inspectCsr } from '../../keys/csr.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import type { CollectedCertificate, OrderSnapshot } from '../../model/order.js';
import type { Recorded } from '../../ports/provider.js';
import type { Addressed, StoreClient } from './client.js';
import { parseError } from './errors.js';
import { isReissuing, snapshotOf } from './map.js';
import { idOf, listOf, type StoreReply, textOf } from './wire.js';

/** Ids are larger, and references of ours have another form: nothing is ever under these. */
const NEVER_SOLD = '1';
export const NEVER_USED = 'cw000000-never-used';

/**
 * The order under an id or a reference; undefined where there is none. How that is answered is not documented: as nothing
 * counts what is answered for something that surely does not exist, in the same words.
 * @throws CertError `provider.refused` for any other refusal
 */
export async function findOrder(client: StoreClient, address: Addressed): Promise<JsonObject | undefined> {
  const reply = await client.status(address);
  if (isOrder(reply)) return checked(reply.data, address);
  const nothing = await client.status(
    'CustomOrderID' in address ? { CustomOrderID: NEVER_USED } : { TheSSLStoreOrderID: NEVER_SOLD },
  );
  if (!isOrder(nothing) && likeness(reply) === likeness(nothing)) return undefined;
  const text = reply.verdict?.message ?? '';
  throw new CertError(
    'provider.refused',
    `The SSL Store does not show ${addressText(address)}: "${text.slice(0, 300)}"`,
    {
      ...(text === '' ? {} : { providerText: text }),
    },
  );
}

const addressText = (address: Addressed): string =>
  'CustomOrderID' in address ? `reference ${address.CustomOrderID}` : `order ${address.TheSSLStoreOrderID}`;

const isOrder = ({ data, verdict }: StoreReply): boolean =>
  verdict?.isError !== true && idOf(data, 'TheSSLStoreOrderID') !== undefined;

/** What two answers have in common when they mean the same: code and words without numbers and references. */
function likeness({ verdict }: StoreReply): string {
  const { code, text } = parseError(verdict?.message ?? '');
  return JSON.stringify([
    verdict?.isError ?? null,
    code ?? null,
    text.replaceAll(/\bcw[a-z0-9-]+|\d+/gi, '#'),
  ]);
}

/** @throws CertError `wire.unexpected` where another order came than was asked for */
function checked(order: JsonObject, address: Addressed): JsonObject {
  const [key, wanted] = Object.entries(address)[0] ?? [];
  const told = key === undefined ? undefined : textOf(order, key);
  if (told === undefined || told === wanted) return order;
  throw new CertError('wire.unexpected', `The SSL Store told ${key} ${told} when asked for ${wanted}`);
}

/** @throws CertError `order.not-found` */
export async function orderWith(client: StoreClient, orderId: string): Promise<JsonObject> {
  const order = await findOrder(client, { TheSSLStoreOrderID: orderId });
  if (order) return order;
  throw new CertError('order.not-found', `the account has no order ${orderId}`);
}

export const lookAtOrder = async (
  client: StoreClient,
  orderId: string,
  recorded?: Recorded,
): Promise<OrderSnapshot> => snapshotOf(await orderWith(client, orderId), recorded?.request);

/** Certificates among the files of an order, whatever their names: other formats and scripts stand beside them. */
const pemsIn = (download: JsonObject): readonly string[] =>
  listOf(download, 'Certificates').flatMap((file) => splitPem(textOf(file, 'FileContent') ?? ''));

/** Key hash of what a recorded request asks for. */
async function wantedKey(recorded: Recorded | undefined): Promise<string | undefined> {
  const { csrPem } = recorded?.request ?? {};
  if (csrPem === undefined) return undefined;
  const csr = await inspectCsr(csrPem);
  return 'keyHash' in csr ? csr.keyHash : undefined;
}

/**
 * The certificate of an order; undefined while there is none. Of several the one for the key that was asked for, else the
 * one whose serial the order tells, else the only one that issued no other.
 * @throws CertError `order.not-found`, `wire.unexpected`
 */
export async function collectOrder(
  client: StoreClient,
  orderId: string,
  recorded?: Recorded,
): Promise<CollectedCertificate | undefined> {
  const order = await orderWith(client, orderId);
  const snapshot = snapshotOf(order);
  if (snapshot.state === 'pending' || (recorded?.request.action === 'reissue' && isReissuing(order)))
    return undefined;
  const reply = await client.download(orderId);
  if (reply.verdict?.isError) return undefined;
  const pems = [...new Set(pemsIn(reply.data))];
  if (pems.length === 0) return undefined;
  // What is none, such as a bundle in the same armour, is passed over.
  const parsed = pems.flatMap((pem) => {
    const certificate = readable(pem);
    return certificate === undefined ? [] : [{ ...certificate, pem }];
  });
  const key = await wantedKey(recorded);
  const leaf =
    parsed.find(({ keyHash }) => keyHash === key) ??
    parsed.find(({ serial }) => snapshot.serial !== undefined && sameSerial(serial, snapshot.serial)) ??
    onlyEnd(parsed);
  if (!leaf) {
    throw new CertError(
      'wire.unexpected',
      `the files of order ${orderId} hold no certificate that stands out as its own`,
    );
  }
  const others = parsed.map(({ pem }) => pem).filter((pem) => pem !== leaf.pem);
  return { certificatePem: leaf.pem, chainPem: orderChain(leaf.pem, others) };
}

function readable(pem: string) {
  try {
    return parseCertificate(pem);
  } catch {
    return undefined;
  }
}

/** Numbers compare without what one side pads them with. */
const sameSerial = (a: string, b: string): boolean => {
  const plain = (text: string): string => text.toLowerCase().replace(/^0+/, '');
  return plain(a) === plain(b);
};

function onlyEnd<T extends { readonly names: readonly string[] }>(parsed: readonly T[]): T | undefined {
  const ends = parsed.filter(({ names }) => names.length > 0);
  return ends.length === 1 ? ends[0] : undefined;
}

/** E-mail of the admin contact, which a reissue has to repeat. */
export const adminEmail = (order: JsonObject): string | undefined => {
  const contact = order.AdminContact;
  return typeof contact === 'object' && contact !== null && !Array.isArray(contact)
    ? textOf(contact as JsonObject, 'Email')
    : undefined;
};

/** What tells one certificate of an order from the next: a reissue keeps the order and has a new one of these. */
export const partnerOrderOf = (order: JsonObject): string => textOf(order, 'PartnerOrderID') ?? '';
