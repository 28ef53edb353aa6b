import { expect, it } from 'vitest';
import * as plan from '../../../src/entry/cli/plan.js';
import { fakeGitHub } from '../../support/github/server.js';
import { failure } from '../keys/support.js';
import { openShop } from './shop.js';

const WIKI = { 'certificates/wiki.yaml': 'domain: wiki.example.com\n' };

it('plan --merge tells what a branch would do once merged, with accounts and limits of the branch it goes into', async () => {
  const shop = await openShop();
  const remote = await fakeGitHub({ remote: shop.remote });
  const text = await shop.configuration();
  const call = async (options: Readonly<Record<string, unknown>>, json = false) => {
    const context = shop.context();
    const code = await plan.run(context, { json, identity: [] }, options, []);
    return { code, out: context.out(), said: context.err() };
  };
  await remote.push('wiki', {
    ...WIKI,
    'certwright.yaml': text.replace('perOrder: 500 USD', 'perOrder: 1 USD'),
  });
  const merge = 'refs/heads/wiki';
  const planned = await call({ merge });
  expect(planned.code).toBe(0);
  expect(planned.out).toMatch(/^look at this before merging: policy changes/);
  expect(planned.out).toMatch(/order wiki[\s\S]*Plan: 1 to order[\s\S]*not shown: 1\.\n$/);
  expect(JSON.parse((await call({ merge }, true)).out)).toMatchObject({
    version: 1,
    items: [{ name: 'wiki' }],
  });
  expect((await call({ merge, output: 'markdown' })).out).toMatch(/^\*\*Look at this before merging:\*\*/);

  await remote.push('silent', { 'README.md': 'x' });
  const silent = await call({ merge: 'refs/heads/silent', output: 'markdown' });
  expect(silent).toMatchObject({ code: 0, out: '', said: expect.stringContaining('changes nothing') });

  await remote.push('broken', { 'certwright.yaml': 'version: 2\n' });
  const broken = await call({ merge: 'refs/heads/broken' });
  expect(broken).toMatchObject({ code: 1, out: '', said: expect.stringContaining('certwright.yaml:1') });

  await remote.push('late', { 'certificates/shop.yaml': 'domain: a.example.com\n' });
  await remote.push('main', { 'certificates/shop.yaml': 'domain: b.example.com\n' });
  const conflict = await call({ merge: 'refs/heads/late', output: 'markdown' });
  expect(conflict).toMatchObject({ code: 0, out: expect.stringContaining('conflicts') });
  await remote.push('release', {});
  const elsewhere = await call({ merge, into: 'release' });
  expect(elsewhere).toMatchObject({ code: 0, said: expect.stringContaining('not the approval branch main') });

  await failure(call({ merge: 'wiki' }), 'usage');
  await failure(call({ merge, owner: 'web' }), 'usage');
  await failure(call({ merge: 'refs/heads/none' }), 'repository.ref-missing');
});
