/**
 * The SSL Store as a team meets it: the command's own sandbox as a process, settings that are wrong one after the other, and
 * what a log tells of all that went over the wire.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { git, tempFolder } from '../support/git.js';
import { controlRoutes, flat } from './rehearsal.js';
import { exported, serving } from './serving.js';
import { type Ended, LONG_MS, STATE, type Team, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const MANIFEST = 'domain: shop.example.com\nprovider: store\nterm: 1y\nowner: team\nmaxPrice: 25 USD\n';

async function rehearsal() {
  const { printed, url } = await serving(await tempFolder(), [
    'sandbox',
    'thesslstore',
    '--set',
    'autoApprove=true',
  ]);
  const said = exported(printed);
  const partner = said.THESSLSTORE_PARTNER_CODE ?? '';
  const token = said.THESSLSTORE_TOKEN ?? '';
  const team = await teamOf({
    providers: `providers:
  store:
    type: thesslstore
    environment: rehearsal
    url: ${url}
    credentials: { partnerCode: "\${STORE_PARTNER}", authToken: "\${STORE_TOKEN}" }
    owner: billing
contacts:
  acme: { admin: { firstName: Ann, lastName: Lee, phone: "\${ANN_PHONE}", email: "\${ANN_EMAIL}" } }
policy:
  spending: { perOrder: 100 USD, perDay: 500 USD }
`,
    env: {
      STORE_PARTNER: partner,
      STORE_TOKEN: token,
      ANN_PHONE: '+49 30 5550100',
      ANN_EMAIL: 'ann@example.org',
    },
    files: { 'certificates/shop.yaml': MANIFEST },
  });
  const { control } = controlRoutes(said);
  const faults = (path: string, body: object) => control('POST', path, body);
  return { team, url, token, faults };
}

/** The checkout as it is edited, not merged. */
async function edited(
  team: Team,
  file: string,
  change: (text: string) => string,
): Promise<() => Promise<void>> {
  const path = join(team.clone, file);
  const before = await readFile(path, 'utf8');
  await writeFile(path, change(before));
  return () => writeFile(path, before);
}

describe('a setting that is wrong', () => {
  it('is named by check and by plan', async () => {
    const { team, url, faults } = await rehearsal();
    const expectSaid = ({ code, said }: Ended, exit: number, ...texts: readonly string[]) => {
      expect(code, said).toBe(exit);
      for (const text of texts) expect(flat(said)).toContain(text);
    };
    expectSaid(await team.certwright(['check']), 0, 'store thesslstore REHEARSAL fine 1000.00 USD');

    for (const wrong of [{ STORE_TOKEN: 'wrong' }, { STORE_PARTNER: '99999999' }]) {
      const env = { ...team.env, ...wrong };
      const says = 'The SSL Store refuses partner code or token (code -9008: "Token/Authentication Failure")';
      expectSaid(
        await team.certwright(['check'], { env }),
        1,
        says,
        'Check partnerCode and authToken (live and sandbox have pairs of their own)',
        'partnerCode (STORE_PARTNER), authToken (STORE_TOKEN)',
      );
      expectSaid(
        await team.certwright(['plan'], { env }),
        1,
        says,
        'check the credentials and the address of store',
      );
    }
    const unset = { ...team.env, STORE_TOKEN: '' };
    expectSaid(await team.certwright(['check'], { env: unset }), 1, 'not set: STORE_TOKEN');
    expectSaid(await team.certwright(['plan'], { env: unset }), 1, 'the variable STORE_TOKEN is not set');

    let undo = await edited(team, 'certwright.yaml', (text) => text.replace(url, 'http://127.0.0.1:1'));
    const refused = 'http://127.0.0.1:1 could not be reached: port 1 refused the connection (ECONNREFUSED)';
    expectSaid(await team.certwright(['check']), 1, refused, 'does http://127.0.0.1:1 answer from here');
    expectSaid(await team.certwright(['plan']), 1, refused);
    await undo();

    undo = await edited(team, 'certwright.yaml', (text) => text.replace(url, `${url}/api`));
    const noCall = 'HTTP status 404: there is no such call at this address; check `url`';
    expectSaid(await team.certwright(['check']), 1, noCall);
    expectSaid(await team.certwright(['plan']), 1, noCall);
    await undo();

    await faults('faults', { fault: 'status:403@any*always' });
    const blocked = 'HTTP status 403: does the account allow the address of this machine?';
    expectSaid(await team.certwright(['check']), 1, blocked);
    expectSaid(await team.certwright(['plan']), 1, blocked);
    await faults('faults/clear', {});

    const manifest = (change: (text: string) => string) => edited(team, 'certificates/shop.yaml', change);
    undo = await manifest((text) => `${text}product: positivessel\n`);
    expectSaid(
      await team.certwright(['plan']),
      1,
      'certificates/shop.yaml:6:10: error: "store" does not sell "positivessel". Did you mean "positivessl"?',
    );
    await undo();
    undo = await manifest((text) => text.replace('1y', '7y'));
    expectSaid(
      await team.certwright(['plan']),
      1,
      'certificates/shop.yaml:3:7: error:',
      'for 7y. Write 1y, 2y, 3y, 4y or 5y.',
    );
    await undo();
    undo = await manifest((text) => text.replace('1y', '5y'));
    const todo = 'to do change the product, the term, the names or the provider in the manifest';
    expectSaid(
      await team.certwright(['plan']),
      0,
      'held store: positivessl is not sold for 5y to this account; months on sale: 12, 24, 36',
      todo,
    );
    await undo();
    undo = await manifest(
      (text) => `${text.replace('shop.', '"*.').replace('.com', '.com"')}product: essentialssl-wildcard\n`,
    );
    expectSaid(
      await team.certwright(['plan']),
      0,
      'held store: this account is not sold essentialssl-wildcard (essentialwildcard)',
      todo,
    );
    await undo();
  });
});

