import type { DcvItem } from '../model/order.js';
import { day } from './dates.js';
import { say, terminalText } from './escape.js';
import type { Field } from './layout.js';
import type { Section } from './show-section.js';

const line = (text: string): Field => ({ label: '', text: `  ${terminalText(text)}`, verbatim: true });

/** The record as the provider wants it, on lines of its own: nothing wrapped, nothing added. */
function recordLines({ record }: DcvItem): readonly Field[] {
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

function validationState({ state, method, message, record, proofExpiresAt }: DcvItem): string {
  const why = message === undefined ? '' : ` (${say(message)})`;
  if (state !== 'valid') return `${state}${why}, ${ASKED[method]}${record ? ':' : ''}`;
  return `valid${why}${proofExpiresAt ? `, proof good till ${day(proofExpiresAt)}` : ''}`;
}

export const validationSection = (items: readonly DcvItem[]): Section => ({
  title: 'Domain validation',
  fields: items.flatMap((item) => [
    { label: '', text: `${terminalText(item.name)}: ${validationState(item)}` },
    ...(item.state === 'valid' ? [] : recordLines(item)),
  ]),
});
