import type { CaaIdentity } from '../model/capabilities.js';
import type { ValidationMethod } from '../model/manifest.js';
import type { CaaRecord } from '../model/name-facts.js';

/** What a CAA record set means for one authority and one name. */
export type CaaVerdict =
  | { readonly kind: 'allowed' }
  /** It may issue, as far as anybody but the authority can tell. */
  | { readonly kind: 'unsure'; readonly why: string }
  | { readonly kind: 'forbidden'; readonly why: string; readonly tag: 'issue' | 'issuewild' };

/** Every authority has to understand these (Baseline Requirements §3.2.2.8). */
const UNDERSTOOD: ReadonlySet<string> = new Set(['issue', 'issuewild', 'iodef']);
/** Registered as well, and understood by some: contacts for validation, S/MIME, marks. */
const KNOWN_TO_SOME: ReadonlySet<string> = new Set(['contactemail', 'contactphone', 'issuemail', 'issuevmc']);
const CRITICAL = 128;

export interface CaaQuestion {
  readonly wildcard: boolean;
  readonly method: ValidationMethod;
  /** Absent: nobody knows what the authority calls itself. */
  readonly ca?: CaaIdentity;
}

/**
 * Judges a relevant record set as RFC 8659 §4 and §5 and RFC 8657 tell an authority to. The set is the one that climbing
 * found; an empty one does not forbid anything.
 */
export function judgeCaa(records: readonly CaaRecord[], question: CaaQuestion): CaaVerdict {
  const properties = records.map((record) => ({ ...record, tag: record.tag.toLowerCase() }));
  const tag = question.wildcard && properties.some((it) => it.tag === 'issuewild') ? 'issuewild' : 'issue';
  const critical = properties.filter(({ flags }) => (flags & CRITICAL) !== 0);
  const foreign = critical.find((it) => !UNDERSTOOD.has(it.tag) && !KNOWN_TO_SOME.has(it.tag));
  if (foreign) {
    return {
      kind: 'forbidden',
      tag,
      why: `the property ${quote(foreign.tag)} is critical, and no authority understands it`,
    };
  }
  const relevant = properties.filter((it) => it.tag === tag);
  const rare = critical.find((it) => KNOWN_TO_SOME.has(it.tag));
  const doubt: CaaVerdict | undefined = rare && {
    kind: 'unsure',
    why: `the property ${quote(rare.tag)} is critical, and not every authority understands it`,
  };
  if (relevant.length === 0) return doubt ?? { kind: 'allowed' };
  const all = relevant.map(({ value }) => judgeIssuer(value, question));
  if (all.some(({ kind }) => kind === 'allowed')) return doubt ?? { kind: 'allowed' };
  const unsure = all.find((one) => one.kind === 'unsure');
  if (unsure) return unsure;
  const near = all.find((one) => one.kind === 'ours');
  if (near) return { kind: 'forbidden', tag, why: near.why };
  return {
    kind: 'forbidden',
    tag,
    why: whoElse(
      relevant.map(({ value }) => value),
      tag,
    ),
  };
}

/** Texts of other people's records, short and without what a terminal would obey. */
function quote(text: string): string {
  const plain = text.replace(/[^\x21-\x7e ]/g, '?');
  return `"${plain.length > 60 ? `${plain.slice(0, 60)}…` : plain}"`;
}

const SHOWN = 5;

function whoElse(values: readonly string[], tag: string): string {
  const issuers = [...new Set(values.flatMap((value) => parseIssuer(value)?.domain ?? []))];
  const broken = values.find((value) => parseIssuer(value) === undefined);
  if (issuers.length > 0) {
    const more = issuers.length > SHOWN ? ` and ${issuers.length - SHOWN} more` : '';
    return `${tag} names ${issuers.slice(0, SHOWN).join(', ')}${more} and nobody else`;
  }
  return broken === undefined
    ? `${tag} is empty: nobody may issue`
    : `${tag} ${quote(broken)} cannot be read, which means that nobody may issue`;
}

type IssuerVerdict =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'unsure'; readonly why: string }
  /** For this authority, and not for this account or method. */
  | { readonly kind: 'ours'; readonly why: string }
  | { readonly kind: 'other' };

