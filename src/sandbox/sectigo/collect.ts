import { certsOnlyPkcs7 } from '../frame/pkcs7.js';
import type { Arguments } from './arguments.js';
import { invalid, missing, Refusal } from './codes.js';
import type { Answer, Fields } from './encode.js';
import { settle } from './progress.js';
import { type Desk, findCertificate, findOrder, type Located, newestOf, type Order } from './state.js';
import { statusFlags, statusText, termFields, unixSeconds, validationText } from './status.js';

/** `CollectSSL`: where an order stands, and its certificate. Looking changes nothing that costs. @throws Refusal */
export async function collect(desk: Desk, args: Arguments, parallel: number): Promise<Answer> {
  const { state, settings } = desk;
  if (parallel > 0) {
    state.parallelCollects += 1;
    if (settings.parallelCollect === 'refuse') throw new Refusal(settings.parallelCollectCode);
  }
  checkForms(args);
  const located = locate(desk, args);
  const { order, certificate } = located;
  checkPace(desk, located);
  if (order.state !== 'open') throw new Refusal(-20);
  if (order.payment === 'required' && settings.unpaidCollectCode !== 0) {
    throw new Refusal(settings.unpaidCollectCode);
  }
  const stage = await settle(desk, located, true);
  if (stage === 'issuing') throw new Refusal(-26);
  if (certificate.state === 'pending') return statusAnswer(desk, args, located, 0);
  if (certificate.state === 'rejected') throw new Refusal(-20);
  if (certificate.state === 'revoked') throw new Refusal(-21);
  return args.queryType === '0' ? statusAnswer(desk, args, located, 1) : attached(desk, args, located);
}

/** ZIP archives and Netscape sequences are not made here, so they are refused as values. */
function checkForms({ queryType, responseType = '3', responseEncoding = '0' }: Arguments): void {
  if (responseType === '0' || responseType === '1') throw invalid('responseType');
  if (responseType === '2' && queryType !== '1') throw invalid('responseType');
  if (responseEncoding === '1' && responseType !== '2') throw invalid('responseEncoding');
}

function locate(desk: Desk, args: Arguments): Located {
  const { state, settings } = desk;
  const { orderNumber, certificateID, baseOrderNumber } = args;
  if (certificateID !== undefined) {
    const found = findCertificate(state, ({ certificateId }) => certificateId === certificateID);
    if (found === undefined) throw new Refusal(settings.unknownOrderCode, 'certificateID');
    return found;
  }
  const number = orderNumber ?? baseOrderNumber;
  if (number === undefined) throw missing('orderNumber');
  const order = findOrder(state, number);
  if (order === undefined) {
    throw new Refusal(
      settings.unknownOrderCode,
      orderNumber === undefined ? 'baseOrderNumber' : 'orderNumber',
    );
  }
  return { order, certificate: shownOf(desk, order) };
}

/** By order number the newest certificate is meant; what that is while a reissue waits is a setting. */
function shownOf({ settings }: Desk, order: Order) {
  const newest = newestOf(order);
  if (settings.pendingReissue === 'pending' || newest.state !== 'pending') return newest;
  return order.certificates.findLast(({ state }) => state === 'issued') ?? newest;
}

function checkPace({ settings, nowMs }: Desk, { certificate }: Located): void {
  const { collectedAtMs } = certificate;
  const early = collectedAtMs !== null && nowMs - collectedAtMs < settings.collectSeconds * 1000;
  if (early) throw new Refusal(-42);
  certificate.collectedAtMs = nowMs;
}

function statusFields(desk: Desk, args: Arguments, { order, certificate }: Located): Fields {
  const { issued } = certificate;
  const text = certificate.state === 'issued' || desk.settings.statusTexts;
  return [
    ...(args.showFQDN === 'Y'
      ? [['fqdn', certificate.commonName ?? certificate.dcv[0]?.name ?? ''] as const]
      : []),
    ...(args.showValidityPeriod === 'Y' && issued !== null
      ? [
          ['notBefore', unixSeconds(issued.notBeforeMs)] as const,
          ['notAfter', unixSeconds(issued.notAfterMs)] as const,
          ...termFields(desk, order, certificate),
        ]
      : []),
    ...(args.showExtStatus === 'Y' && text ? [['certificateStatus', statusText(certificate)] as const] : []),
    ...(args.showExtStatus === 'Y' && desk.settings.statusTexts
      ? [['validationStatus', validationText(order, certificate)] as const]
      : []),
    ...(args.showStatusDetails === 'Y' ? statusFlags(desk, order, certificate) : []),
  ];
}

const statusAnswer = (desk: Desk, args: Arguments, located: Located, code: 0 | 1): Answer => ({
  fields: [['errorCode', code], ...statusFields(desk, args, located)],
});

async function attached(desk: Desk, args: Arguments, located: Located): Promise<Answer> {
  const { order, certificate } = located;
  const leaf = certificate.issued?.pem ?? '';
  const cas = desk.seat.ca.chain(order.payment === 'test' ? 'untrusted' : 'public');
  const status = statusFields(desk, args, located);
  if (args.responseType === '2') {
    const der = await certsOnlyPkcs7([...cas, leaf]);
    if (args.responseEncoding === '1') {
      return { fields: [], raw: { type: 'application/octet-stream', body: der } };
    }
    const base64 = der.toString('base64');
    const pem = `-----BEGIN PKCS7-----\n${base64.replaceAll(/.{64}(?=.)/g, '$&\n')}\n-----END PKCS7-----`;
    return {
      fields: [['errorCode', 2], ...status, ['pkcs7', base64]],
      lines: [2, pem, ...status.map(([, value]) => value)],
    };
  }
  const withLeaf = args.queryType !== '3' ? [leaf] : [];
  const withCas = args.queryType !== '2' ? cas : [];
  const encode = (pem: string): string => encoded(pem, desk.settings.certificateEncoding);
  const ordered = desk.settings.caOrder === 'root-first' ? withCas : withCas.toReversed();
  return {
    fields: [
      ['errorCode', 2],
      ...status,
      ...withLeaf.map((pem) => ['certificate', encode(pem)] as const),
      ...ordered.map((pem) => ['caCertificate', encode(pem)] as const),
    ],
    // Roots first, the certificate itself last.
    lines: [2, ...[...withCas, ...withLeaf].map((pem) => pem.trimEnd()), ...status.map(([, value]) => value)],
  };
}

function encoded(pem: string, encoding: 'bare' | 'pem' | 'pem-base64'): string {
  if (encoding === 'pem') return pem;
  if (encoding === 'pem-base64') return Buffer.from(pem).toString('base64');
  return pem.replaceAll(/-----[^-]+-----|\s/g, '');
}
