import { describe, expect, it } from 'vitest';
import { CertError } from '../../../../src/model/errors.js';
import { type CallKind, refusalOf } from '../../../../src/providers/sectigo/errors.js';
import {
  foundOutcome,
  placedOutcome,
  rowFacts,
  stateByReport,
} from '../../../../src/providers/sectigo/map.js';
import { parseCoded, parseReport } from '../../../../src/providers/sectigo/wire.js';

const coded = (text: string) => parseCoded('AutoApplyOrder', { status: 200, headers: {}, text }, 'unknown');

describe('replies have a code in either form', () => {
  const cases: Readonly<Record<string, { body: string; code: number; text?: string; item?: string }>> = {
    'URL-encoded success': { body: 'errorCode=0&orderNumber=1', code: 0 },
    'URL-encoded refusal': {
      body: 'errorCode=-3&errorMessage=The+%27csr%27+argument+is+missing%21',
      code: -3,
      text: "The 'csr' argument is missing!",
    },
    'the argument on its own': {
      body: 'errorCode=-4&errorMessage=x&errorItem=days',
      code: -4,
      text: 'x',
      item: 'days',
    },
    'with an underscore': { body: 'error_code=0&noOfResults=0', code: 0 },
    'in another case': {
      body: 'ERRORCODE=-15&ErrorMessage=Not+enough+credit%21',
      code: -15,
      text: 'Not enough credit!',
    },
    'newline success': { body: '0\n912345678\n9.99\n1\n', code: 0 },
    'newline refusal': { body: '-15\r\nNot enough credit!', code: -15, text: 'Not enough credit!' },
    'a detail instead of a message': { body: 'errorCode=-160&errorDetail=no', code: -160, text: 'no' },
  };
  it.each(Object.entries(cases))('%s', (_, { body, code, text, item }) => {
    const reply = coded(body);
    expect([reply.code, reply.text, reply.item]).toEqual([code, text, item]);
  });

  it.each(['', '<html>out of order</html>', 'orderNumber=1', 'errorCode=none', 'errorCode=0&errorCode=-15'])(
    'an answer to a paid call that has none leaves open what it did: %j',
    (body) => {
      expect(() => coded(body)).toThrow(
        expect.objectContaining({ code: 'wire.unexpected', effect: 'unknown' }),
      );
    },
  );
});

describe('the reply of an order', () => {
  const cases: Readonly<Record<string, { body: string; outcome: object }>> = {
    'as the sample': {
      body: 'errorCode=0&orderNumber=912345678&totalCost=9.99&expectedDeliveryTime=1&certificateID=87654321&uniqueValue=k7Qm2Zp9',
      outcome: {
        orderId: '912345678',
        charged: { amount: '9.99', currency: 'USD' },
        result: { orderId: '912345678', certificateId: '87654321', uniqueValue: 'k7Qm2Zp9' },
      },
    },
    'the poorest': {
      body: 'errorCode=0&orderNumber=912345678',
      outcome: { orderId: '912345678', result: { orderId: '912345678' } },
    },
    'in newline form': {
      body: '0\n912345678\n9.99\n1\n',
      outcome: {
        orderId: '912345678',
        charged: { amount: '9.99', currency: 'USD' },
        result: { orderId: '912345678' },
      },
    },
    'taken, and to be paid for': {
      body: 'errorCode=1&orderNumber=912345678&totalCost=9.99',
      outcome: { orderId: '912345678', result: { orderId: '912345678', paymentDue: '9.99' } },
    },
  };
  it.each(Object.entries(cases))('%s', (_, { body, outcome }) => {
    expect(placedOutcome(coded(body), 'USD')).toEqual(outcome);
  });

  it.each(['errorCode=0', 'errorCode=0&orderNumber=none', '0\n'])(
    'without a number it leaves open what it did: %j',
    (body) => {
      expect(() => placedOutcome(coded(body), 'USD')).toThrow(
        expect.objectContaining({ code: 'wire.unexpected', effect: 'unknown' }),
      );
    },
  );
});

const refusal = (kind: CallKind, code: number, text?: string, item?: string) =>
  refusalOf(
    { code, fields: new Map(), lines: [], ...(text ? { text } : {}), ...(item ? { item } : {}) },
    { call: 'TheCall', kind, effect: 'unknown', about: 'order 7', testMode: false, nowMs: 1000 },
  );

