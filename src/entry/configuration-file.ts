import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** From the top of the repository. */
export const CONFIGURATION_FILE = 'certwright.yaml';

/** The file itself: behind a link, or outside the work tree, it is none of ours. */
export function configurationIn(root: string): string | undefined {
  const file = join(root, CONFIGURATION_FILE);
  try {
    return lstatSync(file).isFile() ? readFileSync(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
