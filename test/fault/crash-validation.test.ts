import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SECRET, startBind } from '../support/bind.js';
import { checkedDcv, serveFolder } from '../support/checked-dcv.js';
import { sweepCrashes } from '../support/crash-sweep.js';
import { openPlace } from '../support/engine.js';
import { tempFolder } from '../support/git.js';
import { cname, solverOf } from '../support/solver.js';
import { describeWith } from '../support/system.js';

const OWNER = '_paid-test.shop.example.com';

describeWith(['named'], 'an order that proves its names, stopped before and after every call', () => {
  it('is bought once, and leaves no record behind, whoever goes on', { timeout: 240_000 }, async () => {
    const dns = await startBind({ 'example.com': {} });
    const web = await tempFolder();
    const webPort = await serveFolder(web);
    const place = await openPlace({
      kind: 'unique',
      seller: { dcv: 'wait', pollsUntilIssued: 0 },
      manifests: {
        shop: 'domains: [shop.example.com, web.example.com]\nterm: 1y\nmaxPrice: 25.00 USD\nvalidation: { method: dns, per: { web.example.com: http } }\n',
      },
      definitions: [checkedDcv({ dns, webPort })],
      solvers: `{ zones: { type: rfc2136, zones: [example.com], server: "${dns.address}", visibleAt: ["${dns.address}"], key: "\${TSIG_KEY}" }, web: { type: http-file, root: "${web}", visibleAt: "127.0.0.1:${webPort}" } }`,
      env: { TSIG_KEY: `certwright:${SECRET}` },
    });
    const unknown = await sweepCrashes(place, {
      purchases: 1,
      name: 'shop',
      extraPushes: 6,
      async reset() {
        const value = await dns.alias(OWNER);
        const zones = await solverOf({
          type: 'rfc2136',
          zones: ['example.com'],
          credentials: { key: `certwright:${SECRET}` },
          options: { server: dns.address },
        });
        if (value !== undefined) await zones.cleanUp([cname(OWNER, value)]);
        for (const name of await readdir(web)) await rm(join(web, name), { recursive: true });
      },
      async outside(context) {
        expect(await dns.alias(OWNER), context).toBeUndefined();
        expect(await readdir(web), context).toEqual([]);
      },
    });
    expect(unknown).toEqual([]);
  });
});
