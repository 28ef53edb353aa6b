import { covers, type DnsName } from '../model/names.js';
import type { EndpointFault, EndpointFinding, EndpointMemory } from '../model/run-memory.js';
import type { ChainFault, DialFailure, ServerFacts, ShownCertificate } from '../model/served.js';
import type { CertificateRecord, CurrentCertificate } from '../model/status.js';
import { DAY_MS, dayOf, HOUR_MS, MINUTE_MS, SECOND_MS, toInstant, toMs } from '../model/time.js';

/** A certificate that was published just now is on its way to its servers. */
const FIRST_LOOK_MS = 15 * MINUTE_MS;
/** Where something is to be mended: this often on the first two days, then less. */
const SOON_MS = HOUR_MS;
const LATER_MS = 6 * HOUR_MS;
const SOON_FOR_MS = 2 * DAY_MS;

/** The look, where it is one for the certificate that is published now. */
export const lookFor = (
  look: EndpointMemory | undefined,
  { sha256 }: Pick<CurrentCertificate, 'sha256'>,
): EndpointMemory | undefined => (look?.certificate === sha256 ? look : undefined);

/**
 * When an endpoint is dialled again without being asked to, epoch ms; Infinity where the certificate is served, which lists
 * and syncs look after.
 */
export function nextDialMs(
  memory: EndpointMemory | undefined,
  current: Pick<CurrentCertificate, 'sha256' | 'publishedAt'>,
  nowMs: number,
): number {
  const look = lookFor(memory, current);
  if (look === undefined) return toMs(current.publishedAt) + FIRST_LOOK_MS;
  const atMs = toMs(look.at);
  // Written by a clock that was ahead.
  if (atMs > nowMs) return nowMs;
  if (look.findings.length === 0) return Infinity;
  const sinceMs = toMs(look.since ?? look.at);
  return atMs + (atMs - sinceMs < SOON_FOR_MS ? SOON_MS : LATER_MS);
}

/** What is worth telling of the servers behind one endpoint, the same sentence once. */
export function judgeServers(
  servers: readonly ServerFacts[],
  serverName: string | undefined,
  current: CurrentCertificate,
  previous: readonly CertificateRecord[],
  nowMs: number,
): readonly EndpointFinding[] {
  const answered = servers.some(({ kind }) => kind === 'shown');
  const found = servers
    // A name may well have IPv6 addresses that this machine has no way to.
    .filter((server) => !(answered && server.kind === 'failed' && server.failure === 'no-route'))
    .flatMap((server) =>
      findingsOf(server, serverName, current, previous, nowMs).map((finding) => ({
        ...finding,
        address: server.address,
      })),
    );
  return [...Map.groupBy(found, ({ fault, text }) => `${fault} ${text}`).values()].map((same) => {
    const { fault = 'unseen', text = '' } = same[0] ?? {};
    const partly = servers.length > 1 && same.length < servers.length;
    const where = partly ? ` (${same.map(({ address }) => address).join(', ')})` : '';
    return { fault, text: `${text}${where}` };
  });
}

function findingsOf(
  server: ServerFacts,
  serverName: string | undefined,
  current: CurrentCertificate,
  previous: readonly CertificateRecord[],
  nowMs: number,
): readonly EndpointFinding[] {
  if (server.kind === 'failed') return [{ fault: BY_FAILURE[server.failure], text: server.why }];
  const { leaf, faults } = server;
  if (leaf.sha256 === current.sha256) return faults.map(chainFinding);
  return [otherCertificate(leaf, serverName, previous, nowMs)];
}

/** What is not seen from here may be served all the same. */
const BY_FAILURE: Readonly<Record<DialFailure, EndpointFault>> = {
  unresolved: 'unseen',
  unreachable: 'unseen',
  'no-route': 'unseen',
  silent: 'unseen',
  'not-tls': 'not-tls',
  refused: 'handshake',
  'too-large': 'handshake',
  unreadable: 'handshake',
};

function chainFinding(fault: ChainFault): EndpointFinding {
  switch (fault.kind) {
    case 'missing':
      return {
        fault: 'chain-missing',
        text: `serves it without an intermediate, the certificate of ${fault.issuer}: clients that do not have it refuse; serve fullchain.pem`,
      };
    case 'expired':
      return {
        fault: 'chain-expired',
        text: `serves it with an intermediate that ended ${dayOf(fault.notAfterMs)}, ${fault.certificate}; serve fullchain.pem`,
      };
    case 'order':
      return {
        fault: 'chain-order',
        text: 'serves it with its chain in the wrong order, which some clients refuse; serve fullchain.pem',
      };
  }
}

const NAMES_SHOWN = 3;

function otherCertificate(
  leaf: ShownCertificate,
  serverName: string | undefined,
  previous: readonly CertificateRecord[],
  nowMs: number,
): EndpointFinding {
  const { serial, issuer, notAfterMs, selfSigned, sha256, names } = leaf;
  const till = `${notAfterMs + SECOND_MS <= nowMs ? 'which ended' : 'valid until'} ${dayOf(notAfterMs)}`;
  if (previous.some((record) => record.sha256 === sha256)) {
    return { fault: 'previous-certificate', text: `serves the previous certificate ${serial}, ${till}` };
  }
  if (selfSigned) {
    return { fault: 'self-signed', text: `serves a self-signed certificate, ${issuer}, ${till}` };
  }
  if (serverName !== undefined && !covers(names, serverName)) {
    return {
      fault: 'name-mismatch',
      text: `serves a certificate for ${namesText(names)} to those who ask for ${serverName}, perhaps the default of the server`,
    };
  }
  return { fault: 'other-certificate', text: `serves another certificate, ${serial} of ${issuer}, ${till}` };
}

