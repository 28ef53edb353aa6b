import stringify from 'safe-stable-stringify';

/** What JSON allows in clear and a terminal may still act on: DEL, C1, bidi and zero-width characters. */
const ACTIVE = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

const escapeUnits = (text: string): string =>
  text.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Sorted keys, two spaces, a newline at the end: equal data is equal text, harmless to `cat`. */
export const jsonText = (data: object): string =>
  `${stringify(data, null, 2).replace(ACTIVE, escapeUnits)}\n`;
