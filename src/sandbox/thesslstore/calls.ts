import type { Json, JsonObject } from '../../model/json.js';
import { cultureOf, orderIn, orderJson, queryOrders } from './orders.js';
import { placeOrder, reissueOrder } from './place.js';
import { PRODUCTS } from './products.js';
import { settle } from './progress.js';
import { coded, dates, envelope, Refusal, type Shape } from './reply.js';
import { flagIn, mailboxesOf, objectIn, proofOf, textIn } from './request.js';
import { DAY_MS, type Desk, type Method, newestOf, type Order, servingOf } from './state.js';

/** One call. Its data come without the envelope, which the shape puts in its place. */
export interface Endpoint {
  readonly path: string;
  readonly shape: Shape;
  /** Credentials stand in the root. */
  readonly flatLogin?: true;
  /** Wrong credentials get an empty list. */
  readonly takesAnyLogin?: true;
  run(desk: Desk, body: JsonObject, replayToken: Json): Json | Promise<Json>;
}

/** An order object, or the empty one of a seller that says nothing of an order that does not exist. */
async function aboutOrder(
  desk: Desk,
  body: JsonObject,
  act: (order: Order) => void | Promise<void> = () => undefined,
): Promise<JsonObject> {
  const order = orderIn(desk, body);
  if (order === 'empty') return { TheSSLStoreOrderID: '', CustomOrderID: '', OrderStatus: null };
  await settle(desk, order);
  await act(order);
  await settle(desk, order);
  return orderJson(desk, order, cultureOf(body));
}

async function onlyOrder(desk: Desk, body: JsonObject, act: (order: Order) => void): Promise<JsonObject> {
  await aboutOrder(desk, body, act);
  return {};
}

function download(desk: Desk, order: Order, culture: string): JsonObject {
  const serving = servingOf(order);
  if (serving === undefined && desk.settings.notIssued === 'error') {
    throw new Refusal('The certificate is not issued yet.');
  }
  const files =
    serving?.issued && !desk.settings.emptyDownload
      ? [
          { FileName: `${serving.commonName.replaceAll('.', '_')}.crt`, FileContent: serving.issued.pem },
          ...desk.seat.ca
            .chain('public')
            .toReversed()
            .map((pem, i) => ({ FileName: `CA${i + 1}.crt`, FileContent: pem })),
          { FileName: 'PKCS7.p7b', FileContent: '-----BEGIN PKCS7-----\nMIIB\n-----END PKCS7-----\n' },
          { FileName: 'IconScript.txt', FileContent: 'not a certificate' },
        ]
      : [];
  return {
    TheSSLStoreOrderID: order.id,
    PartnerOrderID: newestOf(order).partnerOrderId,
    VendorOrderID: order.vendorOrderId,
    CertificateStatus: serving === undefined ? 'Pending' : 'Active',
    ValidationStatus: '',
    ...dates(desk, 'CertificateStartDate', serving?.issued?.notBeforeMs ?? null, culture),
    ...dates(desk, 'CertificateEndDate', serving?.issued?.notAfterMs ?? null, culture),
    Certificates: files,
  };
}

function askRefund({ nowMs, settings, seat }: Desk, order: Order): void {
  if (order.activatedAtMs !== null && nowMs - order.activatedAtMs > settings.refundDays * DAY_MS) {
    throw coded(-9032, 'Certificate cannot cancel after 30 days of activation.');
  }
  order.refund ??= { id: `RF-${seat.token(6).toUpperCase()}`, state: 'asked' };
  if (settings.approveRefunds) order.refund.state = 'approved';
}

const METHODS: Readonly<Record<string, Method>> = {
  HTTP_CSR_HASH: 'HTTP_CSR_HASH',
  HTTPS_CSR_HASH: 'HTTPS_CSR_HASH',
  CNAME_CSR_HASH: 'CNAME_CSR_HASH',
  FILE: 'HTTP_CSR_HASH',
  CNAME: 'CNAME_CSR_HASH',
  DNS: 'CNAME_CSR_HASH',
  EMAIL: 'EMAIL',
};

/** An unknown word is taken in silence and changes nothing; upper case alone is known. */
function changeMethod(desk: Desk, body: JsonObject, order: Order): void {
  const method = METHODS[textIn(body, 'ApproverMethod') ?? ''];
  const product = PRODUCTS[order.product];
  if (method === undefined || product === undefined) return;
  const certificate = newestOf(order);
  const wanted = (textIn(body, 'DomainNames') ?? '').split(',').map((name) => name.trim().toLowerCase());
  const mailbox = textIn(body, 'ResendEmail') ?? textIn(body, 'ApproverEmail');
  certificate.proofs = certificate.proofs.map((proof) => {
    if (!wanted.includes(proof.name) || proof.provedAtMs !== null) return proof;
    if (method === 'EMAIL' && !mailboxesOf(proof.name).includes((mailbox ?? '').toLowerCase())) {
      throw new Refusal(`${mailbox ?? 'nobody'} is no approver of ${proof.name}.`);
    }
    const csr = { md5: desk.seat.token(32), sha256: desk.seat.token(64) };
    return proofOf(
      desk,
      product,
      csr,
      desk.seat.token(12),
      proof.name,
      method,
      method === 'EMAIL' ? (mailbox ?? null) : null,
    );
  });
}

