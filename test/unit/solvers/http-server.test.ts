import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { file, said, solverOf, txt } from '../../support/solver.js';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const solverAt = (port: number, id = 'web') =>
  solverOf({
    type: 'http-server',
    id,
    options: { port, address: '127.0.0.1', visibleAt: `127.0.0.1:${port}` },
  });

function get(port: number, path: string, host = 'shop.example.com', method = 'GET'): Promise<string> {
  return new Promise((done, fail) => {
    request({ host: '127.0.0.1', port, path, method, headers: { host }, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => done(`${response.statusCode} ${body.trim()}`));
    })
      .on('error', fail)
      .end();
  });
}

const isUp = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      done(true);
    }).on('error', () => done(false));
  });

const PKI = '/.well-known/pki-validation';
const ACME = '/.well-known/acme-challenge';

describe('an own listener', () => {
  it('serves the proofs of several orders, and is gone when the last of them is', async () => {
    const port = await freePort();
    const shop = file(`http://shop.example.com${PKI}/A1B2.txt`, 'shop');
    const www = file(`http://www.example.com${PKI}/A1B2.txt`, 'www');
    const acme = file(`http://a.example.com${ACME}/tok-en_1`, 'key.thumb');
    const one = await solverAt(port);
    expect((await one.visible?.([shop]))?.[0]).toEqual({
      record: shop,
      seen: 'no',
      why: 'it is served while a run lasts, and none does',
    });
    expect(said(await one.publish([shop, acme]))).toEqual(['done', 'done']);
    // The engine makes solvers anew for every pass, and another solver may use the port as well.
    const other = await solverAt(port, 'web-2');
    expect(said(await other.publish([www, shop]))).toEqual(['done', 'done']);
    expect(await get(port, `${PKI}/A1B2.txt`)).toBe('200 shop');
    expect(await get(port, `${PKI}/A1B2.txt`, `WWW.example.com:${port}`)).toBe('200 www');
    // Behind a proxy that changes the name, only what can be meant.
    expect(await get(port, `${PKI}/A1B2.txt`, 'internal')).toBe('404 not found');
    expect(await get(port, `${ACME}/tok-en_1?x=1`, 'internal')).toBe('200 key.thumb');
    expect((await other.visible?.([shop, www, acme]))?.map(({ seen, why }) => `${seen} ${why}`)).toEqual([
      'yes shop.example.com serves it',
      'yes www.example.com serves it',
      'yes a.example.com serves it',
    ]);
    // It keeps no process alive.
    expect(process.getActiveResourcesInfo()).not.toContain('TCPServerWrap');
    expect(said(await other.cleanUp([shop, www]))).toEqual(['done', 'done']);
    expect(await get(port, `${PKI}/A1B2.txt`)).toBe('404 not found');
    expect(said(await one.cleanUp([acme, acme]))).toEqual(['done', 'done']);
    expect(await isUp(port)).toBe(false);
  });

  it('gives nothing but the very files', async () => {
    const port = await freePort();
    const solver = await solverAt(port);
    const proof = file(`http://shop.example.com${ACME}/token`, 'x');
    await solver.publish([proof]);
    onTestFinished(async () => void (await solver.cleanUp([proof])));
    const asked = [
      '/',
      ACME,
      `${ACME}/`,
      `${ACME}/../acme-challenge/token`,
      `${ACME}/%74oken`,
      `${ACME}/token/`,
    ];
    for (const path of [...asked, `/x${ACME}/token`, '/.well-known/other/token'])
      expect(`${path} ${await get(port, path)}`).toBe(`${path} 404 not found`);
    expect(await get(port, `${ACME}/token`, 'shop.example.com', 'POST')).toBe('404 not found');
    expect(await get(port, `${ACME}/token`, 'shop.example.com', 'HEAD')).toBe('200 ');
    expect(
      said(
        await solver.publish([
          file(`http://shop.example.com${ACME}/token`, 'of another order'),
          file('http://shop.example.com/.well-known/acme-challenge/a/b', 'x'),
          file('http://shop.example.com/.well-known/acme-challenge/%2e%2e', 'x'),
          file(`https://shop.example.com${PKI}/x.txt`, 'x'),
          txt('_dcv.example.com', 'x'),
        ]),
      ).map((text) => text.split(';')[0]),
    ).toEqual([
      `solver.blocked: shop.example.com${ACME}/token is served with other content already`,
      'solver.blocked: http://shop.example.com/.well-known/acme-challenge/a/b is no place a proof may be written to',
      'solver.blocked: http://shop.example.com/.well-known/acme-challenge/%2e%2e is no place a proof may be written to',
      `solver.blocked: https://shop.example.com${PKI}/x.txt is asked for over TLS, which is not served here`,
      'solver.zone: web publishes files, and this proof is a DNS record',
    ]);
  });

  it('names a port that is in use, and an address that is not there', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const proof = file(`http://shop.example.com${ACME}/token`, 'x');
    expect(said(await (await solverAt(port)).publish([proof]))).toEqual([
      `solver.failed: 127.0.0.1:${port} is in use on this machine; stop what listens there, write another port: and forward to it, or use type: http-file with its folder`,
    ]);
    expect((await (await solverAt(port)).visible?.([proof]))?.[0]?.seen).toBe('no');
    const nowhere = await solverOf({ type: 'http-server', options: { port, address: '192.0.2.1' } });
    expect(said(await nowhere.publish([proof]))).toEqual([
      `solver.failed: 192.0.2.1:${port} is at an address this machine does not have; correct address:, or leave it out`,
    ]);
    // Once it is free, the next try succeeds.
    await new Promise((done) => other.close(done));
    expect(said(await (await solverAt(port)).publish([proof]))).toEqual(['done']);
    expect(said(await (await solverAt(port)).cleanUp([proof]))).toEqual(['done']);
  });
});
