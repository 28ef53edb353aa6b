import { type Instant, toMs } from '../model/time.js';
import { day, relative } from './dates.js';
import { isTrouble, servedWord } from './endpoints.js';
import { clip, markdownCode, markdownText } from './escape.js';
import type { StatusRow } from './status-table.js';

const CELL = 200;
const SENTENCE = 500;

const cell = (text: string | undefined): string => markdownText(clip(text ?? '', CELL));
const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** One row per certificate, sorted by name, then what was found at endpoints: for job summaries and issues. */
export function statusMarkdown(rows: readonly StatusRow[], nowMs: number): string {
  const sorted = rows.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const served = sorted.some(({ endpoints }) => endpoints !== undefined);
  const titles = ['Certificate', 'State', 'Reason', 'Expires', ...(served ? ['Served'] : [])];
  const ends = (at: Instant | undefined) =>
    at === undefined ? '' : `${day(at)}, ${relative(toMs(at), nowMs)}`;
  const findings = sorted.flatMap(({ endpoints = [] }) =>
    endpoints
      .filter(isTrouble)
      .map(
        ({ endpoint, findings: texts }) =>
          `- ${markdownCode(clip(endpoint, CELL))} ${markdownText(clip(texts.join('; '), SENTENCE))}`,
      ),
  );
  return `${[
    line(titles),
    line(titles.map(() => '---')),
    ...sorted.map(({ name, state, reason, notAfter, endpoints = [] }) =>
      line([
        markdownCode(clip(name, CELL)),
        cell(state),
        cell(reason),
        ends(notAfter),
        ...(served ? [servedWord(endpoints)] : []),
      ]),
    ),
    ...(findings.length === 0 ? [] : ['', ...findings]),
  ].join('\n')}\n`;
}
