import { type DnsName, nameSet, parseName } from '../model/names.js';

/**
 * One entry of node's text: type, colon, and either a JSON string or bare text. Node quotes every value that holds
 * a comma, quote, backslash or control character, so bare text ends at the next comma.
 */
const ENTRY = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;
const PLAIN = /^[!-~]+$/;

/**
 * The dNSNames in `X509Certificate.subjectAltName`, normalised and sorted. A value that is no host name is kept as
 * it stands (quoted if it does not print), so that no comparison with wanted names can overlook it.
 * @throws RangeError when the text is not in the form node documents
 */
export function dnsNamesOf(subjectAltName: string | undefined): readonly DnsName[] {
  if (subjectAltName === undefined || subjectAltName === '') return [];
  const names: DnsName[] = [];
  ENTRY.lastIndex = 0;
  while (ENTRY.lastIndex < subjectAltName.length) {
    const match = ENTRY.exec(subjectAltName);
    if (match === null) throw new RangeError('unknown form of subjectAltName');
    if (match[1] === 'DNS') names.push(normalised(match[2] ?? ''));
  }
  return nameSet(names);
}

function normalised(value: string): DnsName {
  const text = value.startsWith('"') ? String(JSON.parse(value)) : value;
  const parsed = parseName(text);
  if (parsed.ok) return parsed.name;
  return PLAIN.test(text) ? text.toLowerCase() : JSON.stringify(text);
}