it('an environment that is changed in place is refused by every command that would ask the account for orders', async () => {
  const { team } = await rehearsal();
  expect((await team.certwright(['apply', '--yes'])).code).toBe(0);
  const before = await readFile(join(team.clone, 'certwright.yaml'), 'utf8');
  const flipped = before.replace('environment: rehearsal', 'environment: test');
  const line = flipped.split('\n').findIndex((text) => text.includes('environment: test')) + 1;
  await team.merge({ 'certwright.yaml': flipped });
  const refs = await team.refs();
  for (const args of [
    ['plan'],
    ['apply', '--yes'],
    ['sync'],
    ['import'],
    ['simulate', '--until', '2028-01-01'],
  ]) {
    const { code, said } = await team.certwright(args);
    expect(code, said).toBe(1);
    expect(said).toMatch(
      new RegExp(
        `^certwright\\.yaml:${line}:18: error: "store" cannot become test: order \\d+ of shop is recorded there as rehearsal\\.$`,
        'm',
      ),
    );
  }
  expect(await team.refs()).toEqual(refs);
  // What stands on record is told as before.
  expect((await team.certwright(['status'])).code).toBe(0);
  await team.merge({ 'certwright.yaml': before });
  expect((await team.certwright(['apply', '--yes'])).code).toBe(0);
});

interface Line {
  readonly level: string;
  readonly run: string;
  readonly provider?: string;
  readonly call?: string;
  readonly sent?: string;
  readonly received?: string;
}

const linesOf = ({ err }: Ended): readonly Line[] =>
  err
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);

describe('the log', () => {
  it('shows every exchange with the account without its credentials, under the id that commits and comments have', async () => {
    const { team, token } = await rehearsal();
    await team.merge({ 'certificates/shop.yaml': `${MANIFEST}contacts: acme\n` });
    const logged = (CERTWRIGHT_LOG: string, ...args: readonly string[]) =>
      team.certwright(args, { env: { ...team.env, CERTWRIGHT_LOG } });
    const applied = await logged('debug', 'apply', '--yes');
    expect(applied.code, applied.said).toBe(0);
    const lines = linesOf(applied);
    const order = lines.find(({ call }) => call === 'POST /rest/order/neworder/');
    expect(order?.sent).toContain('"ProductCode":"positivessl"');
    expect(order?.sent).toContain('"AuthToken":"[redacted]"');
    expect(order?.sent).toContain('"FirstName":"Ann"');
    expect(order?.sent).toContain('"Phone":"[redacted]"');
    expect(order?.received).toMatch(/"TheSSLStoreOrderID":"\d+"/);
    expect(order?.received).toContain('"Token":"[redacted]"');
    for (const secret of [token, '5550100', 'ann@example.org']) expect(applied.said).not.toContain(secret);

    const [run] = new Set(lines.map((line) => line.run));
    expect(new Set(lines.map((line) => line.run)).size).toBe(1);
    const trailers = (
      await git(
        team.remote.path,
        'log',
        '--format=%(trailers:key=Certwright-Run,valueonly,separator=%x2C)',
        STATE,
      )
    )
      .split('\n')
      .filter((line) => line !== '');
    // Announced, placed and published by this run; set up by another.
    expect(trailers.slice(0, 3)).toEqual([run, run, run]);
    expect(trailers.at(-1)).not.toBe(run);
    expect(trailers).toHaveLength(Number(await git(team.remote.path, 'rev-list', '--count', STATE)));

    const comment = await logged('info', 'plan', '-o', 'markdown');
    expect(comment.out).toMatch(/<sub>run [0-9a-f]{8}<\/sub>\n$/);

    // Nothing to do, nothing written: no run leaves its id behind for nothing.
    const refs = await team.refs();
    await team.certwright(['apply', '--yes']);
    expect(await team.refs()).toEqual(refs);
  });

  it('is louder for one account or type, and tells what it does not understand', async () => {
    const { team } = await rehearsal();
    const logged = (CERTWRIGHT_LOG: string) =>
      team.certwright(['plan'], { env: { ...team.env, CERTWRIGHT_LOG } });
    for (const component of ['store', 'thesslstore']) {
      const lines = linesOf(await logged(`${component}=debug`));
      expect(lines.length).toBeGreaterThan(0);
      expect(new Set(lines.map(({ provider }) => provider))).toEqual(new Set(['store']));
    }
    expect(linesOf(await logged('git=debug')).length).toBeGreaterThan(0);
    const quiet = linesOf(await logged('debug,store=error,git=error'));
    expect(quiet.filter(({ provider }) => provider === 'store')).toEqual([]);
    expect((await logged('loud')).err).toContain(
      'warning: CERTWRIGHT_LOG: "loud" is neither a level (silent, error, warn, info, debug) nor component=level',
    );
  });
});
