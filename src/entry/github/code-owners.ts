/** Where GitHub looks, in this order; the first one counts. */
export const CODE_OWNERS_PLACES: readonly string[] = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'];

/** Who may change these decides what is bought, by whom it can be opened, and what runs with the credentials. */
const OWNED: readonly string[] = [
  '/certwright.yaml',
  '/approvals/',
  '/.github/workflows/certwright*.yml',
  '/.github/CODEOWNERS',
];

const patternsOf = (text: string): ReadonlySet<string> =>
  new Set(text.split('\n').map((line) => line.trim().split(/\s+/)[0] ?? ''));

/**
 * A CODEOWNERS file with our lines at its end, where they win; a path that has owners already keeps them.
 * @param before  '' where there is none
 * @param owner  `@user` or `@organisation/team`
 * @returns undefined: every line is there
 */
export function withCodeOwners(before: string, owner: string): string | undefined {
  const there = patternsOf(before);
  const missing = OWNED.filter((pattern) => !there.has(pattern));
  if (missing.length === 0) return undefined;
  const width = Math.max(...missing.map((pattern) => pattern.length));
  const block = [
    '# certwright: what is bought, who approves it, who can open the keys, and what runs with the credentials.',
    ...missing.map((pattern) => `${pattern.padEnd(width)} ${owner}`),
  ];
  const start = before === '' || before.endsWith('\n') ? before : `${before}\n`;
  return `${start}${start === '' ? '' : '\n'}${block.join('\n')}\n`;
}
