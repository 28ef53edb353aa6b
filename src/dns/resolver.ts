import { getServers } from 'node:dns';
import { type Answer, type DecodedPacket, encode, type OptAnswer } from 'dns-packet';
import { type Endpoint, parseEndpoint } from '../model/endpoint.js';
import { CertError } from '../model/errors.js';
import type { CaaRecord } from '../model/name-facts.js';
import { SECOND_MS } from '../model/time.js';
import type { DnsLook, QuestionType, Resolver } from '../ports/dns.js';
import { DNS_PORT, serverLabel } from './ask.js';
import { askDatagram } from './datagram.js';
import { openLink } from './link.js';
import { isDnsName, readMessage, type Said } from './message.js';
import { plainName, RCODE } from './wire.js';

/** What passes everywhere without being cut into fragments (DNS flag day 2020). */
const DATAGRAM_BYTES = 1_232;
const TRIES = 2;
const DEFAULT_LIMIT_MS = 2 * SECOND_MS;
const MAX_ALIASES = 8;
const RD = 1 << 8;
const CD = 1 << 4;
const FORMERR = 1;

export interface ResolverOptions {
  /** In order: the next is asked where one does not answer. */
  readonly servers: readonly Endpoint[];
  readonly random: { hex(bytes: number): string };
  /** For each try; default 2 s. */
  readonly limitMs?: number;
}

/** Endpoints of what the configuration names; where that is nothing, the resolvers of the machine. */
export const resolverEndpoints = (named: readonly string[]): readonly Endpoint[] =>
  (named.length === 0 ? getServers() : named).flatMap((text) => parseEndpoint(text, DNS_PORT) ?? []);

/** Asks resolvers by UDP, by TCP where an answer does not fit, and judges what they say of DNSSEC. */
export function createResolver({ servers, random, limitMs = DEFAULT_LIMIT_MS }: ResolverOptions): Resolver {
  const exchange = async (server: Endpoint, question: Question, signal: AbortSignal): Promise<Said> => {
    const label = serverLabel(server);
    const within = { limitMs, signal };
    try {
      const message = encodeQuestion(question, Number.parseInt(random.hex(2), 16));
      const short = await askDatagram(server, message, { ...within, label, tries: TRIES });
      const first = named(readMessage(short, question), label);
      if (first.kind === 'nothing' || !first.packet.flag_tc) return first;
      const link = await openLink(server, { ...within, label, code: 'dns.failed' });
      try {
        const whole = named(readMessage(await link.ask(message), question), label);
        // Half an answer could be the half without the record that forbids.
        if (whole.kind === 'nothing' || !whole.packet.flag_tc) return whole;
        return { kind: 'nothing', why: `${label} cuts its answer by TCP as well` };
      } finally {
        link.close();
      }
    } catch (error) {
      if (!(error instanceof CertError)) throw error;
      return { kind: 'nothing', why: error.message };
    }
  };

  /** One question to one server, as it is answered there; undefined: another server may know more. */
  const askOne = async (
    server: Endpoint,
    question: Question,
    signal: AbortSignal,
  ): Promise<{ readonly look?: DnsLook; readonly why: string; readonly servfail?: true }> => {
    const label = serverLabel(server);
    let said = await exchange(server, question, signal);
    if (said.kind === 'message' && said.rcode === FORMERR && question.extended) {
      said = await exchange(server, { ...question, extended: false }, signal);
    }
    if (said.kind === 'nothing') return { why: said.why };
    const { rcode, packet } = said;
    if (rcode === RCODE.SERVFAIL) {
      const unchecked = await exchange(server, { ...question, unchecked: true }, signal);
      const why = `${label} answers SERVFAIL${extendedError(packet)}`;
      const hidden =
        unchecked.kind === 'message' &&
        (unchecked.rcode === RCODE.NOERROR || unchecked.rcode === RCODE.NXDOMAIN);
      if (hidden) return { look: { kind: 'failed', failure: 'bogus', why }, why };
      return { why, servfail: true };
    }
    if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) {
      return { why: `${label} answers ${rcode === RCODE.REFUSED ? 'REFUSED' : `with code ${rcode}`}` };
    }
    const answer = answerOf(packet, question, rcode);
    // What is neither its own nor looked up for us is a referral, and tells nothing.
    if (!packet.flag_ra && !packet.flag_aa) return { why: `${label} does not look names up for others` };
    const open = !packet.flag_ra && answer.count === 0 && answer.alias !== undefined;
    if (!open || question.hops >= MAX_ALIASES) return { look: answer, why: '' };
    const next = await askOne(
      server,
      { ...question, name: answer.alias ?? '', hops: question.hops + 1 },
      signal,
    );
    return next.look?.kind === 'answer'
      ? { look: { ...next.look, alias: next.look.alias ?? answer.alias ?? '' }, why: '' }
      : next;
  };

  return {
    async look(name, type, signal) {
      const question = { name: plainName(name), type, extended: true, unchecked: false, hops: 0 };
      const why: string[] = [];
      let servfail = 0;
      for (const server of servers) {
        if (signal.aborted) break;
        const said = await askOne(server, question, signal);
        if (said.look) return said.look;
        why.push(said.why);
        if (said.servfail) servfail += 1;
      }
      if (servers.length === 0)
        return { kind: 'failed', failure: 'silent', why: 'there is no resolver to ask' };
      if (signal.aborted) why.push('the time for it was over');
      return {
        kind: 'failed',
        failure: servfail > 0 ? 'servfail' : 'silent',
        why: why.join('; '),
      };
    },
  };
}

