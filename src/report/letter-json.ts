import { clip, terminalText } from './escape.js';
import { headline, type Letter, type LetterItem, letterText, SHOWN_ITEMS } from './letter.js';

/** Of the body, by schemas/notification.schema.json: keys may come, none goes and none changes its meaning. */
const LETTER_VERSION = 1;
const LONGEST = 2000;

const plain = (text: string): string => clip(terminalText(text), LONGEST);

/** What a generic webhook is sent; every text is one line without invisible characters, and escaped for nothing. */
export const letterJson = (letter: Letter): object => ({
  version: LETTER_VERSION,
  id: letter.id,
  event: letter.test ? 'test' : letter.level,
  at: letter.at,
  repository: letter.repository,
  summary: headline(letter),
  text: letterText(letter),
  notices: letter.items.slice(0, SHOWN_ITEMS * 5).map(itemJson),
  left: Math.max(0, letter.items.length - SHOWN_ITEMS * 5),
});

function itemJson({ notice, reminder, file, link }: LetterItem): object {
  const { key, reason, certificate, owner, message, remedy, at, validity, price, atMost, url } = notice;
  return {
    key: plain(key),
    reason,
    reminder,
    message: plain(message),
    ...(certificate === undefined ? {} : { certificate }),
    ...(owner === undefined ? {} : { owner: plain(owner) }),
    ...(remedy === undefined ? {} : { remedy: plain(remedy) }),
    ...(at === undefined ? {} : { at }),
    ...(validity === undefined ? {} : { runsOutAt: validity.till }),
    ...(price === undefined ? {} : { price }),
    ...(atMost === undefined ? {} : { atMost }),
    ...(file === undefined ? {} : { manifest: file }),
    ...(link === undefined ? {} : { manifestUrl: link }),
    ...(url === undefined ? {} : { url }),
  };
}