function judgeIssuer(value: string, { ca, method }: CaaQuestion): IssuerVerdict {
  const issuer = parseIssuer(value);
  if (issuer?.domain === undefined) return { kind: 'other' };
  if (ca === undefined) {
    return {
      kind: 'unsure',
      why: `whether the authority goes by ${issuer.domain} is not known here`,
    };
  }
  const certain = ca.domains.includes(issuer.domain);
  if (!certain && !ca.perhaps?.includes(issuer.domain)) return { kind: 'other' };
  const limits = judgeParameters(issuer, ca, method);
  if (limits.kind !== 'allowed' || certain) return limits;
  return {
    kind: 'unsure',
    why: `only ${issuer.domain} is named, by which the authority went once; it is ${ca.domains.join(' or ')} now`,
  };
}

/** RFC 8657: limits to one account, and to methods. */
function judgeParameters(
  { domain, parameters }: Issuer,
  ca: CaaIdentity,
  method: ValidationMethod,
): IssuerVerdict {
  const valuesOf = (tag: string) => parameters.filter((it) => it.tag === tag).map(({ value }) => value);
  const accounts = valuesOf('accounturi');
  const methods = valuesOf('validationmethods');
  if (accounts.length > 1 || methods.length > 1) {
    return { kind: 'ours', why: `${domain} is limited twice in one record, which nobody can meet` };
  }
  const [account] = accounts;
  const [list] = methods;
  const isOther =
    account !== undefined && ca.accountUri !== undefined && isAnotherAccount(account, ca.accountUri);
  if (account !== undefined && isOther) {
    return { kind: 'ours', why: `${domain} is named for another account (accounturi=${clip(account)})` };
  }
  const labels = ca.methods?.[method];
  const listed = list?.toLowerCase().split(',');
  if (labels !== undefined && listed !== undefined && !labels.some((label) => listed.includes(label))) {
    return {
      kind: 'ours',
      why: `${domain} is named for other methods (validationmethods=${clip(list ?? '')})`,
    };
  }
  const open = [
    ...(account !== undefined && account !== ca.accountUri ? ['accounturi'] : []),
    ...(listed !== undefined && labels === undefined ? ['validationmethods'] : []),
  ];
  if (open.length === 0) return { kind: 'allowed' };
  return {
    kind: 'unsure',
    why: `${domain} is limited by ${open.join(' and ')}, which only the authority can compare`,
  };
}

/**
 * An authority may know one account by several addresses (RFC 8657 §3), such as those of an earlier protocol: only what
 * stands beside ours is another account for certain.
 */
const isAnotherAccount = (account: string, ours: string): boolean =>
  account !== ours && folderOf(account) === folderOf(ours);

const folderOf = (uri: string): string => uri.slice(0, uri.lastIndexOf('/') + 1);

const clip = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text);

interface Issuer {
  /** Absent: the value is empty, and authorises nobody. */
  readonly domain?: string;
  readonly parameters: readonly { readonly tag: string; readonly value: string }[];
}

const LABEL = '[A-Za-z0-9](?:-*[A-Za-z0-9])*';
const DOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const PARAMETER = new RegExp(`^(${LABEL})[ \\t]*=[ \\t]*([\\x21-\\x3a\\x3c-\\x7e]*)$`);

/** A value by the grammar of RFC 8659 §4.2; undefined where it breaks it, which authorises nobody. */
function parseIssuer(value: string): Issuer | undefined {
  const semicolon = value.indexOf(';');
  const domain = trim(semicolon < 0 ? value : value.slice(0, semicolon));
  const rest = semicolon < 0 ? '' : trim(value.slice(semicolon + 1));
  if (domain !== '' && !DOMAIN.test(domain)) return undefined;
  const parameters = rest === '' ? [] : rest.split(';').map((part) => PARAMETER.exec(trim(part)));
  const read = parameters.flatMap((match) =>
    match ? [{ tag: (match[1] ?? '').toLowerCase(), value: match[2] ?? '' }] : [],
  );
  if (read.length < parameters.length) return undefined;
  return { ...(domain === '' ? {} : { domain: domain.toLowerCase() }), parameters: read };
}

const trim = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, '');