function namesText(names: readonly DnsName[]): string {
  if (names.length === 0) return 'no name';
  const more = names.length - NAMES_SHOWN;
  return `${names.slice(0, NAMES_SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The new memory of an endpoint. @param before  that of the last look, whatever it was for */
export function rememberLook(
  before: EndpointMemory | undefined,
  current: Pick<CurrentCertificate, 'sha256'>,
  findings: readonly EndpointFinding[],
  nowMs: number,
): EndpointMemory {
  const at = toInstant(nowMs);
  const known = lookFor(before, current);
  const servedAt = isServed(findings) === true ? at : known?.servedAt;
  return {
    at,
    certificate: current.sha256,
    findings,
    ...(findings.length === 0 ? {} : { since: known?.since ?? at }),
    ...(servedAt === undefined ? {} : { servedAt }),
  };
}

type Weight = 'unserved' | 'chain' | 'minor' | 'unseen';

const WEIGHTS: Readonly<Record<EndpointFault, Weight>> = {
  'previous-certificate': 'unserved',
  'other-certificate': 'unserved',
  'self-signed': 'unserved',
  'name-mismatch': 'unserved',
  'not-tls': 'unserved',
  handshake: 'unserved',
  'chain-missing': 'chain',
  'chain-expired': 'chain',
  'chain-order': 'minor',
  unseen: 'unseen',
};

/** Is the certificate served by every server there? undefined: nobody can tell. */
export function isServed(findings: readonly EndpointFinding[]): boolean | undefined {
  const weights = findings.map(({ fault }) => WEIGHTS[fault]);
  if (weights.includes('unserved')) return false;
  return weights.includes('unseen') ? undefined : true;
}

/** A look at one endpoint of a certificate. */
export interface EndpointLook {
  /** As the manifest writes it. */
  readonly endpoint: string;
  /** Absent: not looked at since the certificate was published. */
  readonly look?: EndpointMemory;
}

/** Is the certificate served at all of them? undefined: not known of each. */
export function servedEverywhere(looks: readonly EndpointLook[]): boolean | undefined {
  const each = looks.map(({ look }) => look && isServed(look.findings));
  if (each.includes(false)) return false;
  return each.length === 0 || each.includes(undefined) ? undefined : true;
}

/** What an endpoint is to a certificate now. */
export interface EndpointVerdict {
  readonly reason: 'NotServedYet' | 'NotServed' | 'ChainFault' | 'EndpointUnseen';
  readonly level: 'info' | 'warning' | 'attention';
  readonly sinceMs: number;
  readonly message: string;
}

/**
 * The gravest thing about an endpoint; undefined where the certificate is served as it was published. A certificate never
 * seen there is not served since it was published; for one that was, the looks tell since when it is not.
 */
export function endpointVerdict(
  { endpoint, look }: EndpointLook,
  current: CurrentCertificate,
  servedWithinMs: number,
  nowMs: number,
): EndpointVerdict | undefined {
  if (look === undefined || look.findings.length === 0) return undefined;
  const { findings, since = look.at, servedAt } = look;
  const weights = new Set(findings.map(({ fault }) => WEIGHTS[fault]));
  const what = `${endpoint} ${findings.map(({ text }) => text).join('; ')}`;
  if (weights.has('unserved')) {
    const sinceMs = toMs(servedAt === undefined ? current.publishedAt : since);
    const late = nowMs >= sinceMs + servedWithinMs;
    const { serial, publishedAt } = current;
    if (!late && servedAt === undefined) {
      const message = `certificate ${serial}, published ${publishedAt}, is not served yet: ${what} (seen ${look.at})`;
      return { reason: 'NotServedYet', level: 'info', sinceMs, message };
    }
    const how = servedAt === undefined ? 'published' : 'served last';
    const ago = agoText(toMs(servedAt ?? publishedAt), nowMs);
    const message = `certificate ${serial} was ${how} ${ago} and is not served: ${what} (seen ${look.at})`;
    return { reason: 'NotServed', level: late ? 'attention' : 'warning', sinceMs, message };
  }
  const sinceMs = toMs(since);
  const message = `${what} (seen ${look.at})`;
  if (weights.has('chain')) {
    const late = nowMs >= sinceMs + servedWithinMs;
    return { reason: 'ChainFault', level: late ? 'attention' : 'warning', sinceMs, message };
  }
  return {
    reason: weights.has('minor') ? 'ChainFault' : 'EndpointUnseen',
    level: 'warning',
    sinceMs,
    message,
  };
}

function agoText(atMs: number, nowMs: number): string {
  const hours = Math.max(0, Math.floor((nowMs - atMs) / HOUR_MS));
  if (hours >= 48) return `${Math.floor(hours / 24)} days ago`;
  if (hours === 0) return 'less than an hour ago';
  return hours === 1 ? 'an hour ago' : `${hours} hours ago`;
}

/** Instants at which the clock alone changes a verdict, or brings the next look, epoch ms. */
export function servingDates(
  { look }: EndpointLook,
  current: CurrentCertificate,
  servedWithinMs: number,
  nowMs: number,
): readonly number[] {
  const next = nextDialMs(look, current, nowMs);
  if (look === undefined || look.findings.length === 0) return [next];
  return [next, ...[look.since ?? look.at, current.publishedAt].map((at) => toMs(at) + servedWithinMs)];
}
