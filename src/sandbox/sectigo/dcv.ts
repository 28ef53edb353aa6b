import { isIP } from 'node:net';
import type { Found } from '../frame/probe.js';
import { lookForProofs as lookAt, notClicked } from '../frame/proof.js';
import { type Arguments, list } from './arguments.js';
import { invalid, missing } from './codes.js';
import { type Certificate, DAY_MS, type Dcv, type Desk, type Method, type Order } from './state.js';

/** Keywords in `dcvEmailAddresses`: written without underscores, unlike those of `dcvMethod`. */
const KEYWORDS: Readonly<Record<string, Method>> = {
  HTTPCSRHASH: 'HTTP_CSR_HASH',
  HTTPSCSRHASH: 'HTTPS_CSR_HASH',
  CNAMECSRHASH: 'CNAME_CSR_HASH',
};
const MAILBOXES = ['admin', 'administrator', 'hostmaster', 'postmaster', 'webmaster'] as const;

export const withoutWildcard = (name: string): string => name.replace(/^\*\./, '');

/** The name itself and its ancestors that may be registered, longest first. */
export function zonesOf(name: string): readonly string[] {
  const labels = withoutWildcard(name).split('.');
  const depths = Array.from({ length: Math.max(1, labels.length - 1) }, (_, i) => i);
  return depths.map((depth) => labels.slice(depth).join('.'));
}

export const mailboxesOf = (name: string): readonly string[] =>
  zonesOf(name).flatMap((zone) => MAILBOXES.map((mailbox) => `${mailbox}@${zone}`));

/** A mailbox counts only after its list was fetched, for a day. */
export function checkedMailbox(desk: Desk, name: string, mailbox: string, argument: string): string {
  const fetchedMs = desk.state.lists[withoutWildcard(name)];
  const fresh = fetchedMs !== undefined && desk.nowMs - fetchedMs <= DAY_MS;
  if (!fresh || !mailboxesOf(name).includes(mailbox.toLowerCase())) throw invalid(argument);
  return mailbox;
}

/** How each name of an order or a reissue is to be proved. @throws Refusal */
export function chosenProofs(
  desk: Desk,
  args: Arguments,
  names: readonly string[],
  multi: boolean,
): readonly Pick<Dcv, 'name' | 'method' | 'mailbox'>[] {
  if (multi && args.dcvEmailAddress !== undefined) throw invalid('dcvEmailAddress');
  if (!multi && args.dcvEmailAddresses !== undefined) throw invalid('dcvEmailAddresses');
  const entries = list(args.dcvEmailAddresses);
  if (entries.length > 0) {
    if (entries.length !== names.length) throw invalid('dcvEmailAddresses');
    return names.map((name, i) => {
      const entry = entries[i] ?? '';
      const method = KEYWORDS[entry];
      if (method !== undefined)
        return { name, method: checkedMethod(name, method, 'dcvEmailAddresses'), mailbox: null };
      return { name, method: 'EMAIL', mailbox: checkedMailbox(desk, name, entry, 'dcvEmailAddresses') };
    });
  }
  const method = (args.dcvMethod ?? 'EMAIL') as Method;
  if (method === 'EMAIL') {
    const argument = multi ? 'dcvEmailAddresses' : 'dcvEmailAddress';
    const mailbox = args.dcvEmailAddress;
    if (mailbox === undefined) throw missing(argument);
    return names.map((name) => ({ name, method, mailbox: checkedMailbox(desk, name, mailbox, argument) }));
  }
  return names.map((name) => ({ name, method: checkedMethod(name, method, 'dcvMethod'), mailbox: null }));
}

/** A file proves exactly one host, so no wildcard; an address has no CNAME. @throws Refusal */
export function checkedMethod(name: string, method: Method, argument: string): Method {
  if (method.startsWith('HTTP') && name.startsWith('*.')) throw invalid(argument);
  if (method === 'CNAME_CSR_HASH' && isIP(name) !== 0) throw invalid(argument);
  return method;
}

/** A name proved within the reuse period needs no new look. */
export function startProof(desk: Desk, chosen: Pick<Dcv, 'name' | 'method' | 'mailbox'>): Dcv {
  const provedMs = desk.state.proved[chosen.name];
  const reused = provedMs !== undefined && desk.nowMs - provedMs < desk.settings.reuseDays * DAY_MS;
  return { ...chosen, provedAtMs: reused ? desk.nowMs : null, reused, lastLook: null };
}

export function markProved(desk: Desk, dcv: Dcv): void {
  if (dcv.provedAtMs !== null) return;
  dcv.provedAtMs = desk.nowMs;
  dcv.lastLook = null;
  desk.state.proved[dcv.name] = desk.nowMs;
}

/** Looks for every proof that is still missing, at the places the settings name. */
export const lookForProofs = (
  desk: Desk,
  { certificate }: { order: Order; certificate: Certificate },
): Promise<void> => lookAt(desk, certificate.dcv, (_desk, dcv) => look(desk, certificate, dcv), markProved);

async function look(desk: Desk, certificate: Certificate, dcv: Dcv): Promise<Found<string>> {
  switch (dcv.method) {
    case 'EMAIL':
      return notClicked(dcv);
    case 'HTTP_CSR_HASH':
      return lookForFile(desk, certificate, dcv.name, 'http');
    case 'HTTPS_CSR_HASH':
      return lookForFile(desk, certificate, dcv.name, 'https');
    case 'CNAME_CSR_HASH':
      return lookForCname(desk, certificate, dcv.name);
  }
}

/** Separators and the case of the hash differ between working clients; what counts is the words. */
async function lookForFile(
  { seat, settings }: Desk,
  { md5, sha256, uniqueValue }: Certificate,
  name: string,
  scheme: 'http' | 'https',
): Promise<Found<string>> {
  const path = `/.well-known/pki-validation/${md5.toUpperCase()}.txt`;
  const servers = scheme === 'http' ? settings.webServers : settings.tlsWebServers;
  const found = await seat.probe.file({ scheme, name, path, servers });
  if (!found.ok) return found;
  const [hash = '', suffix = '', unique, ...more] = found.value.trim().split(/\s+/);
  const right =
    hash.toLowerCase() === sha256 &&
    settings.dcvSuffixes.includes(suffix) &&
    (unique ?? null) === uniqueValue &&
    more.length === 0;
  return right ? found : { ok: false, why: `${scheme}://${name}${path} holds something else` };
}

async function lookForCname(
  { seat, settings }: Desk,
  { md5, sha256, uniqueValue }: Certificate,
  name: string,
): Promise<Found<string>> {
  const hash = `${sha256.slice(0, 32)}.${sha256.slice(32)}`;
  const unique = uniqueValue === null ? '' : `.${uniqueValue}`;
  // DNS does not tell upper from lower case.
  const wanted = settings.dcvSuffixes.map((suffix) => `${hash}${unique}.${suffix}`.toLowerCase());
  const whys: string[] = [];
  for (const zone of zonesOf(name)) {
    const found = await seat.probe.cname(`_${md5}.${zone}`, settings.dnsServer);
    if (found.ok && wanted.includes(found.value.toLowerCase())) return found;
    whys.push(found.ok ? `_${md5}.${zone} points to ${found.value}` : found.why);
  }
  return { ok: false, why: whys[0] ?? 'no zone' };
}
