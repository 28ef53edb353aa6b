import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { wrapSaid } from '../../../src/entry/system/wrap-said.js';

describe('what is said on a terminal', () => {
  it('hangs under its first line, and keeps what is there to be copied whole', () => {
    const path = `/var/lib/${'a-long-folder/'.repeat(4)}report.html`;
    expect(wrapSaid(`warning: the file cannot be written, and so nothing is there\n  ${path}\n`, 40)).toBe(
      `warning: the file cannot be written,\n  and so nothing is there\n  ${path}\n`,
    );
    expect(wrapSaid(`  choose another folder by --out, such as ${path}, and run it again`, 40)).toBe(
      `  choose another folder by --out, such\n    as\n    ${path},\n    and run it again`,
    );
  });

  it('leaves findings to the editors that read them, and not what is suggested', () => {
    const place = pc.createColors(true).bold('certificates/shop.yaml:2:11:');
    const line = `${place} error: The provider "resellr" is not configured.`;
    expect(wrapSaid(`${line}\n    Did you mean "reseller", which is?\n`, 40)).toBe(
      `${line}\n    Did you mean "reseller", which is?\n`,
    );
    expect(wrapSaid('short', 40)).toBe('short');
  });
});
