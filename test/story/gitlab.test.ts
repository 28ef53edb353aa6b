/** The very lines of examples/gitlab, as a runner of GitLab starts them: a detached shallow checkout, variables, bash. */
import { type ExecFileException, execFile } from 'node:child_process';
import { chmod, mkdir, readFile, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { changesIn, cloneOf, commitToRemote, git, httpRemote, setRef, tempFolder } from '../support/git.js';
import { COMMAND, LONG_MS, type Team, teamOf } from './stage.js';

const EXAMPLE = fileURLToPath(new URL('../../examples/gitlab/', import.meta.url));
const example = (file: string): Promise<string> => readFile(join(EXAMPLE, file), 'utf8');

const PASSWORD = 'glpat-of-the-pipeline';
const MERGE_REQUEST = 'refs/merge-requests/7/head';
const PRICED = `providers:
  internal:
    type: local-ca
    environment: live
    prices: { private-server: { 1y: { base: 10 USD } } }
policy:
  spending: { perOrder: 50 USD, perDay: 100 USD, perMonth: 500 USD }
`;
const LINE = 'owner: web\nmaxPrice: 20 USD\nterm: 1y\n';

interface Note {
  readonly id: number;
  readonly author: { readonly id: number };
  body: string;
}

/** Notes of merge request 7 of project 3: https://docs.gitlab.com/api/notes/ */
async function gitLab(token: string) {
  const notes: Note[] = [{ id: 1, author: { id: 99 }, body: '<!-- certwright:plan -->\nmine' }];
  const writes: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://gitlab');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = (status: number, body: unknown, next = '') =>
      response
        .writeHead(status, { 'content-type': 'application/json', 'x-next-page': next })
        .end(JSON.stringify(body));
    if (request.headers['private-token'] !== token) return answer(401, { message: '401 Unauthorized' });
    const sent = chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8')).body;
    const at = /^\/api\/v4\/projects\/3\/merge_requests\/7\/notes(?:\/(\d+))?$/.exec(pathname);
    if (pathname === '/api/v4/user') return answer(200, { id: 5 });
    if (!at) return answer(404, { message: '404 Not found' });
    if (request.method === 'GET') {
      const page = Number(searchParams.get('page'));
      return answer(200, notes.slice(page - 1, page), page < notes.length ? String(page + 1) : '');
    }
    writes.push(request.method ?? '');
    const note = notes.find(({ id }) => id === Number(at[1]));
    if (note) note.body = sent;
    else notes.push({ id: notes.length + 1, author: { id: 5 }, body: sent });
    return answer(request.method === 'POST' ? 201 : 200, note ?? notes.at(-1));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v4`, notes, writes };
}

interface Job {
  readonly script: readonly string[];
}

/** A clone as the runner makes it: one commit deep, detached at a ref, without a branch. */
async function checkoutOf(team: Team, url: string, ref: string): Promise<string> {
  const folder = await cloneOf({ url: `file://${team.remote.path}` }, '--depth=1', '--no-checkout');
  await git(folder, 'fetch', '--quiet', '--depth=1', 'origin', ref);
  await git(folder, 'checkout', '--quiet', '--detach', 'FETCH_HEAD');
  await git(folder, 'branch', '--quiet', '-D', 'main');
  await git(folder, 'remote', 'set-url', 'origin', url);
  return folder;
}

it('plans merge requests in one note and carries out what was merged, from detached shallow checkouts', {
  timeout: LONG_MS,
}, async () => {
  const remote = await httpRemote({ files: {}, user: 'certwright', password: PASSWORD });
  const url = remote.url.replace('://', `://certwright:${PASSWORD}@`);
  const team = await teamOf({
    remote: { path: remote.path, url },
    providers: PRICED,
    files: {
      'certificates/shop.yaml': `domain: shop.example.com\n${LINE}`,
      '.gitlab-ci.yml': await example('.gitlab-ci.yml'),
      '.gitlab/comment.mjs': await example('.gitlab/comment.mjs'),
    },
  });
  const api = await gitLab('glpat-comment');
  const bin = join(await tempFolder(), 'bin');
  await mkdir(bin);
  await symlink(COMMAND, join(bin, 'certwright'));
  await chmod(COMMAND, 0o755);

  const run = async (job: 'plan' | 'apply', ref: string, variables: Readonly<Record<string, string>>) => {
    const folder = await checkoutOf(team, job === 'plan' ? url : 'http://127.0.0.1:9/elsewhere.git', ref);
    const { script } = (parse(await example('.gitlab-ci.yml')) as Record<typeof job, Job>)[job];
    const env = {
      ...team.env,
      PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH}`,
      CI_PROJECT_URL: remote.url.replace(/\.git$/, ''),
      CI_PROJECT_ID: '3',
      CI_API_V4_URL: api.url,
      CI_MERGE_REQUEST_IID: '7',
      CI_MERGE_REQUEST_REF_PATH: MERGE_REQUEST,
      CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
      ...variables,
    };
    const ended = await new Promise<{ code: number; out: string; err: string }>((settle) => {
      const whole = ['set -eo pipefail', ...script].join('\n');
      execFile('bash', ['-c', whole], { cwd: folder, env }, (error: ExecFileException | null, out, err) =>
        settle({ code: error ? Number(error.code) : 0, out, err }),
      );
    });
    return { ...ended, folder };
  };
  const propose = async (files: Readonly<Record<string, string>>): Promise<void> => {
    await setRef(remote, 'refs/heads/wiki', await git(remote.path, 'rev-parse', 'main'));
    await setRef(remote, MERGE_REQUEST, await commitToRemote(remote, 'wiki', files));
  };
  const comments = { CERTWRIGHT_COMMENT_TOKEN: 'glpat-comment' };
  const before = await team.refs();

  await propose({ 'certificates/wiki.yaml': `domain: wiki.example.com\n${LINE}` });
  const planned = await run('plan', MERGE_REQUEST, comments);
  expect(planned, planned.out + planned.err).toMatchObject({ code: 0, err: '' });
  expect(api.notes).toHaveLength(2);
  expect(api.notes[1]?.body).toMatch(/^<!-- certwright:plan -->\n\*\*Plan: 1 to order \(10\.00 USD\)/);
  expect(api.notes[1]?.body).toContain('`wiki`');
  expect(api.notes[1]?.body).not.toContain('`shop`');
  expect(planned.out).toContain('1 to order');
  expect(await changesIn(planned.folder)).toBe('?? plan.md');
  await run('plan', MERGE_REQUEST, comments);
  expect(api.writes).toEqual(['POST']);

  // What is wrong makes the job red, and stands in the same note; what is a stranger's text is no markup.
  await propose({ 'certificates/wiki.yaml': 'domain: wiki.example.com\n"@all <b>": 1\n' });
  const wrong = await run('plan', MERGE_REQUEST, comments);
  expect(wrong.code).toBe(1);
  expect(api.notes[1]?.body).toMatch(/\*\*Error\*\* at `certificates\/wiki\.yaml:2`/);
  expect(api.notes[1]?.body).not.toMatch(/@all|<b>/);

  await propose({ 'README.md': 'hello\n' });
  const nothing = await run('plan', MERGE_REQUEST, comments);
  expect(nothing).toMatchObject({ code: 0, out: '' });
  expect(api.notes[1]?.body).toContain('changes nothing');
  expect(api.notes[0]?.body).toBe('<!-- certwright:plan -->\nmine');
  expect(api.writes).toEqual(['POST', 'PUT', 'PUT']);
  expect(Object.keys(await team.refs()).filter((ref) => !(ref in before))).toEqual([
    'refs/heads/wiki',
    MERGE_REQUEST,
  ]);

  await propose({ 'certificates/wiki.yaml': `domain: wiki.example.com\n${LINE}` });
  expect((await run('plan', MERGE_REQUEST, {})).code).toBe(0);
  await setRef(remote, 'refs/heads/main', await git(remote.path, 'rev-parse', MERGE_REQUEST));
  const refused = await run('apply', 'main', { CERTWRIGHT_PUSH_TOKEN: 'wrong' });
  expect(refused.code).toBe(1);
  const applied = await run('apply', 'main', { CERTWRIGHT_PUSH_TOKEN: PASSWORD });
  expect(applied, applied.out + applied.err).toMatchObject({ code: 0 });
  expect(await team.orders()).toHaveLength(2);
  for (const name of ['shop', 'wiki']) expect((await team.status(name)).current).toBeDefined();
  expect(await changesIn(applied.folder)).toBe('');
  const again = await run('apply', 'main', { CERTWRIGHT_PUSH_TOKEN: PASSWORD });
  expect(again.out).toContain('No changes');
  expect(await team.orders()).toHaveLength(2);
  for (const { out, err } of [planned, wrong, refused, applied]) expect(out + err).not.toContain('glpat');
});
