import type { DcvItem } from '../model/order.js';
import type { PublishedRecord, Status } from '../model/status.js';
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

/** Proofs as the provider asks for them, and records of ours that still stand without being asked for. */
export function validationSection(status: Pick<Status, 'validation' | 'published'>): Section {
  const { validation, published = [] } = status;
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
    ],
  };
}
