import { readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempFolder, writeFiles } from '../../support/git.js';
import { file, said, solverOf, txt } from '../../support/solver.js';

const solverIn = (root: string, visibleAt?: string) =>
  solverOf({
    type: 'http-file',
    id: 'web',
    options: { root, ...(visibleAt === undefined ? {} : { visibleAt }) },
  });

const PKI = '.well-known/pki-validation';
const proof = (name = 'A1B2.txt', content = 'sha\nexample.org\n') =>
  file(`http://shop.example.com/${PKI}/${name}`, content);

/** Every file and folder below, folders with a slash. */
async function tree(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  return entries
    .map(
      (entry) => join(entry.parentPath, entry.name).slice(root.length + 1) + (entry.isDirectory() ? '/' : ''),
    )
    .sort();
}

describe('a webroot', () => {
  it('holds a proof that the web server can read, once however often, and nothing of us afterwards', async () => {
    const root = await tempFolder();
    const solver = await solverIn(root);
    const records = [proof(), file('http://a.example.com/.well-known/acme-challenge/tok-en_1', 'x')];
    expect(said(await solver.publish(records))).toEqual(['done', 'done']);
    expect(said(await solver.publish(records))).toEqual(['done', 'done']);
    expect(await readFile(join(root, PKI, 'A1B2.txt'), 'utf8')).toBe('sha\nexample.org\n');
    expect((await stat(join(root, PKI, 'A1B2.txt'))).mode & 0o777).toBe(0o644);
    expect((await tree(root)).filter((path) => !path.includes('certwright'))).toEqual([
      '.well-known/',
      '.well-known/acme-challenge/',
      '.well-known/acme-challenge/tok-en_1',
      '.well-known/pki-validation/',
      '.well-known/pki-validation/A1B2.txt',
    ]);
    expect(said(await solver.cleanUp(records.slice(0, 1)))).toEqual(['done']);
    expect((await tree(root)).filter((path) => !path.includes('certwright-'))).toEqual([
      '.well-known/',
      '.well-known/acme-challenge/',
      '.well-known/acme-challenge/tok-en_1',
    ]);
    expect(said(await solver.cleanUp(records))).toEqual(['done', 'done']);
    expect(await tree(root)).toEqual([]);
  });

  it('keeps files and folders of others', async () => {
    const root = await tempFolder();
    await writeFiles(root, { [`${PKI}/A1B2.txt`]: 'of somebody else', '.well-known/security.txt': 'x' });
    const solver = await solverIn(root);
    const before = await tree(root);
    expect(said(await solver.publish([proof()]))).toEqual([
      `solver.blocked: ${join(root, PKI)}/A1B2.txt is there with other content, and is not ours; remove it if nobody needs it`,
    ]);
    expect(said(await solver.cleanUp([proof()]))).toEqual(['done']);
    expect(await tree(root)).toEqual(before);
    expect(said(await solver.publish([proof('B.txt')]))).toEqual(['done']);
    expect(said(await solver.cleanUp([proof('B.txt')]))).toEqual(['done']);
    expect(await tree(root)).toEqual(before);
  });

  const outside = [
    'http://a.example.com/index.html',
    'http://a.example.com/.well-known/x.txt',
    'http://a.example.com/.well-known/pki-validation/',
    'http://a.example.com/.well-known/pki-validation/deep/x.txt',
    'http://a.example.com/.well-known/pki-validation/../../x.txt',
    'http://a.example.com/.well-known/pki-validation/..%2f..%2fx.txt',
    'http://a.example.com/.well-known/pki-validation/%2e%2e/x.txt',
    'http://a.example.com/.well-known/pki-validation/..\\x.txt',
    'http://a.example.com/.well-known/pki-validation/.htaccess',
    'http://a.example.com/.well-known/pki-validation/x%00.txt',
    'file:///etc/passwd',
    'no URL',
  ];
  it.each(outside)('takes nothing anywhere else: %s', async (url) => {
    const root = await tempFolder();
    const record = file(url, 'x');
    for (const outcomes of [
      await (await solverIn(root)).publish([record]),
      await (await solverIn(root)).cleanUp([record]),
    ]) {
      expect(said(outcomes)).toEqual([
        `solver.blocked: ${url} is no place a proof may be written to; only single files below .well-known/pki-validation/ and .well-known/acme-challenge/ are; publish it by hand`,
      ]);
    }
    expect(await tree(root)).toEqual([]);
  });

  it('does not follow links out of it', async () => {
    const elsewhere = await tempFolder();
    const one = await tempFolder();
    await symlink(elsewhere, join(one, '.well-known'));
    const two = await tempFolder();
    await mkdir(join(two, '.well-known'));
    await symlink(elsewhere, join(two, PKI));
    const three = await tempFolder();
    await mkdir(join(three, PKI), { recursive: true });
    await symlink(join(elsewhere, 'x'), join(three, PKI, 'A1B2.txt'));
    for (const [root, path, what] of [
      [one, '.well-known', 'no folder of its own'],
      [two, PKI, 'no folder of its own'],
      [three, `${PKI}/A1B2.txt`, 'no plain file'],
    ] as const) {
      const [text] = said(await (await solverIn(root)).publish([proof()]));
      expect(text).toContain(`solver.blocked: ${join(root, path)} is ${what}`);
      await (await solverIn(root)).cleanUp([proof()]);
    }
    expect(await tree(elsewhere)).toEqual([]);
    // The webroot itself may well be one: deployments are switched like that.
    const link = join(await tempFolder(), 'current');
    await symlink(elsewhere, link);
    expect(said(await (await solverIn(link)).publish([proof()]))).toEqual(['done']);
  });

  it('that is missing, or may not be written, is named', async () => {
    const root = join(await tempFolder(), 'nowhere');
    const [missing] = said(await (await solverIn(root)).publish([proof()]));
    expect(missing).toBe(
      `solver.failed: there is no webroot ${root}; write the folder the web server serves under root:, and mount it where certwright runs`,
    );
    const folder = await tempFolder();
    await writeFiles(folder, { 'a-file': '' });
    const [noFolder] = said(await (await solverIn(join(folder, 'a-file'))).publish([proof()]));
    expect(noFolder).toMatch(/^solver\.failed: there is no webroot /);
    // Root may write anywhere.
    if (process.getuid?.() === 0) return;
    await chmod(folder, 0o500);
    const [denied] = said(await (await solverIn(folder)).publish([proof()]));
    expect(denied).toMatch(/cannot be used: .*EACCES.*; let the user certwright runs as write there$/);
  });

  it('is looked at through its web server: served, not there, something else, elsewhere, nobody', async () => {
    const root = await tempFolder();
    const server = createServer((request, response) => {
      if (request.headers.host === 'moved.example.com') response.writeHead(301, { location: '/x' }).end();
      else if (request.headers.host === 'huge.example.com') response.end('x'.repeat(1_000_000));
      else if (request.headers.host !== 'shop.example.com') response.end('<html>');
      else {
        try {
          response.end(readFileSync(join(root, request.url ?? '')));
        } catch {
          response.writeHead(404).end();
        }
      }
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const solver = await solverIn(root, `127.0.0.1:${port}`);
    const at = (host: string) => file(`http://${host}/${PKI}/A1B2.txt`, 'token');
    expect((await solver.visible?.([at('shop.example.com')]))?.[0]).toMatchObject({
      seen: 'no',
      why: 'shop.example.com answers 404',
    });
    await solver.publish([at('shop.example.com')]);
    const hosts = ['shop.example.com', 'other.example.com', 'moved.example.com', 'huge.example.com'];
    const sights = await solver.visible?.([...hosts.map(at), txt('_a.example.com', 'x')]);
    expect(sights?.map(({ seen, why }) => `${seen}: ${why}`)).toEqual([
      'yes: shop.example.com serves it',
      'no: other.example.com serves other content there',
      'cannot-tell: moved.example.com redirects elsewhere',
      'cannot-tell: huge.example.com cannot be looked at: it is larger than any proof',
      'cannot-tell: it is no file',
    ]);
    const nobody = await (await solverIn(root, '127.0.0.1:9')).visible?.([at('shop.example.com')]);
    expect(nobody?.[0]).toMatchObject({ seen: 'cannot-tell', why: expect.stringMatching(/ECONNREFUSED/) });
  });
});
