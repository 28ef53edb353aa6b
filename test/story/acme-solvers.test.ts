import { chmod, readdir, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { SECRET, startBind } from '../support/bind.js';
import { serveFolder } from '../support/checked-dcv.js';
import { startCloudflare, TOKEN } from '../support/cloudflare-api.js';
import { applyOnce, expectKeyFits, openPlace, openRunner } from '../support/engine.js';
import { tempFolder } from '../support/git.js';
import { startNameServer } from '../support/name-server.js';
import { startPebble } from '../support/pebble.js';
import { KEYS, startRoute53 } from '../support/route53-api.js';
import { runningClock } from '../support/running-clock.js';
import { describeWith } from '../support/system.js';
import { LONG_MS, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Port 80 of every name, as a proxy in front of several web servers: the first that has the file serves it. */
async function startFront(ports: readonly number[]) {
  let isOpen = true;
  const server = createServer(({ url, headers }, response) => {
    const ask = ([port, ...others]: readonly number[]): void => {
      if (port === undefined || !isOpen) {
        response.writeHead(404).end();
        return;
      }
      request({ port, host: '127.0.0.1', path: url, headers, agent: false }, (answer) => {
        if (answer.statusCode === 200) answer.pipe(response);
        else ask(others);
      })
        .on('error', () => ask(others))
        .end();
    };
    ask(ports);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    open(open: boolean) {
      isOpen = open;
    },
  };
}

const HOOK = `#!/bin/sh
file="$WEBROOT$CERTWRIGHT_PATH"
case "$1" in
  present) mkdir -p "\${file%/*}" && printf %s "$3" > "$file" ;;
  cleanup) rm -f "$file" && cd "$WEBROOT" && rmdir -p .well-known/acme-challenge ;;
esac
`;

describeWith(['pebble', 'named', 'openssl'], 'a certificate of a real ACME server', () => {
  it('is proven by every kind of solver at once, in four zones and on three web servers', async () => {
    const cloudflare = await startCloudflare([{ id: 'z1', name: 'example.net' }]);
    const route53 = await startRoute53([{ id: 'Z1', name: 'example.org' }]);
    const services = await startNameServer(() => [...cloudflare.served(), ...route53.served()]);
    const forwarders = `type forward; forward only; forwarders { 127.0.0.1 port ${services.split(':')[1]}; };`;
    const dns = await startBind(
      {
        'example.com': { records: ['web', 'own', 'hook'].map((name) => `${name} A 127.0.0.1`) },
        'example.info': {},
      },
      undefined,
      ['example.net', 'example.org'].map((zone) => `zone "${zone}" { ${forwarders} };`).join('\n'),
    );
    const [webroot, hooked, folder] = [await tempFolder(), await tempFolder(), await tempFolder()];
    await writeFile(join(folder, 'hook.sh'), HOOK);
    await chmod(join(folder, 'hook.sh'), 0o755);
    const listening = await freePort();
    const front = await startFront([await serveFolder(webroot), listening, await serveFolder(hooked)]);
    const pebble = await startPebble({ dns: dns.address, httpPort: front.port });
    const seen = `visibleAt: "127.0.0.1:${front.port}"`;
    const place = await openPlace({
      kind: 'acme',
      acme: pebble,
      clock: runningClock(),
      manifests: {
        shop: `domains: [shop.example.com, shop.example.info, example.net, "*.example.net", shop.example.org, web.example.com, own.example.com, hook.example.com]
validation: { method: dns, per: { web.example.com: http, own.example.com: http, hook.example.com: http } }
`,
      },
      solvers: `{
  zones: { type: rfc2136, zones: [example.com, example.info], server: "${dns.address}", visibleAt: ["${dns.address}"], key: "\${TSIG_KEY}" },
  edge: { type: cloudflare, url: "${cloudflare.url}", apiToken: "\${CLOUDFLARE_TOKEN}", zones: [example.net], visibleAt: ["${services}"] },
  aws: { type: route53, url: "${route53.url}", zones: [example.org], visibleAt: ["${services}"] },
  web: { type: http-file, zones: [web.example.com], root: "${webroot}", ${seen} },
  own: { type: http-server, zones: [own.example.com], port: ${listening}, address: 127.0.0.1, ${seen} },
  hook: { type: exec, zones: [hook.example.com], run: ["${folder}/hook.sh"], environment: [WEBROOT] } }`,
      env: {
        PATH: process.env.PATH ?? '',
        TSIG_KEY: `certwright:${SECRET}`,
        CLOUDFLARE_TOKEN: TOKEN,
        AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
        AWS_SESSION_TOKEN: KEYS.sessionToken,
        WEBROOT: hooked,
      },
    });
    const ended = await applyOnce(place, await openRunner(place), 20_000);
    expect(ended.applied?.events.filter(({ outcome }) => outcome === 'failed') ?? ended.error).toEqual([]);
    expect(ended.exit).toBe(0);
    const { current, published } = await place.status('shop');
    expect(current?.names).toHaveLength(8);
    expect(published).toBeUndefined();
    await expectKeyFits(place, 'shop');
    expect(await pebble.issued()).toBe(1);
    for (const zone of ['example.com', 'example.info'])
      expect(await dns.texts(`_acme-challenge.shop.${zone}`)).toEqual([]);
    expect([...cloudflare.records, ...route53.sets.filter(({ type }) => type === 'TXT')]).toEqual([]);
    expect([...(await readdir(webroot)), ...(await readdir(hooked))]).toEqual([]);
    await expect(fetch(`http://127.0.0.1:${listening}/`)).rejects.toThrow();
  });

  it('is proven by an own listener of the run that is told, whatever runs served before', async () => {
    const dns = await startBind({ 'example.com': { records: ['own A 127.0.0.1'] } });
    const listening = await freePort();
    const front = await startFront([listening]);
    const pebble = await startPebble({ dns: dns.address, httpPort: front.port });
    const team = await teamOf({
      providers: [
        `providers: { internal: { type: acme, environment: rehearsal, url: "${pebble.directory}", termsAgreed: true } }`,
        `solvers: { own: { type: http-server, port: ${listening}, address: 127.0.0.1, visibleAt: "127.0.0.1:${front.port}" } }`,
        '',
      ].join('\n'),
      env: { NODE_EXTRA_CA_CERTS: pebble.caFile },
      files: { 'certificates/own.yaml': 'domains: [own.example.com]\nvalidation: http\n' },
    });
    front.open(false);
    const waiting = await team.certwright(['apply', '--yes', '--wait', '0s']);
    expect(waiting.out.replaceAll(/\s+/g, ' ')).toContain(
      'published by own, not visible everywhere yet: own.example.com answers 404',
    );
    expect((await team.status('own')).current).toBeUndefined();

    front.open(true);
    expect(await team.certwright(['apply', '--yes'])).toMatchObject({ code: 0 });
    expect((await team.status('own')).current?.names).toEqual(['own.example.com']);
    expect(await pebble.issued()).toBe(1);
  });
});
