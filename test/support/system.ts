import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from 'vitest';

/** Is an executable of this name on the PATH, or on another list of folders? */
export function hasProgram(name: string, path = process.env.PATH ?? ''): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const REQUIRED = process.env.CERTWRIGHT_REQUIRE_SYSTEM === '1';

/**
 * A suite that needs programs of the system. Where one is missing the suite is skipped and its title says why; with
 * `CERTWRIGHT_REQUIRE_SYSTEM=1` (CI) that is a failure instead.
 */
export function describeWith(programs: readonly string[], title: string, suite: () => void): void {
  const missing = programs.filter((program) => !hasProgram(program));
  if (missing.length === 0) {
    describe(title, suite);
    return;
  }
  const reason = `${missing.join(' and ')} not installed`;
  if (!REQUIRED) {
    process.stderr.write(`skipped: ${title} (${reason})\n`);
    describe.skip(`${title} (skipped: ${reason})`, suite);
    return;
  }
  describe(title, () => {
    it('finds the programs it needs', () => {
      throw new Error(`${reason}: install it, or unset CERTWRIGHT_REQUIRE_SYSTEM to skip this suite`);
    });
  });
}