interface Question {
  readonly name: string;
  readonly type: QuestionType;
  /** With EDNS, which some old server does not know. */
  readonly extended: boolean;
  /** Checking disabled: what does not pass DNSSEC is shown as well. */
  readonly unchecked: boolean;
  /** Aliases followed so far. */
  readonly hops: number;
}

function encodeQuestion({ name, type, extended, unchecked }: Question, id: number): Buffer {
  if (!isDnsName(name)) {
    throw new CertError('dns.failed', `${name} is longer than a DNS name can be`);
  }
  const edns: OptAnswer = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: DATAGRAM_BYTES,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  return encode({
    type: 'query',
    id,
    flags: RD | (unchecked ? CD : 0),
    questions: [{ name: name === '' ? '.' : name, type, class: 'IN' }],
    ...(extended ? { additionals: [edns] } : {}),
  });
}

const named = (said: Said, label: string): Said =>
  said.kind === 'nothing' ? { kind: 'nothing', why: `${label} ${said.why}` } : said;

function answerOf(
  packet: DecodedPacket,
  { name, type }: Question,
  rcode: number,
): DnsLook & { kind: 'answer' } {
  const answers = packet.answers ?? [];
  let owner = name;
  for (let hop = 0; hop < answers.length; hop += 1) {
    const alias = answers.find((one) => one.type === 'CNAME' && plainName(one.name) === owner);
    if (alias?.type !== 'CNAME') break;
    owner = plainName(alias.data);
    if (owner === name) break;
  }
  const found = answers.filter((one) => one.type === type && plainName(one.name) === owner);
  return {
    kind: 'answer',
    exists: rcode === RCODE.NOERROR,
    ...(owner === name ? {} : { alias: owner }),
    count: found.length,
    caa: type === 'CAA' ? found.flatMap(caaOf) : [],
  };
}

const caaOf = (answer: Answer): readonly CaaRecord[] =>
  answer.type === 'CAA'
    ? [{ flags: answer.data.flags ?? 0, tag: answer.data.tag, value: answer.data.value }]
    : [];

const EXTENDED_ERROR = 15;
/** RFC 8914 §4: those a zone's owner can do something about. */
const ERRORS: Readonly<Record<number, string>> = {
  1: 'unsupported DNSKEY algorithm',
  2: 'unsupported DS digest',
  5: 'DNSSEC is indeterminate',
  6: 'DNSSEC is bogus',
  7: 'a signature has expired',
  8: 'a signature is not valid yet',
  9: 'a DNSKEY is missing',
  10: 'signatures are missing',
  11: 'no zone key bit is set',
  12: 'NSEC is missing',
  22: 'no authority can be reached',
  23: 'network error',
};

/** What the resolver adds to its SERVFAIL, by number: its text is anybody's. */
function extendedError({ additionals = [] }: DecodedPacket): string {
  const words = additionals.flatMap((one) => {
    if (one.type !== 'OPT') return [];
    return one.options.flatMap((option) => {
      const { code, data } = option as { readonly code: number; readonly data?: Buffer };
      if (Number(code) !== EXTENDED_ERROR || data === undefined || data.length < 2) return [];
      return ERRORS[data.readUInt16BE(0)] ?? [];
    });
  });
  return words.length === 0 ? '' : ` (${[...new Set(words)].join(', ')})`;
}