function productRows({ settings }: Desk, body: JsonObject): readonly JsonObject[] {
  const wanted = textIn(body, 'ProductCode');
  const newCodes = !settings.newCodesOnRequest || flagIn(body, 'IsForceNewSKUs');
  return Object.entries(settings.prices).flatMap(([code, rows]) => {
    const product = PRODUCTS[code];
    if (product === undefined || (wanted !== undefined && wanted !== code)) return [];
    if (code.startsWith('digi_') && !newCodes) return [];
    return [
      {
        ProductCode: code,
        ProductName: product.title,
        VendorName: product.vendor,
        isDVProduct: product.level === 'DV',
        isOVProduct: product.level === 'OV',
        isEVProduct: product.level === 'EV',
        isWlidcard: product.wildcard,
        IsSanEnable: product.included !== undefined,
        MinSan: product.included ?? 0,
        MaxSan: product.included === undefined ? 0 : 250,
        isFlexProduct: code.endsWith('_flex'),
        CanbeReissued: true,
        CurrencyCode: settings.currency,
        PricingInfo: rows.map(({ months, price, perName }) => ({
          NumberOfMonths: months,
          NumberOfServer: 1,
          Price: Number(price),
          SRP: Number(price) * 5,
          PricePerAdditionalSAN: Number(perName),
          PricePerAdditionalServer: 0,
        })),
      },
    ];
  });
}

const rowsWith = (desk: Desk, rows: readonly JsonObject[], replayToken: Json): Json =>
  rows.map((row) => ({ ...row, AuthResponse: envelope(desk, replayToken) }));

export const ENDPOINTS = {
  Validate: { path: '/health/validate', shape: 'flat', flatLogin: true, run: () => ({}) },
  AccountDetail: {
    path: '/user/accountdetail',
    shape: 'nested',
    flatLogin: true,
    run: (desk) => ({
      PartnerCode: desk.seat.login.partnerCode ?? '',
      CompanyName: 'Rehearsal',
      AccountType: 'Reseller',
      AccountBalance: desk.settings.balanceAs === 'number' ? Number(desk.state.balance) : desk.state.balance,
      AllowCredit: desk.settings.allowCredit,
    }),
  },
  ProductQuery: {
    path: '/product/query',
    shape: 'array',
    run: (desk, body, replayToken) => rowsWith(desk, productRows(desk, body), replayToken),
  },
  ApproverList: {
    path: '/order/approverlist',
    shape: 'nested',
    run: (_desk, body) => {
      const name = (textIn(body, 'DomainName') ?? '').toLowerCase();
      // Addresses of authorities and things that are no addresses stand among them.
      return {
        ApproverEmailList: [...mailboxesOf(name), 'support_preprod@geotrust.com', 'none'],
        baseDomainName: name,
      };
    },
  },
  NewOrder: {
    path: '/order/neworder',
    shape: 'nested',
    run: async (desk, body) => {
      const order = await placeOrder(desk, body);
      await settle(desk, order);
      return orderJson(desk, order, cultureOf(body));
    },
  },
  OrderStatus: { path: '/order/status', shape: 'nested', run: (desk, body) => aboutOrder(desk, body) },
  OrderQuery: { path: '/order/query', shape: 'array', takesAnyLogin: true, run: queryOrders },
  Download: {
    path: '/order/download',
    shape: 'nested',
    run: async (desk, body) => {
      const order = orderIn(desk, body);
      if (order === 'empty') return { TheSSLStoreOrderID: '', Certificates: [] };
      await settle(desk, order);
      return download(desk, order, cultureOf(body));
    },
  },
  Reissue: {
    path: '/order/reissue',
    shape: 'nested',
    run: (desk, body) => aboutOrder(desk, body, (order) => reissueOrder(desk, body, order)),
  },
  RefundRequest: {
    path: '/order/refundrequest',
    shape: 'nested',
    run: (desk, body) => aboutOrder(desk, body, (order) => askRefund(desk, order)),
  },
  RefundStatus: { path: '/order/refundstatus', shape: 'nested', run: (desk, body) => aboutOrder(desk, body) },
  Revoke: {
    path: '/order/certificaterevokerequest',
    shape: 'flat',
    run: (desk, body) =>
      onlyOrder(desk, body, (order) => {
        const serial = textIn(body, 'SerialNumber')?.toUpperCase();
        const found = order.certificates.find(({ issued }) => issued?.serial === serial);
        if (found === undefined) throw new Refusal('The order has no such certificate.');
        found.state = 'revoked';
      }),
  },
  Resend: {
    path: '/order/resend',
    shape: 'flat',
    run: (desk, body) =>
      onlyOrder(desk, body, (order) => {
        if (textIn(body, 'ResendEmailType') !== 'ApproverEmail' || newestOf(order).state !== 'pending') {
          throw new Refusal('Nothing to send again.');
        }
      }),
  },
  ChangeApproverMethod: {
    path: '/order/changeapprovermethod',
    shape: 'flat',
    run: (desk, body) => onlyOrder(desk, body, (order) => changeMethod(desk, body, order)),
  },
  CheckDcv: { path: '/digicert/checkdcv', shape: 'nested', run: (desk, body) => aboutOrder(desk, body) },
} as const satisfies Readonly<Record<string, Endpoint>>;

export type Operation = keyof typeof ENDPOINTS;

/** What a person may send by mistake: members of the login are never kept. */
export const loginIn = (body: JsonObject, flat: boolean): JsonObject =>
  flat ? body : objectIn(body, 'AuthRequest');
