import { terminalText } from './escape.js';
import type { Field } from './layout.js';

/** Aligned facts under a heading; one without fields is not printed. */
export interface Section {
  readonly title?: string;
  readonly fields: readonly Field[];
}

/** A fact that people copy: never wrapped. */
export const copy = (label: string, text: string): Field => ({
  label,
  text: terminalText(text),
  verbatim: true,
});
