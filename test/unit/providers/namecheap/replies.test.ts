import { describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '../../../../src/model/secret.js';
import { namecheapClient } from '../../../../src/providers/namecheap/client.js';
import { amountOf } from '../../../../src/providers/namecheap/wire.js';
import { parseXml } from '../../../../src/providers/namecheap/xml.js';
import { failureOf } from '../../../conformance/failure.js';
import { manualClock } from '../../../support/manual-clock.js';
import { providerDeps } from '../../../support/provider-deps.js';
import { httpServer } from '../../http/servers.js';

interface Reply {
  readonly status?: number;
  readonly body: string;
}

const envelope = (status: string, inside: string): string =>
  `<?xml version="1.0" encoding="utf-8"?><ApiResponse Status="${status}">${inside}<Server>A</Server><GMTTimeDifference>--5:00</GMTTimeDifference><ExecutionTime>0</ExecutionTime></ApiResponse>`;
const refused = (...numbers: readonly string[]): string =>
  envelope(
    'ERROR',
    `<Errors>${numbers.map((n) => `<Error Number="${n}">text ${n} key S3cret</Error>`).join('')}</Errors>`,
  );
const answered = (result: string): string =>
  envelope('OK', `<Errors/><Warnings/><CommandResponse Type="x">${result}</CommandResponse>`);

const BOUGHT = answered(
  '<SSLCreateResult IsSuccess="true" ChargedAmount="9.0000"><SSLCertificate CertificateID="950001"/></SSLCreateResult>',
);

/** A client at a server that gives these replies, one after the other, the last one for ever. */
async function open(replies: readonly Reply[], options: Record<string, number> = {}) {
  const seen: string[] = [];
  const { url } = await httpServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { status = 200, body: text } = replies[Math.min(seen.length, replies.length - 1)] ?? { body: '' };
      seen.push(`${request.method} ${request.url} ${body}`);
      response.writeHead(status, { 'content-type': 'text/xml' }).end(text);
    });
  });
  const clock = manualClock();
  const client = namecheapClient(
    providerDeps({
      config: {
        id: 'nc',
        type: 'namecheap',
        environment: 'rehearsal',
        url,
        credentials: {},
        priority: 1,
        prices: {},
        options,
      },
      credentials: {
        apiUser: new Secret('acme'),
        apiKey: new Secret('S3cret'),
        clientIp: new Secret('198.51.100.7'),
      },
      clock,
    }),
  );
  onTestFinished(() => client.close());
  return { client, clock, seen };
}

const buy = ({ client }: Awaited<ReturnType<typeof open>>) => client.create({}, 'a slot', () => {});

describe('a purchase', () => {
  it.each([
    ['HTTP 405: it was not executed', { status: 405, body: '' }, 'provider.rate-limited', 'none'],
    ['error 500000, seen by clients alone', { body: refused('500000') }, 'provider.rate-limited', 'unknown'],
    ['a documented refusal', { body: refused('2011301') }, 'provider.refused', 'none'],
    ['several documented refusals', { body: refused('2011170', '2011167') }, 'provider.refused', 'none'],
    [
      'a refusal beside a number nobody lists',
      { body: refused('2011170', '7654321') },
      'wire.unexpected',
      'unknown',
    ],
    ['a passing defect of the service', { body: refused('5050900') }, 'wire.unexpected', 'unknown'],
    [
      'an order that failed in words nobody knows',
      { body: refused('2528166') },
      'wire.unexpected',
      'unknown',
    ],
    ['an address that is not on the list', { body: refused('1011150') }, 'provider.credentials', 'none'],
    ['an error without any error', { body: envelope('ERROR', '<Errors/>') }, 'wire.unexpected', 'unknown'],
    ['HTML', { body: '<html><body>Maintenance</body></html>' }, 'wire.unexpected', 'unknown'],
    ['XML of something else', { body: '<rss Status="OK"><Server/></rss>' }, 'wire.unexpected', 'unknown'],
    [
      'no server',
      { body: '<ApiResponse Status="OK"><CommandResponse/></ApiResponse>' },
      'wire.unexpected',
      'unknown',
    ],
    [
      'success that is none',
      { body: answered('<SSLCreateResult IsSuccess="false"/>') },
      'wire.unexpected',
      'unknown',
    ],
    [
      'success with an error',
      { body: BOUGHT.replace('<Errors/>', '<Errors><Error Number="1">x</Error></Errors>') },
      'wire.unexpected',
      'unknown',
    ],
    ['HTTP 502', { status: 502, body: BOUGHT }, 'wire.unexpected', 'unknown'],
  ] as const)('%s', async (_, reply, code, effect) => {
    const account = await open([reply]);
    const error = await failureOf(buy(account));
    expect(error).toMatchObject({ code, effect });
    expect(account.seen).toHaveLength(1);
    expect(JSON.stringify([error.message, error.providerText, error.remedy])).not.toContain('S3cret');
  });

  it('keeps the texts of all errors', async () => {
    const account = await open([{ body: refused('2011170', '2011167') }]);
    const error = await failureOf(buy(account));
    expect(error.providerText).toContain('2011170');
    expect(error.providerText).toContain('2011167');
  });

  it('of an account without money says so, and that it is tried again', async () => {
    const body = refused('2528166').replace('text 2528166', 'Order creation failed INSUFFICIENTFUNDS');
    const error = await failureOf(buy(await open([{ body }])));
    expect(error).toMatchObject({ code: 'provider.refused', effect: 'none' });
    expect(error.remedy).toContain('Add funds');
  });

  it('goes to the server by POST, the key in the body alone', async () => {
    const account = await open([{ body: BOUGHT }]);
    await buy(account);
    expect(account.seen[0]).toMatch(/^POST \/xml\.response /);
    expect(account.seen[0]).toContain('ApiKey=S3cret');
    expect(account.seen[0]).toContain('ClientIp=198.51.100.7');
  });
});

