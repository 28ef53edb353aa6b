const STRING_BYTES = 255;

/** TXT values as services show them: `"…"` strings one after the other, or the bare value. */
export function readTexts(content: string, escapes: 'octal' | 'decimal'): string {
  if (!content.trimStart().startsWith('"')) return content;
  const radix = escapes === 'octal' ? 8 : 10;
  const strings = content.match(/"(?:[^"\\]|\\[\s\S])*"/g) ?? [];
  const bytes = strings.map((string) =>
    Buffer.from(
      string
        .slice(1, -1)
        .replace(/\\(\d{3}|[\s\S])/g, (_, code: string) =>
          code.length === 3 ? String.fromCharCode(Number.parseInt(code, radix)) : code,
        ),
      'latin1',
    ),
  );
  return Buffer.concat(bytes).toString('utf8');
}

/** The other way: quoted character strings of at most 255 bytes (RFC 1035 §3.3.14). */
export function writeTexts(value: string, escapes: 'octal' | 'decimal'): string {
  const bytes = Buffer.from(value, 'utf8');
  const strings: string[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += STRING_BYTES) {
    const piece = [...bytes.subarray(at, at + STRING_BYTES)].map((byte) => escaped(byte, escapes));
    strings.push(`"${piece.join('')}"`);
  }
  return strings.join(' ');
}

function escaped(byte: number, escapes: 'octal' | 'decimal'): string {
  const character = String.fromCharCode(byte);
  if (character === '"' || character === '\\') return `\\${character}`;
  if (byte >= 32 && byte < 127) return character;
  return `\\${byte.toString(escapes === 'octal' ? 8 : 10).padStart(3, '0')}`;
}
