import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createClock } from '../../../src/sandbox/frame/clock.js';
import {
  parseAssignment,
  sandboxDefinitions,
  settingsSchema,
  startSandbox,
} from '../../../src/sandbox/index.js';
import {
  type Account,
  account,
  DAY_MS,
  EXAMPLE,
  LOGIN,
  orderOf,
  post,
} from '../../support/sandbox/sectigo.js';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-sandbox-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function controlOverHttp(shop: Account, path: string, authorization: string) {
  const { statusCode, body } = await request(`${shop.url}/_sandbox/${path}`, { headers: { authorization } });
  return { status: statusCode, body: await body.json() };
}

describe('the control routes', () => {
  it('are for the holder of the token', async () => {
    const shop = await account();
    expect((await controlOverHttp(shop, '', `Bearer ${shop.token}`)).body).toMatchObject({
      type: 'sectigo',
      now: '2026-06-10T15:30:00.000Z',
      balance: '1000.00',
    });
    expect((await controlOverHttp(shop, '', 'Bearer wrong')).status).toBe(401);
    expect((await controlOverHttp(shop, '', '')).status).toBe(401);
  });

  it('say what is wrong with a call', async () => {
    const shop = await account();
    expect((await controlOverHttp(shop, 'nowhere', `Bearer ${shop.token}`)).status).toBe(404);
    const refused = async (path: string, body: string) => {
      const authorization = `Bearer ${shop.token}`;
      const reply = await request(`${shop.url}/_sandbox/${path}`, {
        method: 'POST',
        headers: { authorization },
        body,
      });
      expect(reply.statusCode).toBe(400);
      return reply.body.json();
    };
    expect(await refused('faults', '{"fault":"drop-afer"}')).toEqual({
      error: 'There is no fault "drop-afer" (did you mean "drop-after"?).',
    });
    expect(await refused('faults', 'fault=slow')).toEqual({
      error: 'The body of a control call is a JSON object.',
    });
    expect(await refused('settings', '{"statusText":true}')).toEqual({
      error: 'There is no setting "statusText" (did you mean "statusTexts"?).',
    });
    expect(await refused('clock', '{"advance":"a week"}')).toEqual({
      error: '"advance" must be a duration such as 90d, 12h, 5m or 30s.',
    });
    expect(await refused('orders/1/pay', '')).toEqual({ error: 'There is no order 1.' });
  });

  it('show every byte received but the password', async () => {
    const shop = await account();
    const body = `loginName=acme&login%50assword=S3cret%2B+word&responseFormat=1`;
    await post(`${shop.url}/products/%21getAccountBalance`, body, { authorization: 'Basic abc' });
    await post(`${shop.url}/nowhere?loginPassword=S3cret`, 'x');
    const [known, unknown] = shop.ledger();
    expect(known).toMatchObject({
      operation: 'getAccountBalance',
      method: 'POST',
      target: '/products/%21getAccountBalance',
      headers: { authorization: '***' },
      body: 'loginName=acme&login%50assword=***&responseFormat=1',
      reply: { status: 200, type: 'application/x-www-form-urlencoded' },
      fault: null,
    });
    expect(unknown).toMatchObject({
      operation: null,
      target: '/nowhere?loginPassword=***',
      reply: { status: 404 },
    });
    expect(shop.ledger('getAccountBalance')).toHaveLength(1);
    expect(JSON.stringify(shop.ledger())).not.toContain('S3cret');
  });
});

