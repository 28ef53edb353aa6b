import { spawnSync } from 'node:child_process';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/model/json.js';
import { tempFolder, writeFiles } from '../../support/git.js';
import { cname, file, type SolverOptions, said, solverOf, txt } from '../../support/solver.js';

/** A hook in a folder of its own. */
async function hookOf(
  script: string,
  options: Readonly<Record<string, Json>> = {},
  more: Partial<SolverOptions> = {},
) {
  const folder = await tempFolder();
  await writeFiles(folder, { 'hook.sh': `#!/bin/sh\n${script}\n` });
  await chmod(join(folder, 'hook.sh'), 0o755);
  const solver = await solverOf({
    type: 'exec',
    id: 'hook',
    folder,
    ...more,
    options: { run: ['./hook.sh'], ...options },
  });
  return { folder, solver, log: () => readFile(join(folder, 'log'), 'utf8') };
}

const RECORD = txt('_acme-challenge.shop.example.com', 'token');

/** Does this process still run? One that nobody buried yet does not. */
function lives(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

describe('a program of the user', () => {
  it('is told by arguments as lego tells, by the environment by name, and of nothing else', async () => {
    const { solver, log } = await hookOf(
      'echo "$#|$1|$2|$3" >> log; env | grep -v "^\\(PWD\\|SHLVL\\|_\\|OLDPWD\\)=" | sort >> log',
      { environment: ['DNS_TOKEN', 'NOT_SET'] },
      { variables: { PATH: process.env.PATH ?? '', DNS_TOKEN: 'hunter2', SHOP_PASSWORD: 'never' } },
    );
    const path = '/.well-known/pki-validation/A.txt';
    expect(
      said(await solver.publish([cname('_a.shop.example.com', 'b.example.org; rm -rf $HOME `id`')])),
    ).toEqual(['done']);
    expect(said(await solver.cleanUp([file(`http://www.example.com${path}`, 'one\ntwo')]))).toEqual(['done']);
    expect(await log()).toBe(
      [
        '3|present|_a.shop.example.com.|b.example.org; rm -rf $HOME `id`',
        'CERTWRIGHT_ACTION=present',
        'CERTWRIGHT_OWNER=_a.shop.example.com',
        'CERTWRIGHT_TYPE=CNAME',
        'CERTWRIGHT_VALUE=b.example.org; rm -rf $HOME `id`',
        'DNS_TOKEN=hunter2',
        `PATH=${process.env.PATH}`,
        `3|cleanup|http://www.example.com${path}|one`,
        'two',
        'CERTWRIGHT_ACTION=cleanup',
        'CERTWRIGHT_CONTENT=one',
        'CERTWRIGHT_HOST=www.example.com',
        `CERTWRIGHT_PATH=${path}`,
        'CERTWRIGHT_TYPE=file',
        `CERTWRIGHT_URL=http://www.example.com${path}`,
        'DNS_TOKEN=hunter2',
        `PATH=${process.env.PATH}`,
        'two',
        '',
      ].join('\n'),
    );
  });

  it('that fails says what it printed last, free of what it was given and of what a terminal would obey', async () => {
    const { solver } = await hookOf(
      `echo "looking at the zone"; printf 'API answered \\033[31m401\\033[0m for hunter2\\a\\n' >&2; exit 3`,
      { environment: ['DNS_TOKEN'] },
      { variables: { PATH: process.env.PATH ?? '', DNS_TOKEN: 'hunter2' } },
    );
    expect(said(await solver.publish([RECORD]))).toEqual([
      'solver.failed: solver hook: ./hook.sh present ended with exit code 3: API answered 401 for [redacted]; run it by hand with the same arguments',
    ]);
  });

  it('that prints without end, or what is no text, is kept to a line', async () => {
    const huge = await hookOf(
      'head -c 5000000 /dev/zero | tr "\\0" x; echo; yes z | head -c 300000; echo the end; exit 1',
    );
    expect(said(await huge.solver.publish([RECORD]))[0]).toContain('exit code 1: the end;');
    const rubbish = await hookOf('head -c 100000 /dev/urandom; exit 1');
    const [text = ''] = said(await rubbish.solver.publish([RECORD]));
    expect(text).toMatch(/^solver\.failed: solver hook: \.\/hook\.sh present ended with exit code 1/);
    expect(text.length).toBeLessThan(400);
    expect(text).not.toMatch(/\p{Cc}/u);
  });

  it('that hangs is ended with everything it started', async () => {
    const { solver, log } = await hookOf('echo $$ > log; sleep 600 & echo $! >> log; wait', {
      timeout: '1s',
    });
    expect(said(await solver.publish([RECORD]))).toEqual([
      'solver.failed: solver hook: ./hook.sh present took longer than 1 s; raise timeout:, or see why it hangs',
    ]);
    const pids = (await log()).trim().split('\n').map(Number);
    expect(pids).toHaveLength(2);
    await expect.poll(() => pids.filter(lives)).toEqual([]);
  });

  it('that leaves something running in the background does not keep the run, and takes it along', async () => {
    const { solver, log } = await hookOf('sleep 600 & echo $! > log; exit 0');
    expect(said(await solver.publish([RECORD]))).toEqual(['done']);
    const pid = Number(await log());
    await expect.poll(() => lives(pid)).toBe(false);
  });

  it('is ended by Ctrl-C', async () => {
    const stop = new AbortController();
    const { solver, log } = await hookOf('echo $$ > log; sleep 600', {}, { signal: stop.signal });
    const running = solver.publish([RECORD]);
    const ended = expect(running).rejects.toMatchObject({ code: 'interrupted' });
    await expect.poll(() => log().catch(() => '')).toMatch(/^\d+\n$/);
    stop.abort();
    await ended;
    const pid = Number(await log());
    await expect.poll(() => lives(pid)).toBe(false);
    await expect(solver.cleanUp([RECORD])).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('that is not there, or not executable, is named; the other records are tried', async () => {
    const { solver } = await hookOf('', { run: ['./nowhere.sh'] });
    const outcomes = said(await solver.publish([RECORD, RECORD]));
    expect(outcomes).toHaveLength(2);
    expect(outcomes[1]).toMatch(
      /^solver\.failed: solver hook: \.\/nowhere\.sh cannot be started: .*ENOENT; correct run:, or make the file executable$/,
    );
    const one = await hookOf('[ "$3" = good ]');
    expect(
      said(await one.solver.publish([RECORD, txt('_a.example.com', 'good')])).map((text) =>
        text.slice(0, 13),
      ),
    ).toEqual(['solver.failed', 'done']);
  });

  it('written for lego, or for dehydrated behind the glue of the examples, serves as it is', async () => {
    const glue = fileURLToPath(
      new URL('../../../examples/domain-validation/hooks/dehydrated.sh', import.meta.url),
    );
    const { solver, log } = await hookOf('echo "$@" >> log', { run: [glue, './hook.sh'] });
    const challenge = txt('_acme-challenge.shop.example.com', 'token');
    expect(said(await solver.publish([challenge, cname('_a.shop.example.com', 'b.example.org')]))).toEqual([
      'done',
      `solver.failed: solver hook: ${glue} ./hook.sh present ended with exit code 1: a hook for dehydrated cannot publish a CNAME record; run it by hand with the same arguments`,
    ]);
    expect(said(await solver.cleanUp([challenge]))).toEqual(['done']);
    expect(await log()).toBe(
      'deploy_challenge shop.example.com - token\nclean_challenge shop.example.com - token\n',
    );
  });

  it('that calls an API keeps its token out of argument lists', async () => {
    const hook = fileURLToPath(
      new URL('../../../examples/domain-validation/hooks/dns-api.sh', import.meta.url),
    );
    const { folder, solver, log } = await hookOf(
      '',
      { run: [hook], environment: ['DNS_API', 'DNS_API_TOKEN'] },
      {
        variables: { PATH: '.:/usr/bin:/bin', DNS_API: 'http://127.0.0.1:9', DNS_API_TOKEN: 'hunter2' },
      },
    );
    await writeFiles(folder, { curl: '#!/bin/sh\n{ echo "$@"; cat; } >> log\n' });
    await chmod(join(folder, 'curl'), 0o755);
    expect(said(await solver.publish([cname('_a.shop.example.com', 'b.example.org')]))).toEqual(['done']);
    const [called, ...fed] = (await log()).split('\n');
    expect(called).toContain(
      '--request PUT --data-urlencode type=CNAME --data-urlencode name=_a.shop.example.com',
    );
    expect(called).not.toContain('hunter2');
    expect(fed.join()).toContain('Bearer hunter2');
  });

  it('cannot look', async () => {
    expect((await hookOf('')).solver.visible).toBeUndefined();
  });
});
