import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';

const DAY_MS = 24 * 3600 * 1000;
const REPOSITORY_ID = 'bench01';

const hex = (seed: string, length: number): string =>
  createHash('sha512').update(seed).digest('hex').slice(0, length);

const instant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Text of about the size of a PEM block, different for every certificate so that Git cannot share it. */
const pemLike = (seed: string, lines: number): string =>
  [
    '-----BEGIN CERTIFICATE-----',
    ...Array.from({ length: lines }, (_, i) => hex(`${seed}/${i}`, 64)),
    '-----END CERTIFICATE-----',
    '',
  ].join('\n');

const nameOf = (i: number): string =>
  `team-${String(i % 40).padStart(2, '0')}/site-${String(i).padStart(6, '0')}`;
const domainOf = (i: number): string => `site-${i}.team-${i % 40}.example.com`;

/** Twenty lines, as people write them. */
const manifest = (i: number): string => `\
# yaml-language-server: $schema=../../.certwright/schemas/manifest.schema.json
# Shop front of team ${i % 40}, moved here in 2026.
kind: certificate
domains:
  - ${domainOf(i)}
  - www.${domainOf(i)}
  - "*.${domainOf(i)}"
provider: internal
product: positive
term: 1y
autoRenew: true
renewBefore: 30d
reissueBefore: 30d
maxPrice: 40.00 USD
owner: team-${i % 40}
key:
  algorithm: ecdsa-p256
  rotate: always
validation: dns
formats: [pem]
`;

const namesOf = (i: number): readonly string[] =>
  [`*.${domainOf(i)}`, domainOf(i), `www.${domainOf(i)}`].sort();

function certificate(i: number, n: number, nowMs: number) {
  const notBeforeMs = nowMs - 20 * DAY_MS - n * 150 * DAY_MS;
  return {
    serial: hex(`serial/${i}/${n}`, 32),
    sha256: hex(`cert/${i}/${n}`, 64),
    names: namesOf(i),
    notBefore: instant(notBeforeMs),
    notAfter: instant(notBeforeMs + 199 * DAY_MS - 1000),
    issuer: 'CN=Bench Issuing CA,O=Bench',
    keyHash: hex(`key/${i}/${n}`, 64),
    keyAlgorithm: 'ecdsa-p256',
    order: `lca-${hex(`order/${i}/${n < 2 ? 1 : 0}`, 16)}`,
    publishedAt: instant(notBeforeMs + 60_000),
    reason: n === 3 ? 'NoOrder' : 'CertificateEnding',
  };
}

function order(i: number, n: number, nowMs: number) {
  const placedMs = nowMs - 200 * DAY_MS - (1 - n) * 330 * DAY_MS;
  const id = `lca-${hex(`order/${i}/${n}`, 16)}`;
  return {
    id,
    ids: [id],
    reference: `cw${REPOSITORY_ID}-${hex(`ref/${i}/${n}`, 13)}a`,
    ...(n === 0 ? {} : { predecessor: `lca-${hex(`order/${i}/0`, 16)}` }),
    provider: 'internal',
    environment: 'live',
    product: 'positive',
    names: namesOf(i),
    term: '1y',
    placedAt: instant(placedMs),
    paidFrom: instant(placedMs),
    paidTill: instant(placedMs + 365 * DAY_MS),
    state: 'issued',
    charges: [
      {
        at: instant(placedMs),
        action: n === 0 ? 'order' : 'renew',
        quoted: { amount: '31.00', currency: 'USD' },
        charged: { amount: '31.00', currency: 'USD' },
      },
    ],
  };
}

/** Two orders, a current and three previous certificates; nothing of it due. */
const status = (i: number, nowMs: number): string =>
  `${JSON.stringify(
    {
      consumedApprovals: [],
      current: { ...certificate(i, 0, nowMs), ownKey: true },
      failures: {},
      intents: [],
      kind: 'certificate',
      name: nameOf(i),
      orders: [order(i, 0, nowMs), order(i, 1, nowMs)],
      owner: `team-${i % 40}`,
      previous: [1, 2, 3].map((n) => certificate(i, n, nowMs)),
      requests: [],
      validation: [],
      version: 1,
    },
    null,
    2,
  )}\n`;

