import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What git itself takes for the state branch: a commit that changes the five files of one certificate, made as the product makes
 * it (one `git fast-import`), and pushed, with all folders beside each other or below teams.
 */
export interface LayoutCost {
  readonly layout: string;
  readonly commitMs: number;
  readonly pushMs: number;
  /** Bytes of loose objects that one commit adds at the remote. */
  readonly looseBytes: number;
  /** Bytes that one commit adds after `git repack -adf`. */
  readonly packedBytes: number;
}

const run = (cwd: string, args: readonly string[], input?: string): string =>
  execFileSync('git', args, {
    cwd,
    maxBuffer: 1 << 30,
    ...(input === undefined ? {} : { input }),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'ignore'],
  })
    .toString()
    .trim();

const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;

/** Text as incompressible as certificates and sealed keys are. */
const secret = (bytes: number): string =>
  randomBytes(Math.ceil(bytes * 0.75))
    .toString('base64')
    .replace(/.{64}/g, '$&\n');

const CHAIN = secret(1800);

/** Sizes of an ECDSA certificate below an intermediate, its key sealed to two recipients, and a status. */
function files(folder: string): string {
  const leaf = secret(1300);
  const status = `${'{"facts":"that stay the same from one issuance to the next"}\n'.repeat(40)}${secret(400)}`;
  return [
    ['status.json', status],
    ['certificate.pem', leaf],
    ['chain.pem', CHAIN],
    ['fullchain.pem', leaf + CHAIN],
    ['key.pem.age', secret(700)],
  ]
    .map(([name, text = '']) => `M 100644 inline ${folder}/${name}\n${data(text)}`)
    .join('');
}

const head = (ref: string, from = ''): string =>
  `commit ${ref}\ncommitter bench <bench@example.com> 1796000000 +0000\n${data('bench')}${from}`;

const looseKib = (remote: string): number => {
  const lines = Object.fromEntries(
    run(remote, ['count-objects', '-v'])
      .split('\n')
      .map((line) => line.split(': ')),
  );
  return Number(lines.size) + Number(lines['size-pack']);
};

const REF = 'refs/heads/certwright/state';
const COMMITS = 40;

/** @param nameOf  folder of the i-th certificate below `issued/` */
export function layoutCost(layout: string, count: number, nameOf: (i: number) => string): LayoutCost {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-bench-'));
  const remote = join(folder, 'remote.git');
  const clone = join(folder, 'clone.git');
  try {
    run(folder, ['init', '--quiet', '--bare', remote]);
    const all = Array.from({ length: count }, (_, i) => `issued/${nameOf(i)}`);
    // One small file each is enough: only the trees matter to what a commit costs.
    const first = all.map((path) => `M 100644 inline ${path}/status.json\n${data(path)}`).join('');
    run(remote, ['fast-import', '--quiet', '--force'], `${head(REF)}${first}\n`);
    run(remote, ['config', 'gc.auto', '0']);
    run(remote, ['config', 'receive.unpackLimit', '100000']);
    run(folder, ['clone', '--quiet', '--bare', remote, clone]);
    run(remote, ['repack', '-adq']);
    const before = looseKib(remote);
    let commitMs = 0;
    let pushMs = 0;
    let tip = run(clone, ['rev-parse', REF]);
    for (let i = 0; i < COMMITS; i++) {
      const path = all[(i * 7919) % count] ?? '';
      const start = performance.now();
      run(clone, ['fast-import', '--quiet', '--force'], `${head(REF, `from ${tip}\n`)}${files(path)}\n`);
      tip = run(clone, ['rev-parse', REF]);
      const made = performance.now();
      run(clone, ['push', '--quiet', '--atomic', 'origin', `${REF}:${REF}`]);
      commitMs += made - start;
      pushMs += performance.now() - made;
    }
    const loose = looseKib(remote) - before;
    run(remote, ['repack', '-adfq']);
    const packed = looseKib(remote) - before;
    return {
      layout,
      commitMs: commitMs / COMMITS,
      pushMs: pushMs / COMMITS,
      looseBytes: (loose * 1024) / COMMITS,
      packedBytes: (packed * 1024) / COMMITS,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
