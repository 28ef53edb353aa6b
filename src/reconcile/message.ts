import type { Intent } from '../model/intent.js';
import { formatMoney } from '../model/money.js';

const SUBJECT_LENGTH = 72;

/** One line of a commit message: certificate, action, reason, cost, approval. Texts are certwright's own. */
export function intentLine(name: string, intent: Intent): string {
  const step = intent.steps.length > 1 ? ` (${stepWord(intent)})` : '';
  return `${intent.action} ${name} at ${intent.provider}${step}: ${intent.reason}, ${cost(intent)}, ${approvalWord(intent)}`;
}

const stepWord = (intent: Intent): string =>
  intent.steps.find((step) => step.phase === 'intended')?.name ??
  `${intent.steps.filter((step) => step.phase === 'done').length}/${intent.steps.length}`;

const cost = (intent: Intent): string => (intent.quoted === null ? 'free' : formatMoney(intent.quoted));

function approvalWord(intent: Intent): string {
  switch (intent.approval.kind) {
    case 'merge':
      return `approved by merging ${intent.manifestCommit.slice(0, 10)}`;
    case 'auto':
      return 'approved by policy';
    case 'file':
      return `approved by ${intent.approval.subjectDigest.slice(0, 10)}`;
    case 'free':
      return 'no approval needed';
  }
}

/**
 * Subject and body from lines, one for each certificate.
 * @param certificates  how many they are about, where a certificate has several
 */
export function commitMessage(lines: readonly string[], certificates = lines.length): string {
  const [first = 'record'] = lines;
  if (lines.length <= 1) {
    const subject = first.length <= SUBJECT_LENGTH ? first : `${first.slice(0, SUBJECT_LENGTH - 1)}…`;
    return subject === first ? `${first}\n` : `${subject}\n\n${first}\n`;
  }
  const count = certificates === 1 ? '1 certificate' : `${certificates} certificates`;
  return `${count}: ${firstWords(lines)}\n\n${lines.map((line) => `- ${line}`).join('\n')}\n`;
}

/** The distinct actions, in order of appearance. */
function firstWords(lines: readonly string[]): string {
  const words = new Set(lines.map((line) => line.split(' ')[0] ?? ''));
  return [...words].join(', ');
}