describe('a fault of the line', () => {
  const order = orderOf(EXAMPLE);

  it.each([
    ['drop-before', 0],
    ['drop-after', 1],
  ])('%s cuts it once, with %i orders behind it', async (fault, orders) => {
    const shop = await account({ faults: [fault] });
    await expect(shop.call('AutoApplyOrder', order)).rejects.toThrow();
    expect(shop.purchases()).toHaveLength(orders);
    expect(shop.ledger().at(-1)).toMatchObject({ reply: null, fault });
    expect((await shop.call('AutoApplyOrder', order)).status).toBe(200);
  });

  it.each([
    ['status:503', 503, 0],
    ['status-after:502', 502, 1],
    ['garbage', 200, 1],
    ['slow:1', 200, 1],
  ])('%s replies with HTTP %i, and leaves %i orders', async (fault, status, orders) => {
    const shop = await account({ faults: [fault] });
    const reply = await shop.call('AutoApplyOrder', order);
    expect([reply.status, reply.get('errorCode')]).toEqual([status, undefined]);
    expect(shop.purchases()).toHaveLength(orders);
  });

  it('happens as often as it is told, to the calls it is told', async () => {
    const shop = await account({ faults: ['status:500@getAccountBalance*2', 'answer:-14@any*always'] });
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await shop.call('getAccountBalance')).status);
    expect(statuses).toEqual([500, 500, 200]);
    expect((await shop.call('getAccountBalance')).body).toBe('-14\nAn unknown error occurred!\n');
    expect(await shop.control('GET', 'faults')).toEqual([
      { name: 'answer', value: '-14', operation: 'any', times: null },
    ]);
    await shop.control('POST', 'faults/clear');
    expect((await shop.call('getAccountBalance')).body).toMatch(/^0\n/);
  });

  it.each([
    ['out-of-credit', '-15', 0],
    ['duplicate', '0', 2],
    ['reject', '0', 1],
    ['rate-limit', '-42', 0],
    ['answer:-160', '-160', 0],
  ])('or of the seller: %s answers %s and sells %i', async (fault, code, orders) => {
    const shop = await account({ faults: [fault] });
    const reply = await shop.call('AutoApplyOrder', { ...order, responseFormat: '1' });
    expect(reply.get('errorCode')).toBe(code);
    expect(shop.purchases()).toHaveLength(orders);
  });

  it.each([
    ['slow', 'The fault "slow" needs a value, as in slow:5000.'],
    ['garbage:1', 'The fault "garbage" takes no value.'],
    [
      'garbage@Collect',
      'There is no operation "Collect" (did you mean "CollectSSL"?); "any" stands for all, "writes" for those that write.',
    ],
    ['wrong-key@CollectSSL', 'The fault "wrong-key" happens to no call; leave "@CollectSSL" away.'],
    ['garbage*0', 'The fault "garbage" must happen at least once.'],
    ['a b', '"a b" is no fault; write NAME, NAME:VALUE, NAME@OPERATION or NAME*TIMES.'],
  ])('is refused when it is written as %s', async (fault, message) => {
    await expect(startSandbox('sectigo', { faults: [fault] })).rejects.toMatchObject({
      code: 'usage',
      message,
    });
  });
});

describe('the clock', () => {
  it('runs as fast as it is told, and jumps', () => {
    let source = 1_000_000;
    const clock = createClock(() => source);
    source += 1000;
    expect(clock.now()).toBe(1_001_000);
    clock.setSpeed(86_400);
    source += 2000;
    expect(clock.now()).toBe(1_001_000 + 2 * DAY_MS);
    clock.setSpeed(0);
    source += 5000;
    clock.advance(500);
    expect(clock.now()).toBe(1_001_500 + 2 * DAY_MS);
    clock.set(7);
    expect(clock.now()).toBe(7);
  });

  it.each([-1, Number.NaN, 1e12])('refuses a speed of %d', (speed) => {
    expect(() => createClock(() => 0).setSpeed(speed)).toThrow('The speed must be a number from 0');
  });

  it('is moved by control, and certificates follow it', async () => {
    const shop = await account();
    await shop.control('POST', 'clock', { set: '2027-03-15T00:00:00Z' });
    await shop.control('POST', 'clock', { advance: '1.5d' });
    expect(await shop.control('GET', 'clock')).toEqual({ now: '2027-03-16T12:00:00.000Z', speed: 1 });
    await shop.control('POST', 'clock', { speed: 0 });
    expect(shop.clock.speed()).toBe(0);
  });
});

