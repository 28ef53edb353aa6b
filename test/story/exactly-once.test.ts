import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync, Visitor } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const page = text('docs/exactly-once.md');

const NAMED = /`(test\/[\w./-]+\.test\.ts)`: ([^|\n]+?)(?: \||\n)/g;
const named = [...page.matchAll(NAMED)].map(([, file = '', title = '']) => ({ file, title }));

const CALLED = new Set(['it', 'test']);

/** Titles of the tests of a file: the first argument of `it(…)` and of `it.each(…)(…)`, or of `test`. */
function titlesOf(file: string): readonly string[] {
  const titles: string[] = [];
  const visitor = new Visitor({
    CallExpression({ callee, arguments: [title] }) {
      const each = callee.type === 'CallExpression' ? callee.callee : undefined;
      const called = each?.type === 'MemberExpression' ? each.object : callee;
      if (called.type === 'Identifier' && CALLED.has(called.name) && title?.type === 'Literal') {
        titles.push(String(title.value));
      }
    },
  });
  visitor.visit(parseSync(file, text(file)).program);
  return titles;
}

describe('docs/exactly-once.md', () => {
  it('names a test for every row of its failure table', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| ') && line.split(' | ').length === 4);
    const [head, rule, ...failures] = rows;
    expect([head, rule?.startsWith('| ---')]).toEqual([
      '| What happens | What could follow | What certwright does | Test |',
      true,
    ]);
    expect(failures.length).toBeGreaterThan(40);
    const unnamed = failures.filter((row) => !/ \| `test\/\S+\.test\.ts`: .+ \|$/.test(row));
    expect(unnamed).toEqual([]);
    expect(named.length).toBeGreaterThanOrEqual(failures.length);
  });

  it.each(named)('$file has the test "$title"', ({ file, title }) => {
    expect(existsSync(join(ROOT, file)), `${file} is there`).toBe(true);
    expect(titlesOf(file)).toContain(title);
  });
});
