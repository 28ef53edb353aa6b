import type { Instant } from '../model/time.js';
import { toMs } from '../model/time.js';
import { type EndpointLook, isServed } from '../policy/serving.js';
import { relative } from './dates.js';
import { say, terminalText } from './escape.js';
import { colorsOf, hang, type RenderOptions } from './layout.js';
import type { Section } from './show-section.js';
import { levelColor, type StatusLevel } from './status-level.js';
import { table } from './table.js';

/** What is known of one endpoint. */
export interface EndpointRow {
  /** Name of the certificate. */
  readonly certificate: string;
  readonly endpoint: string;
  readonly result:
    | 'served'
    | 'not served'
    | 'wrong chain'
    | 'not reached'
    | 'not looked at'
    | 'nothing published'
    | 'rehearsal';
  /** Sentences without a subject: it is the endpoint. */
  readonly findings: readonly string[];
  /** The last look. */
  readonly lookedAt?: Instant;
  /** First look in a row that found something. */
  readonly since?: Instant;
}

/** A look as a row. */
export function endpointRow(certificate: string, { endpoint, look }: EndpointLook): EndpointRow {
  if (look === undefined) return { certificate, endpoint, result: 'not looked at', findings: [] };
  return {
    certificate,
    endpoint,
    result: resultOf(look.findings),
    findings: look.findings.map(({ text }) => text),
    lookedAt: look.at,
    ...(look.since === undefined ? {} : { since: look.since }),
  };
}

function resultOf(findings: NonNullable<EndpointLook['look']>['findings']): EndpointRow['result'] {
  switch (isServed(findings)) {
    case false:
      return 'not served';
    case undefined:
      return 'not reached';
    case true:
      return findings.length === 0 ? 'served' : 'wrong chain';
  }
}

const LEVELS: Readonly<Record<EndpointRow['result'], StatusLevel>> = {
  served: 'good',
  'not served': 'bad',
  'wrong chain': 'bad',
  'not reached': 'waiting',
  'not looked at': 'quiet',
  'nothing published': 'quiet',
  rehearsal: 'quiet',
};

/** Is something to be mended, or seen to? */
export const isTrouble = ({ findings }: EndpointRow): boolean => findings.length > 0;

/** The table, then what there is to say about each endpoint. */
export function endpointsText(rows: readonly EndpointRow[], options: RenderOptions): string {
  const colors = colorsOf(options);
  const head = table(
    [
      { title: 'ENDPOINT' },
      { title: 'CERTIFICATE' },
      {
        title: 'RESULT',
        paint: (cell, row) => levelColor(LEVELS[rows[row]?.result ?? 'not looked at'], colors)(cell),
      },
    ],
    rows.map(({ endpoint, certificate, result }) => [endpoint, certificate, result]),
    options,
  );
  const notes = rows
    .filter(isTrouble)
    .flatMap(({ endpoint, certificate, findings }) => [
      '',
      `${colors.bold(terminalText(endpoint))} (${terminalText(certificate)}):`,
      ...findings.flatMap((finding) => hang('  ', say(finding), options.width)),
    ]);
  return [head.trimEnd(), ...notes, ''].join('\n');
}

/** The same for one certificate among everything else. */
export const endpointSection = (rows: readonly EndpointRow[], nowMs: number): Section => ({
  title: 'Endpoints',
  fields: rows.map(({ endpoint, result, findings, lookedAt }) => {
    const seen = lookedAt === undefined ? '' : `, seen ${relative(toMs(lookedAt), nowMs)}`;
    const what = findings.length === 0 ? '' : `: ${findings.map(say).join('; ')}`;
    return { label: '', text: `${terminalText(endpoint)} ${result}${seen}${what}` };
  }),
});

/** A word for a column: the worst of several. */
export function servedWord(rows: readonly EndpointRow[]): string {
  const order = ['not served', 'wrong chain', 'not reached', 'not looked at'] as const;
  if (rows.length === 0) return '';
  return order.find((result) => rows.some((row) => row.result === result)) ?? 'yes';
}