it.each([
  ['9.0000', '9.00'],
  ['1,234.5600', '1234.56'],
  ['9,00', undefined],
  ['1.234,56', undefined],
  ['-9.00', undefined],
  ['', undefined],
])('a price of "%s" is %s', (text, amount) => {
  const row = parseXml(`<Price YourPrice="${text}"/>`);
  expect(amountOf(row, 'YourPrice', 'USD')?.amount).toBe(amount);
});

describe('a read', () => {
  const BALANCE = answered('<UserGetBalancesResult Currency="USD" AvailableBalance="41.50"/>');

  it.each([
    ['HTTP 405', { status: 405, body: '' }],
    ['error 500000', { body: refused('500000') }],
  ])('is made again a minute after %s', async (_, busy) => {
    const account = await open([busy, { body: BALANCE }]);
    await account.client.balances();
    expect(account.seen).toHaveLength(2);
    expect(account.clock.slept).toEqual([60_000]);
  });

  it('that stays too much is given up, with the time to come back', async () => {
    const account = await open([{ status: 405, body: '' }]);
    const error = await failureOf(account.client.balances());
    expect(error).toMatchObject({ code: 'provider.rate-limited', retryAtMs: account.clock.now() + 60_000 });
    expect(account.seen).toHaveLength(3);
  });

  it.each(['3050900', '5019169', '5050169', '5050900'])(
    'is made again after %s, a defect of the service that passes, and is no refusal where it stays',
    async (number) => {
      const passing = await open([{ body: refused(number) }, { body: BALANCE }]);
      await passing.client.balances();
      expect(passing.clock.slept).toEqual([60_000]);
      const staying = await open([{ body: refused(number) }]);
      const error = await failureOf(staying.client.balances());
      expect(error).toMatchObject({ code: 'provider.unreachable', effect: 'none' });
      expect(error.message).toContain(number);
      expect(staying.seen).toHaveLength(3);
      // Beside one that is none of these it is a refusal.
      const both = await open([{ body: refused(number, '2011166') }]);
      expect(await failureOf(both.client.balances())).toMatchObject({ code: 'provider.refused' });
      expect(both.seen).toHaveLength(1);
    },
  );

  it('keeps within the calls of a minute', async () => {
    const account = await open([{ body: BALANCE }], { callsPerMinute: 4 });
    for (let call = 0; call < 4; call += 1) await account.client.balances();
    // One of the four is kept for what costs money.
    expect(account.clock.slept).toEqual([60_000]);
  });

  it('after a login that was refused is not made', async () => {
    const account = await open([{ body: refused('1011102') }, { body: BALANCE }]);
    expect(await failureOf(account.client.balances())).toMatchObject({ code: 'provider.credentials' });
    expect(await failureOf(account.client.balances())).toMatchObject({ code: 'provider.credentials' });
    expect(account.seen).toHaveLength(1);
  });

  it('of a certificate the account does not have is not found', async () => {
    const account = await open([{ body: refused('2011294') }]);
    expect(await failureOf(account.client.getInfo('1'))).toMatchObject({ code: 'order.not-found' });
  });

  it('of a state nobody documents quotes it', async () => {
    const list = answered(
      '<SSLListResult><SSL CertificateID="1" Status="ok" PurchaseDate="13/40/2026"/></SSLListResult><Paging><TotalItems>1</TotalItems></Paging>',
    );
    const account = await open([{ body: list }]);
    const error = await failureOf(account.client.getList(1, 100));
    expect(error).toMatchObject({ code: 'wire.unexpected' });
    expect(error.message).toContain('13/40/2026');
  });

  it('of a list takes no line, one and several, with elements that are empty', async () => {
    const page = (rows: string, total: number) => ({
      body: answered(
        `<SSLListResult>${rows}</SSLListResult><Paging><TotalItems>${total}</TotalItems></Paging>`,
      ),
    });
    const row =
      '<SSL CertificateID="7" HostName="" SSLType="Standard SSL" PurchaseDate="" Status="NewPurchase" Years=""/>';
    const account = await open([page('', 0), page(row, 1), page(row + row.replace('"7"', '"8"'), 2)]);
    expect((await account.client.getList(1, 100)).rows).toEqual([]);
    expect((await account.client.getList(1, 100)).rows).toEqual([
      {
        id: '7',
        hostName: undefined,
        type: 'Standard SSL',
        purchasedAt: undefined,
        status: 'NewPurchase',
        years: undefined,
      },
    ]);
    expect((await account.client.getList(1, 100)).rows).toHaveLength(2);
  });
});
