import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasProgram } from '../../support/system.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SUITE = `
import { describe, expect, it } from 'vitest';
import { describeWith } from ${JSON.stringify(join(ROOT, 'test/support/system.ts'))};
describeWith(['no-such-program'], 'needs what is missing', () => it('never runs', () => expect(1).toBe(2)));
describeWith(['git'], 'needs git', () => it('runs', () => expect(1).toBe(1)));
`;

describe('a suite that needs programs', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(ROOT, 'node_modules', '.suite-'));
    writeFileSync(join(folder, 'needs.test.ts'), SUITE);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (required: string) => {
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
    const report = join(folder, 'report.json');
    const args = [
      vitest,
      'run',
      '--root',
      folder,
      '--exclude',
      'none',
      '--reporter',
      'json',
      '--outputFile',
      report,
    ];
    const { status, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      env: { ...process.env, CERTWRIGHT_REQUIRE_SYSTEM: required },
    });
    return { status, stderr, result: JSON.parse(readFileSync(report, 'utf8')) };
  };

  it('is skipped with the reason where one is missing', () => {
    const { status, stderr, result } = run('');
    expect(status).toBe(0);
    expect(result).toMatchObject({ numPassedTests: 1, numPendingTests: 1, numFailedTests: 0 });
    expect(stderr).toContain('skipped: needs what is missing (no-such-program not installed)');
  });

  it('fails where nothing may be skipped', () => {
    const { status, result } = run('1');
    expect(status).toBe(1);
    expect(result).toMatchObject({ numPassedTests: 1, numPendingTests: 0, numFailedTests: 1 });
  });

  it('finds programs on the PATH only', () => {
    expect([hasProgram('git'), hasProgram('no-such-program')]).toEqual([true, false]);
  });
});
