import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fitsSchema } from '../../config/schemas.js';
import { jsonText } from '../../report/json.js';
import {
  CONFLICT,
  NOTHING_TO_DO,
  type ProposalReport,
  proposalMarkdown,
  saysNothing,
} from '../../report/proposal-markdown.js';

/** What the run of a pull request leaves for a run that may comment on it: schemas/report.schema.json. */
export interface ReportFile extends ProposalReport {
  readonly version: 1;
  readonly pull: number;
  readonly conflict: boolean;
}

const NAME = 'certwright-report.json';
/** The plan of some thousand certificates; what is bigger nobody reads. */
const LARGEST = 8 * 1024 * 1024;
/** GitHub takes 65,536 characters, marker included. */
const LONGEST_COMMENT = 65_000;

/** @returns the path; undefined: too large for anybody to read again */
export function writeReport(
  env: NodeJS.ProcessEnv,
  pull: number,
  conflict: boolean,
  { plan, others, findings, notes, budgets, unasked, base, head }: ProposalReport,
): string | undefined {
  const report: ReportFile = {
    version: 1,
    pull,
    conflict,
    base,
    head,
    others,
    findings,
    notes,
    budgets,
    unasked,
    ...(plan === undefined ? {} : { plan }),
  };
  const text = jsonText(report);
  if (Buffer.byteLength(text) > LARGEST) return undefined;
  const file = join(env.RUNNER_TEMP || tmpdir(), NAME);
  writeFileSync(file, text);
  return file;
}

/** A report as anybody may have written it; undefined for everything that is none. Follows no link. */
export function readReport(file: string): ReportFile | undefined {
  try {
    const found = lstatSync(file);
    if (!found.isFile() || found.size > LARGEST) return undefined;
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isReport(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isReport = (value: unknown): value is ReportFile => fitsSchema('report.schema.json', value);

const ORIGIN =
  '<sub>Planned without secrets by the run of this pull request itself, which whoever wrote it could have changed: look at its changes below `.github` as well.</sub>\n';

/** What stands where an earlier comment said something. */
export const NOTHING_REPORTED = `${NOTHING_TO_DO}\n${ORIGIN}`;

/**
 * The comment, in which everything is escaped like any text from outside; undefined where there is nothing to say, and
 * `too-long` where somebody made it so.
 */
export function reportComment(report: ReportFile): { readonly body: string | undefined } | 'too-long' {
  if (report.conflict) return { body: `${CONFLICT}\n${ORIGIN}` };
  if (saysNothing(report)) return { body: undefined };
  const body = `${proposalMarkdown(report)}\n${ORIGIN}`;
  return body.length > LONGEST_COMMENT ? 'too-long' : { body };
}
