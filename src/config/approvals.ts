import type { ApprovalFile, ApprovalSubject } from '../model/approval.js';
import type { Environment } from '../model/configuration.js';
import type { Json } from '../model/json.js';
import { parseMoney } from '../model/money.js';
import { parseInstant } from '../model/time.js';
import type { Report } from './findings.js';
import { at, optional, textAt, textsAt } from './json.js';
import type { YamlDocument } from './yaml.js';

const INSTANT_FORM = /^\d{4}-\d\d-\d\dT/;

/** What the schema cannot say: a day has to exist. */
export function checkApproval({ value }: YamlDocument, report: Report): void {
  const until = textAt(value, 'validUntil');
  if (until === undefined || !INSTANT_FORM.test(until) || parseInstant(until) !== undefined) return;
  report(['validUntil'], {
    code: 'approval.instant',
    message: 'There is no such day or time.',
    suggestion: 'Write a UTC instant, such as 2026-12-01T00:00:00Z.',
  });
}

/** The documents of one approval file, all valid. */
export function toApprovalFile(documents: readonly YamlDocument[]): ApprovalFile {
  const values = documents.map((it) => it.value);
  const lists = values.filter((it) => at(it, 'lines') !== undefined);
  // Every list of the file is bound by the earliest end any of them has.
  const [validUntil] = lists.flatMap((it) => textAt(it, 'validUntil') ?? []).toSorted();
  return {
    position: documents[0]?.position ?? { file: '', line: 1, column: 1 },
    subjects: values.filter((it) => at(it, 'lines') === undefined).map(toSubject),
    unsafeLines: lists.flatMap((it) => textsAt(it, 'lines')),
    ...optional('validUntil', validUntil),
  };
}

const ENVIRONMENTS: readonly Environment[] = ['live', 'test', 'rehearsal'];

const toSubject = (value: Json): ApprovalSubject => ({
  certificate: textAt(value, 'certificate') ?? '',
  action: textAt(value, 'action') ?? '',
  ...optional('predecessor', textAt(value, 'predecessor')),
  provider: textAt(value, 'provider') ?? '',
  environment: ENVIRONMENTS.find((it) => it === textAt(value, 'environment')) ?? 'rehearsal',
  product: textAt(value, 'product') ?? '',
  ...optional('term', textAt(value, 'term')),
  namesDigest: textAt(value, 'namesDigest') ?? '',
  ...optional('ceiling', parseMoney(textAt(value, 'ceiling') ?? '')),
  validUntil: textAt(value, 'validUntil') ?? '',
  id: textAt(value, 'id') ?? '',
});
