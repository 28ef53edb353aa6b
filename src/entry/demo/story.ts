import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CertError } from '../../model/errors.js';
import { shellWord } from '../../report/escape.js';
import { certificateFacts } from './certificate-facts.js';
import {
  ADDED_CONFIGURATION,
  MANIFESTS,
  SHOP_FOR_TWO_YEARS,
  SHOP_WITH_ONE_MORE_NAME,
  withAddedConfiguration,
} from './files.js';
import type { Stage } from './folders.js';
import type { Narrator } from './narrator.js';

const STATE = 'origin/certwright/state';
const COMMAND = fileURLToPath(new URL('../../../bin/certwright.js', import.meta.url));

/** The chapters, in order. @throws CertError when something does not go as it is told */
export async function tellStory(n: Narrator, stage: Stage): Promise<void> {
  n.tell(
    'certwright, from YAML to certificates in Git. Everything here is real: a bare remote, a clone, ' +
      'X.509 certificates of an embedded private CA. Nothing leaves this machine.',
  );
  await setUp(n, stage);
  await declare(n, stage);
  await planAndApply(n);
  await lookAround(n, stage);
  await applyAgain(n, stage);
  await editForFree(n, stage);
  await editThatCosts(n, stage);
  end(n, stage);
}

async function setUp(n: Narrator, stage: Stage): Promise<void> {
  n.chapter('1. A repository');
  n.prompt('git init --bare remote.git && git clone remote.git repo && cd repo');
  await n.quietGit(stage.root, 'init', '--bare', '--quiet', '-b', 'main', '--template=', stage.remote);
  await n.quietGit(stage.root, 'clone', '--quiet', '--template=', stage.remote, stage.repo);
  // A clone of an empty repository takes its branch from the settings of whoever clones.
  await n.quietGit(stage.repo, 'symbolic-ref', 'HEAD', 'refs/heads/main');
  await n.certwright('init', '--single-recipient', '--identity-file', stage.identity);
  n.prompt('rm certificates/example.yaml');
  rmSync(join(stage.repo, 'certificates/example.yaml'));
  await commitAndPush(n, 'Set up certwright');
}

async function commitAndPush(n: Narrator, message: string): Promise<void> {
  await n.git('add', '-A');
  await n.git('commit', '-q', '-m', message);
  await n.git('push', '-q', '-u', 'origin', 'main');
}

async function declare(n: Narrator, stage: Stage): Promise<void> {
  n.chapter('2. Three certificates, declared');
  for (const [path, text] of Object.entries(MANIFESTS)) {
    write(stage, path, text);
    n.tell(`${path}:`);
    n.quote(text);
  }
  n.tell('The third one is bought. So certwright.yaml gets an account with prices, and limits:');
  const configuration = join(stage.repo, 'certwright.yaml');
  writeFileSync(configuration, withAddedConfiguration(readFileSync(configuration, 'utf8')));
  n.quote(ADDED_CONFIGURATION);
}

async function planAndApply(n: Narrator): Promise<void> {
  n.chapter('3. The plan: what would be done, why, and what it costs');
  await n.certwright('plan');
  n.chapter('4. Merged is approved');
  n.tell('A team reviews this plan on a pull request. Alone, a push to main will do:');
  await commitAndPush(n, 'Declare three certificates');
  await n.certwright('apply', '--yes');
}

async function lookAround(n: Narrator, stage: Stage): Promise<void> {
  const read = (path: string) => n.quietGit(stage.repo, 'show', `${STATE}:${path}`);
  n.chapter('5. What landed where');
  n.tell('On the branch certwright/state of the remote, which only certwright writes:');
  await n.git('fetch', '-q', 'origin');
  await n.git('ls-tree', '-r', '--name-only', STATE);
  n.tell('Each order is a promise first, then a fact, then a certificate:');
  await n.git('log', '--oneline', STATE);
  n.tell('issued/shop/certificate.pem, as openssl would describe it:');
  n.quote(certificateFacts(await read('issued/shop/certificate.pem'), await read('issued/shop/chain.pem')));
  n.tell(
    'Its private key is sealed to your identity (age) and is never written in clear. key.pem.age begins:',
  );
  n.quote((await read('issued/shop/key.pem.age')).split('\n')[0] ?? '');
}

async function applyAgain(n: Narrator, stage: Stage): Promise<void> {
  const refs = () => n.quietGit(stage.repo, 'ls-remote', 'origin');
  const heads = () => n.git('ls-remote', 'origin', 'refs/heads/certwright/*');
  n.chapter('6. Again, with nothing to do');
  const before = await refs();
  await heads();
  await n.certwright('apply', '--yes');
  await heads();
  if ((await refs()) !== before)
    throw new CertError('internal', 'an apply with nothing to do wrote a commit');
  n.tell('The same commits before and after: a run with nothing to do changes nothing.');
}

async function editForFree(n: Narrator, stage: Stage): Promise<void> {
  n.chapter('7. An edit that is paid already');
  n.tell('One more name in certificates/shop.yaml, and another file name for the wiki:');
  n.quote(SHOP_WITH_ONE_MORE_NAME.split('\n')[0] ?? '');
  write(stage, 'certificates/shop.yaml', SHOP_WITH_ONE_MORE_NAME);
  await n.git('mv', 'certificates/wiki.yaml', 'certificates/docs.yaml');
  await n.certwright('plan');
}

async function editThatCosts(n: Narrator, stage: Stage): Promise<void> {
  n.chapter('8. An edit that costs');
  n.tell('certificates/shop.yaml for two years, and at once:');
  n.quote(SHOP_FOR_TWO_YEARS);
  write(stage, 'certificates/shop.yaml', SHOP_FOR_TWO_YEARS);
  await n.certwright('plan', 'shop');
  n.tell(
    'Public certificates live at most 200 days (100 from 2027-03-15, 47 from 2029-03-15), so a paid term ' +
      'is several of them: certwright reissues them for free until it ends.',
  );
}

function end(n: Narrator, stage: Stage): void {
  n.chapter('What to look at next');
  if (!stage.kept) {
    n.tell('The folder of this demo is gone now. To keep one: npm run demo -- --dir my-demo');
    n.tell('Your own repository: docs/getting-started.md. How it works: docs/how-it-works.md');
    return;
  }
  n.tell(`In ${stage.root}:`);
  n.quote(
    [
      'remote.git    what a server would hold',
      'repo          the clone; the last edits are not committed yet',
      'identity.txt  opens the private keys: for this demo only',
    ].join('\n'),
  );
  n.tell('Try:');
  n.quote(
    [
      `cd ${shellWord(stage.repo)}`,
      `alias certwright=${shellWord(`${shellWord(process.execPath)} ${shellWord(COMMAND)}`)}`,
      `export CERTWRIGHT_IDENTITY=${shellWord(stage.identity)}`,
      'certwright status',
      'certwright show shop',
      'certwright export shop --out ..',
      'git commit -am "Two years" && git push && certwright apply',
    ].join('\n'),
  );
}

function write(stage: Stage, path: string, text: string): void {
  const target = join(stage.repo, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}