describe('a refusal after a writing call', () => {
  const none = [
    -1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11, -12, -13, -15, -16, -17, -18, -19, -35, -40, -42, -91,
  ]
    .concat([-115, -160, -162])
    .map((code) => ['order', code] as const);
  it.each([
    ...none,
    ['bundled', -76],
    ['bundled', -122],
    ['licence', -76],
    ['licence', -121],
    ['licence', -122],
    ['licence', -124],
    ['revoke', -20],
    ['revoke', -23],
    ['revoke', -26],
    ['revoke', -35],
    ['refund', -18],
    ['refund', -20],
  ] as const)('at %s, code %i did nothing', (kind, code) => {
    const error = refusal(kind, code);
    expect(error.effect).toBe('none');
    expect(error.remedy).toMatch(/\S/);
    expect(error.message).toContain(`code ${code}`);
  });

  it.each([
    ...[-14, -22, -23, -47, -54, -69, -70, -71, -76, -90, -114, -121, -122, -124, -126, -139, -999].map(
      (code) => ['order', code] as const,
    ),
    // Of an order or certificate that is there: known of other calls, and no answer to a purchase.
    ...(['order', 'bundled', 'licence'] as const).flatMap((kind) =>
      [-20, -21, -26].map((code) => [kind, code] as const),
    ),
    ['reject', -122],
    ['reject', -114],
    ['reject', -18],
    ['refund', -90],
  ] as const)('at %s, code %i leaves open what it did, and is quoted', (kind, code) => {
    const error = refusal(kind, code, 'words nobody matches');
    expect(error).toMatchObject({ code: 'wire.unexpected', effect: 'unknown' });
    expect(error.message).toContain(`code ${code}: "words nobody matches"`);
  });

  it('the same number means another thing at another call', () => {
    expect(refusal('order', -18).message).toContain('full domain name');
    expect(refusal('refund', -18).message).toContain('refunded this order already');
    expect(refusal('order', -35).message).toContain('IP address');
    expect(refusal('revoke', -35).message).toContain('has expired');
  });

  it('names the argument: told apart, or quoted in the text', () => {
    expect(refusal('order', -4, 'x', 'days').message).toContain('the value of "days"');
    expect(refusal('order', -2, "'responseFormat' is an unrecognised argument!").message).toContain(
      'does not know the argument "responseFormat"',
    );
    expect(refusal('order', -4, 'no hint').message).toContain('(not named)');
  });

  it('a refused login says the three things to look at', () => {
    const error = refusal('order', -16);
    expect(error.code).toBe('provider.credentials');
    expect(error.remedy).toMatch(/loginPassword.*locked.*address of this machine/);
  });

  it('a call limit says when to come back', () => {
    expect(refusal('revoke', -42)).toMatchObject({ code: 'provider.rate-limited', retryAtMs: 3_601_000 });
  });
});

const report = (text: string) =>
  parseReport('!WebHostReport', parseCoded('!WebHostReport', { status: 200, headers: {}, text }, 'none'));

describe('the report of orders', () => {
  const SAMPLE =
    'error_code=0&noOfResults=1&1_orderNumber=912345678&1_orderStatus=Valid&1_dateTime=1780272000&1_1_type=287&1_1_domain=www.example.com&1_1_status=Issued&1_1_certificateID=87654321';

  it('is read as the sample shows it', () => {
    const [row] = report(SAMPLE).rows;
    if (row === undefined) throw new Error('one row');
    expect(row.orderNumber).toBe('912345678');
    expect(rowFacts(row)).toMatchObject({
      placedAt: '2026-06-01T00:00:00Z',
      product: { id: 'positivessl' },
      names: ['www.example.com'],
    });
    expect(stateByReport(row)).toBe('issued');
    expect(foundOutcome(row, 'USD')).toEqual({
      orderId: '912345678',
      result: { orderId: '912345678', certificateId: '87654321' },
    });
  });

  it('leaves open what it does not tell: product, further names, a state in unknown words', () => {
    const [row] = report(
      'error_code=0&noOfResults=1&1_orderNumber=5&1_1_domain=a.example.com&1_1_status=Odd',
    ).rows;
    if (row === undefined) throw new Error('one row');
    expect(rowFacts(row)).toEqual({ domains: ['a.example.com'] });
    expect(stateByReport(row)).toBeUndefined();
  });

  it('an empty account is an empty report', () => {
    expect(report('error_code=0&noOfResults=0')).toEqual({ rows: [], noOfResults: 0 });
  });

  it.each([
    'error_code=0',
    'error_code=0&noOfResults=many',
    'error_code=0&noOfResults=3',
    'error_code=0&noOfResults=0&1_orderNumber=5',
    'error_code=0&noOfResults=1&1_orderStatus=Valid',
  ])('count and rows that contradict each other are no answer: %s', (body) => {
    expect(() => report(body)).toThrow(CertError);
  });
});
