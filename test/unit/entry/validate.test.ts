import { describe, expect, test } from 'vitest';
import { run } from '../../../src/entry/cli/validate.js';
import { testContext } from '../../support/context.js';
import { cloneOf, commitFiles, type Files, fileRemote, tempFolder, writeFiles } from '../../support/git.js';
import { CONFIGURATION } from '../../support/state.js';

const FINE: Files = {
  'certwright.yaml': CONFIGURATION,
  'certificates/shop.yaml': 'domain: shop.example.com\n',
  'certificates/two.yaml': 'name: a\ndomain: a.example.com\n---\nname: b\ndomain: b.example.com\n',
};

const WRONG: Files = {
  'certificates/team/_defaults.yaml': 'ownr: web\n',
  'certificates/other/bad.yaml': 'domain: not a name\n',
  'approvals/x.yaml': 'certificate: shop\n',
};

async function validate(cwd: string, json = false) {
  const context = testContext({ cwd });
  const code = await run(context, { json, identity: [] });
  return { code, out: context.out(), err: context.err() };
}

async function folderWith(files: Files): Promise<string> {
  const folder = await tempFolder();
  await writeFiles(folder, files);
  return folder;
}

describe('validate', () => {
  test('says how many manifests are fine, outside Git too', async () => {
    const { out, err, code } = await validate(await folderWith(FINE));
    expect(out).toBe('3 manifests are fine.\n');
    expect(err).toBe('note: nothing of this is committed yet\n');
    expect(code).toBe(0);
  });

  test('does not ask for a manifest where the only one is wrong', async () => {
    const files = {
      ...FINE,
      'certificates/two.yaml': null,
      'certificates/shop.yaml': 'domian: shop.example.com\n',
    };
    const { out, code } = await validate(await folderWith(files));
    expect(out).toContain('2 errors in 1 file.');
    expect(out).not.toContain('No manifest to check');
    expect(code).toBe(1);
  });

  test('finds what is wrong in every kind of file at once', async () => {
    const { out, code } = await validate(await folderWith({ ...FINE, ...WRONG }));
    expect(code).toBe(1);
    for (const place of [
      'certificates/team/_defaults.yaml:1:1:',
      'certificates/other/bad.yaml:1:9:',
      'approvals/x.yaml:1:1:',
    ]) {
      expect(out).toContain(`${place} error:`);
    }
    expect(out).toContain('3 manifests are fine.');
  });

  test('a configuration that is wrong is told with its place', async () => {
    const broken = CONFIGURATION.replace('type: local-ca', 'type: lokal-ca');
    const { out, code } = await validate(await folderWith({ ...FINE, 'certwright.yaml': broken }));
    expect(out).toMatch(/^certwright\.yaml:7:11: error: .*lokal-ca/);
    expect(out).not.toContain('fine');
    expect(code).toBe(1);
  });

  test('without a configuration says what to run', async () => {
    const { out, code } = await validate(await folderWith({}));
    expect(out).toContain('certwright init');
    expect(code).toBe(1);
  });

  test('without a manifest says where one goes', async () => {
    const { out, code } = await validate(await folderWith({ 'certwright.yaml': CONFIGURATION }));
    expect(out).toContain('put one under certificates/');
    expect(code).toBe(0);
  });

  test('notes what is not committed, and only then', async () => {
    const clone = await cloneOf(await fileRemote(FINE));
    expect((await validate(clone)).err).toBe('');
    await writeFiles(clone, { 'certificates/more.yaml': 'domain: more.example.com\n' });
    const dirty = await validate(clone);
    expect(dirty.out).toBe('4 manifests are fine.\n');
    expect(dirty.err).toContain('uncommitted changes');
    await commitFiles(clone, {});
    expect((await validate(clone)).err).toBe('');
  });

  test('needs no remote that answers', async () => {
    const remote = await fileRemote(FINE);
    const clone = await cloneOf(remote);
    await writeFiles(remote.path, { HEAD: null });
    expect((await validate(clone)).code).toBe(0);
  });

  test('prints one JSON document', async () => {
    const folder = await folderWith({ ...FINE, ...WRONG });
    const { out, err, code } = await validate(folder, true);
    const told = JSON.parse(out);
    expect(told).toMatchObject({
      counts: { errors: told.findings.length, warnings: 0, files: 3 },
      manifests: { fine: 3 },
      uncommitted: true,
    });
    expect(err).toBe('');
    expect(code).toBe(1);
  });
});
