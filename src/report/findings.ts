import type { Finding } from '../model/manifest.js';
import { terminalText } from './escape.js';
import { jsonText } from './json.js';
import { colorsOf, type RenderOptions } from './layout.js';
import { count } from './words.js';

function inFileOrder(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => {
    if (a.position.file !== b.position.file) return a.position.file < b.position.file ? -1 : 1;
    return a.position.line - b.position.line || a.position.column - b.position.column;
  });
}

const tally = (findings: readonly Finding[]) => ({
  errors: findings.filter(({ severity }) => severity === 'error').length,
  warnings: findings.filter(({ severity }) => severity === 'warning').length,
  files: new Set(findings.map(({ position }) => position.file)).size,
});

function summary(findings: readonly Finding[]): string {
  const { errors, warnings, files } = tally(findings);
  const parts = [
    ...(errors === 0 ? [] : [count(errors, 'error')]),
    ...(warnings === 0 ? [] : [count(warnings, 'warning')]),
  ];
  return `${parts.join(', ')} in ${count(files, 'file')}.`;
}

/**
 * Like a compiler: `file:line:column: error: message`, the suggestion indented below it, sorted, with a count at the
 * end. Never wrapped, so that editors and grep can read it. Empty for no findings.
 */
export function findingsText(findings: readonly Finding[], options: RenderOptions): string {
  if (findings.length === 0) return '';
  const colors = colorsOf(options);
  const blocks = inFileOrder(findings).map(({ severity, message, suggestion, position }) => {
    const place = `${terminalText(position.file)}:${position.line}:${position.column}:`;
    const label = severity === 'error' ? colors.red('error:') : colors.yellow('warning:');
    const first = `${colors.bold(place)} ${label} ${terminalText(message)}`;
    return suggestion === undefined ? first : `${first}\n    ${terminalText(suggestion)}`;
  });
  return `${[...blocks, '', colors.bold(summary(findings))].join('\n')}\n`;
}

/** `{ findings, counts: { errors, warnings, files } }`, sorted as the text is. */
export const findingsJson = (findings: readonly Finding[]): string =>
  jsonText({ findings: inFileOrder(findings), counts: tally(findings) });