describe('a state file', () => {
  it('lets a rehearsal go on: orders, money, CA, login, settings, faults and time', async () => {
    const stateFile = join(newFolder(), 'account.json');
    const options = { stateFile, settings: { echoUniqueValue: true }, faults: ['garbage@CollectSSL'] };
    const first = await account(options);
    first.clock.advance(3 * DAY_MS);
    await first.call('AutoApplyOrder', orderOf(EXAMPLE, { foreignOrderNumber: 'ref' }));
    await first.control('POST', 'orders/912345678/issue');
    await first.close();

    const second = await account({ stateFile });
    expect([second.token, second.rootPem, second.login]).toEqual([first.token, first.rootPem, LOGIN]);
    expect(second.purchases()).toEqual(first.purchases());
    expect(second.clock.now()).toBe(first.clock.now());
    expect(second.settings().echoUniqueValue).toBe(true);
    expect(await second.control('GET', 'faults')).toHaveLength(1);
    await second.control('POST', 'faults/clear');
    const issued = await second.call('CollectSSL', { orderNumber: '912345678', queryType: '0' });
    expect(issued.body).toBe('1\n');
    expect((await second.call('getAccountBalance')).body).toContain('\n990.01\n');
  });

  it('is written before the reply is sent, whole and for its owner only', async () => {
    const folder = newFolder();
    const stateFile = join(folder, 'account.json');
    const shop = await account({ stateFile, faults: ['drop-after'] });
    await expect(shop.call('AutoApplyOrder', orderOf(EXAMPLE))).rejects.toThrow();
    expect(JSON.parse(readFileSync(stateFile, 'utf8')).purchases).toHaveLength(1);
    expect(statSync(stateFile).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['account.json']);
  });

  it.each([
    ['{', 'it is no JSON'],
    ['{}', 'it was not written by a sandbox'],
    ['null', 'it was not written by a sandbox'],
    ['{"format":"certwright-sandbox","version":9}', 'it has version 9, and this certwright writes version 1'],
    ['{"format":"certwright-sandbox","version":1,"type":"namecheap"}', 'it belongs to a namecheap sandbox'],
  ])('that reads %s is refused and left alone', async (text, why) => {
    const stateFile = join(newFolder(), 'account.json');
    writeFileSync(stateFile, text);
    await expect(startSandbox('sectigo', { stateFile })).rejects.toMatchObject({
      code: 'usage',
      message: `The state file ${stateFile} cannot be used: ${why}.`,
    });
    expect(readFileSync(stateFile, 'utf8')).toBe(text);
  });

  it('that cannot be written stops the start', async () => {
    const stateFile = join(newFolder(), 'missing', 'account.json');
    await expect(startSandbox('sectigo', { stateFile })).rejects.toThrow(
      `The state file ${stateFile} cannot be written`,
    );
  });
});

describe('settings', () => {
  it.each(sandboxDefinitions.map((definition) => [definition.type, definition] as const))(
    'of %s have defaults that pass their own schemas',
    async (type, definition) => {
      const defaults = Object.fromEntries(
        Object.entries(definition.settings).map(([name, setting]) => [name, setting.default]),
      );
      const sandbox = await startSandbox(type, { settings: defaults });
      await sandbox.close();
      expect(settingsSchema(definition.settings)).toMatchObject({
        type: 'object',
        additionalProperties: false,
      });
    },
  );

  it.each([
    ['reissueChangesOrderNumber=yes', 'The setting "reissueChangesOrderNumber" must be boolean.'],
    ['payment=later', 'The setting "payment" must be equal to one of the allowed values: debit, required.'],
    ['prices={"287":{"365":9}}', 'The setting "prices" at /287/365 must be string.'],
    ['dnserver=x', 'There is no setting "dnserver" (did you mean "dnsServer"?).'],
  ])('refuse %s', async (text, message) => {
    const [name, value] = parseAssignment(text);
    await expect(startSandbox('sectigo', { settings: { [name]: value } })).rejects.toMatchObject({ message });
  });

  it('are read as JSON, or else as text', () => {
    expect(parseAssignment('a=true')).toEqual(['a', true]);
    expect(parseAssignment('a=b=c')).toEqual(['a', 'b=c']);
    expect(() => parseAssignment('a')).toThrow('"a" is no setting; write key=value.');
  });
});

describe('a sandbox', () => {
  it('goes back to where it stood', async () => {
    const shop = await account();
    const restore = shop.snapshot();
    await shop.call('AutoApplyOrder', orderOf(EXAMPLE));
    await shop.control('POST', 'settings', { accountLocked: true });
    await shop.control('POST', 'faults', { fault: 'garbage*always' });
    shop.clock.advance(DAY_MS);
    restore();
    expect(shop.purchases()).toEqual([]);
    expect(shop.ledger()).toEqual([]);
    expect(shop.clock.now()).toBe(Date.UTC(2026, 5, 10, 15, 30));
    expect((await shop.call('AutoApplyOrder', orderOf(EXAMPLE))).body).toBe('0\n912345678\n9.99\n1\n');
  });

  it('says which port is taken', async () => {
    const shop = await account();
    const port = Number(new URL(shop.url).port);
    await expect(startSandbox('sectigo', { port })).rejects.toThrow(
      `Port ${port} is in use; name another with --port.`,
    );
  });

  it('takes no endless body', async () => {
    const shop = await account();
    expect((await post(`${shop.url}/products/!AutoApplyOrder`, 'x'.repeat(1_000_001))).status).toBe(413);
  });

  it('is not there for a provider nobody knows', async () => {
    await expect(startSandbox('sectgo')).rejects.toThrow(
      'There is no sandbox "sectgo" (did you mean "sectigo"?).',
    );
  });
});
