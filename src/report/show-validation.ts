import type { DcvItem } from '../model/order.js';
import type { ProofRecord, PublishedRecord, Status } from '../model/status.js';
import { toInstant } from '../model/time.js';
import { proofEndMs } from '../policy/proofs.js';
import { itemsOf } from '../policy/solving.js';
import { day } from './dates.js';
import { say, terminalText } from './escape.js';
import type { Field } from './layout.js';
import type { Section } from './show-section.js';

const line = (text: string): Field => ({ label: '', text: `  ${terminalText(text)}`, verbatim: true });

/** The record as the provider wants it, on lines of its own: nothing wrapped, nothing added. */
function recordLines({ record }: Pick<DcvItem, 'record'>): readonly Field[] {
  if (!record) return [];
  switch (record.type) {
    case 'CNAME':
    case 'TXT':
      return [line(`${record.owner} ${record.type} ${record.value}`)];
    case 'file':
      return [line(record.url), ...record.content.split('\n').map(line)];
    case 'email':
      return [line(record.address)];
  }
}

const ASKED: Readonly<Record<DcvItem['method'], string>> = {
  dns: 'publish this record',
  http: 'serve this file with this content',
  email: 'answer the mail to',
  manual: 'prove control by hand',
};

/** What stands at a solver, or is to. */
function publishedState({ solver, publishedAt, seenAt, unseen, failure }: PublishedRecord): string {
  if (failure !== undefined) return `${solver} failed: ${say(failure.message)}`;
  if (publishedAt === undefined) return `to be published by ${solver}`;
  const seen = seenAt === undefined ? '' : ', visible';
  const lacking = unseen === undefined ? '' : `, not visible everywhere yet: ${say(unseen)}`;
  return `published by ${solver} on ${day(publishedAt)}${seen}${lacking}`;
}

function validationState(item: DcvItem, entry: PublishedRecord | undefined): string {
  const { state, method, message, record, proofExpiresAt } = item;
  const why = message === undefined ? '' : ` (${say(message)})`;
  if (state === 'valid')
    return `valid${why}${proofExpiresAt ? `, proof good till ${day(proofExpiresAt)}` : ''}`;
  return `${state}${why}, ${entry ? publishedState(entry) : ASKED[method]}${record ? ':' : ''}`;
}

/** By the industry's calendar, where the provider does not say it more strictly. */
function proofState(proof: ProofRecord, nowMs: number): string {
  const endMs = proofEndMs(proof);
  const end = day(toInstant(endMs - 1));
  const use = endMs > nowMs ? `can be used again till ${end}` : `could be used again till ${end}`;
  return `proven by ${proof.method} for the order of ${day(proof.provenAt)}, ${use}`;
}

/** Proofs as the provider asks for them, and records of ours that still stand without being asked for. */
export function validationSection(
  status: Pick<Status, 'validation' | 'published' | 'proofs'>,
  nowMs: number,
): Section {
  const { validation, published = [] } = status;
  const proofs = (status.proofs ?? []).filter(({ name }) => !validation.some((item) => item.name === name));
  const entryOf = (item: DcvItem) => published.find((entry) => itemsOf(status, entry).includes(item));
  return {
    title: 'Domain validation',
    fields: [
      ...validation.flatMap((item) => [
        { label: '', text: `${terminalText(item.name)}: ${validationState(item, entryOf(item))}` },
        ...(item.state === 'valid' ? [] : recordLines(item)),
      ]),
      ...published
        .filter((entry) => itemsOf(status, entry).length === 0)
        .flatMap((entry) => [
          { label: '', text: `${terminalText(entry.name)}: ${publishedState(entry)}, to be cleaned up:` },
          ...recordLines(entry),
        ]),
      ...proofs.map((proof) => ({
        label: '',
        text: `${terminalText(proof.name)}: ${proofState(proof, nowMs)}`,
      })),
    ],
  };
}
