/** Several runners share the work; then a CA says that some of its certificates have to go by tomorrow. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { git, tempFolder, writeFiles } from '../support/git.js';
import { LONG_MS, openssl, STATE, teamOf } from './stage.js';

const NAMES = ['blog', 'pay', 'shop', 'wiki'];
const APPLY = ['apply', '--yes', '--wait', '10s'];

it('two shards issue everything between them, and a list of serials is replaced once', {
  timeout: LONG_MS,
}, async () => {
  const team = await teamOf({
    files: Object.fromEntries(
      NAMES.map((name) => [`certificates/${name}.yaml`, `domain: ${name}.example.com\n`]),
    ),
  });
  const namesOf = async (shard: string) =>
    (await team.certwright(['status', '-o', 'name', '--shard', shard])).out
      .trim()
      .split('\n')
      .filter(Boolean);
  const shares = [await namesOf('1/2'), await namesOf('2/2')];
  expect(shares.flat().sort()).toEqual(NAMES);

  const first = await team.certwright([...APPLY, '--shard', '1/2']);
  expect(first.code, first.said).toBe(0);
  expect(first.out).toMatch(/Shard 1\/2\. Plan: /);
  expect(await team.orders()).toHaveLength(shares[0]?.length ?? 0);
  const second = await team.certwright(APPLY, { env: { ...team.env, CERTWRIGHT_SHARD: '2/2' } });
  expect(second.code, second.said).toBe(0);
  expect(await team.orders()).toHaveLength(NAMES.length);

  const wrong = await team.certwright([...APPLY, '--shard', '3/2']);
  expect(wrong.code).toBe(1);
  expect(wrong.err).toMatch(/--shard "3\/2" is no shard\n {2}write 2\/5 for the second of five/);
  const empty = await team.certwright(APPLY, { env: { ...team.env, CERTWRIGHT_SHARD: '' } });
  expect(empty.code).toBe(1);

  const folder = await tempFolder();
  /** As openssl tells it, from what is published. */
  const serialOf = async (name: string) => {
    const pem = await git(team.remote.path, 'cat-file', 'blob', `${STATE}:issued/${name}/certificate.pem`);
    await writeFiles(folder, { [`${name}.pem`]: `${pem}\n` });
    return (await openssl('x509', '-in', join(folder, `${name}.pem`), '-noout', '-serial')).replace(
      'serial=',
      '',
    );
  };
  const before = await Promise.all(NAMES.map(serialOf));
  const list = join(folder, 'serials.txt');
  await writeFile(list, `# from the CA\n${before[0]}\n${(before[1] ?? '').replace(/..(?=.)/g, '$&:')}\n`);
  const replace = ['replace', '--serials', list, '--deadline', '24h', '--reason', 'incident 7'];

  const unasked = await team.certwright(replace);
  expect(unasked.code).toBe(1);
  expect(unasked.out).toMatch(/^2 certificates to be replaced by /);
  expect(unasked.err).toMatch(/nobody can answer here: Ask for 2 new certificates/);
  expect((await team.certwright([...replace, '--yes'])).code).toBe(0);
  const applied = await team.certwright(APPLY);
  expect(applied.code, applied.said).toBe(0);
  const after = await Promise.all(NAMES.map(serialOf));
  expect(NAMES.filter((_name, i) => after[i] !== before[i])).toEqual(['blog', 'pay']);

  const again = await team.certwright([...replace, '--yes']);
  expect(again.out).toMatch(/note: replaced already: blog, pay\.\nNothing was recorded\./);
  const told = await team.certwright(['replace', '--status']);
  expect(told.code).toBe(0);
  expect(told.out).toMatch(/incident 7\n {2}2 of 2 replaced, 0 left, by .*: done/);
});
