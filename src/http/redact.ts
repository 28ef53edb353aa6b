import { Secret } from '../model/secret.js';

const REDACTED = '[redacted]';

/** Every spelling in which a value can come back: in a URL, a form, JSON, XML, base64, or behind its scheme. */
function spellings(value: string): readonly string[] {
  const percent = encodeURIComponent(value);
  const scheme = /^(?:Basic|Bearer) (.+)$/i.exec(value)?.[1];
  return [
    value,
    percent,
    percent.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    new URLSearchParams({ v: value }).toString().slice(2),
    JSON.stringify(value).slice(1, -1),
    value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;'),
    Buffer.from(value).toString('base64'),
    Buffer.from(value).toString('base64url'),
    ...(scheme === undefined ? [] : [scheme]),
  ];
}

export type Redact = (text: string) => string;

/** A function that takes these values out of a text in whatever spelling they stand there. */
export function redactor(secrets: readonly Secret[]): Redact {
  const found = new Set(
    secrets.flatMap((secret) => (secret.reveal() === '' ? [] : spellings(secret.reveal()))),
  );
  // Longest first, so that a value that contains another one goes as a whole.
  const needles = [...found].sort((a, b) => b.length - a.length);
  return (text) => needles.reduce((rest, needle) => rest.replaceAll(needle, REDACTED), text);
}

/** The secrets that stand in a value, at any depth. */
export function secretsIn(value: unknown): readonly Secret[] {
  if (value instanceof Secret) return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(secretsIn);
}