const configuration = (recipient: string): string => `\
version: 1
id: ${REPOSITORY_ID}
keys:
  recipients: [${recipient}]
  runnerRecipients: [${recipient}]
providers:
  internal:
    type: local-ca
    environment: live
    prices:
      positive:
        1y: { base: 25 USD, names: 3, perName: 6 USD }
policy:
  spending: { perOrder: 100 USD, perDay: 500 USD, perMonth: 2000 USD }
`;

async function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
  if (!stream.write(text)) await new Promise<void>((resolve) => stream.once('drain', () => resolve()));
}

async function commit(
  stream: NodeJS.WritableStream,
  ref: string,
  files: Iterable<readonly [string, string]>,
): Promise<void> {
  await write(
    stream,
    `commit ${ref}\ncommitter bench <bench@example.com> ${Math.floor(Date.now() / 1000)} +0000\ndata 5\nbench\n`,
  );
  for (const [path, text] of files) {
    await write(stream, `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`);
  }
  await write(stream, '\n');
}

function* stateFiles(count: number, nowMs: number, remote: string, recipient: string) {
  yield [
    'issued/_certwright.json',
    `${JSON.stringify({ formatVersion: 1, revision: 1, provenRecipients: [recipient], remote, repositoryId: REPOSITORY_ID }, null, 2)}\n`,
  ] as const;
  for (let i = 0; i < count; i++) {
    const folder = `issued/${nameOf(i)}`;
    const leaf = pemLike(`leaf/${i}`, 24);
    const chain = pemLike('issuing', 26);
    yield [`${folder}/status.json`, status(i, nowMs)] as const;
    yield [`${folder}/certificate.pem`, leaf] as const;
    yield [`${folder}/chain.pem`, chain] as const;
    yield [`${folder}/fullchain.pem`, `${leaf}${chain}`] as const;
    yield [`${folder}/key.pem.age`, pemLike(`key/${i}`, 9)] as const;
  }
}

function* manifestFiles(count: number, recipient: string) {
  yield ['certwright.yaml', configuration(recipient)] as const;
  for (let i = 0; i < count; i++) yield [`certificates/${nameOf(i)}.yaml`, manifest(i)] as const;
}

/** A bare remote with `count` certificates and a clone of it, below `folder`. */
export async function generate(
  folder: string,
  count: number,
  recipient: string,
): Promise<{ readonly remote: string; readonly clone: string }> {
  const remote = join(folder, 'remote.git');
  const clone = join(folder, 'clone');
  mkdirSync(folder, { recursive: true });
  execFileSync('git', ['init', '--quiet', '--bare', '-b', 'main', remote]);
  const importer: ChildProcess = spawn('git', ['fast-import', '--quiet'], {
    cwd: remote,
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const { stdin } = importer;
  if (!stdin) throw new Error('git fast-import takes no input');
  await commit(stdin, 'refs/heads/main', manifestFiles(count, recipient));
  const identity = `local${remote.replace(/\.git$/, '')}`;
  await commit(stdin, 'refs/heads/certwright/state', stateFiles(count, Date.now(), identity, recipient));
  stdin.end();
  await finished(stdin);
  await new Promise<void>((resolve, reject) =>
    importer.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`fast-import ended with ${code}`)),
    ),
  );
  execFileSync('git', ['update-ref', 'refs/heads/certwright/seen', 'refs/heads/certwright/state'], {
    cwd: remote,
  });
  execFileSync('git', ['repack', '-adq'], { cwd: remote });
  execFileSync('git', ['clone', '--quiet', '--depth=1', `file://${remote}`, clone]);
  return { remote, clone };
}
