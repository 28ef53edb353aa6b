import type { Answer } from 'dns-packet';
import { plainName, RCODE } from '../../dns/wire.js';
import { CertError } from '../../model/errors.js';
import { isWithin, longestZone } from '../../model/names.js';
import type { SolvableRecord } from '../../model/order.js';
import { type Primary, rcodeText } from './primary.js';

export type DnsRecord = Extract<SolvableRecord, { readonly owner: string }>;

/** Where a record belongs, and whether it stands there. */
export interface Place {
  /** The name that carries it: for a TXT record the end of the aliases that begin at its owner. */
  readonly owner: string;
  readonly present: boolean;
  /** A CNAME of another value at the very name. */
  readonly rival?: string;
}

const MAX_ALIASES = 8;

export function aliasAt(answers: readonly Answer[], name: string): string | undefined {
  const alias = answers.find((answer) => answer.type === 'CNAME' && plainName(answer.name) === name);
  return alias?.type === 'CNAME' ? plainName(alias.data) : undefined;
}

/** Does one of these answers say exactly this at this name? */
export const holds = (answers: readonly Answer[], owner: string, record: DnsRecord): boolean =>
  record.type === 'CNAME'
    ? aliasAt(answers, owner) === plainName(record.value)
    : textsAt(answers, owner).includes(record.value);

export const textsAt = (answers: readonly Answer[], owner: string): readonly string[] =>
  answers.flatMap((answer) => {
    if (answer.type !== 'TXT' || plainName(answer.name) !== owner) return [];
    const pieces = Array.isArray(answer.data) ? answer.data : [answer.data];
    return [
      Buffer.concat(
        pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)),
      ).toString(),
    ];
  });

/**
 * Follows a TXT record's owner through aliases to the name that carries it, within the configured zones.
 * @throws CertError `solver.zone`, `solver.refused`, `solver.failed`
 */
export async function placeOf(
  primary: Primary,
  zones: readonly string[],
  record: DnsRecord,
  solver: string,
): Promise<Place> {
  let owner = plainName(record.owner);
  for (let hop = 0; hop <= MAX_ALIASES; hop += 1) {
    if (longestZone(owner, zones) === undefined) throw outside(record, owner, solver);
    const reply = await primary.ask(owner, record.type);
    if (reply.rcode !== RCODE.NOERROR && reply.rcode !== RCODE.NXDOMAIN) {
      throw new CertError(
        'solver.zone',
        `${primary.label} does not answer for ${owner}: ${rcodeText(reply.rcode)}`,
        {
          remedy: 'write the address of the primary of its zone under server:',
        },
      );
    }
    const alias = aliasAt(reply.answers, owner);
    const present = holds(reply.answers, owner, record);
    if (record.type === 'CNAME') {
      return { owner, present, ...(alias === undefined || present ? {} : { rival: alias }) };
    }
    if (alias === undefined) return { owner, present };
    owner = alias;
  }
  const asked = plainName(record.owner);
  throw new CertError('solver.blocked', `${asked} is an alias of aliases, more than ${MAX_ALIASES} of them`, {
    remedy: 'let its CNAME record lead to the last name at once',
  });
}

function outside(record: DnsRecord, owner: string, solver: string): CertError {
  const asked = plainName(record.owner);
  return owner === asked
    ? new CertError('solver.zone', `${asked} lies in none of the zones of ${solver}`, {
        remedy: `add its zone to zones: of ${solver}, or name another solver in the manifest`,
      })
    : new CertError(
        'solver.zone',
        `${asked} is an alias for ${owner}, which lies in none of the zones of ${solver}`,
        {
          remedy: `add the zone of ${owner} to zones: of ${solver}`,
        },
      );
}

/**
 * The zone that carries a name, as its server tells by the SOA record.
 * @throws CertError `solver.zone`
 */
export async function zoneOf(primary: Primary, owner: string): Promise<string> {
  // An alias answers for its target: then the name above it tells.
  for (let name = owner; name.includes('.'); name = name.slice(name.indexOf('.') + 1)) {
    const reply = await primary.ask(name, 'SOA');
    if (aliasAt(reply.answers, name) !== undefined) continue;
    const soa = [...reply.answers, ...reply.authorities].find((answer) => answer.type === 'SOA');
    if (soa && reply.authoritative && isWithin(owner, plainName(soa.name))) return plainName(soa.name);
    const delegated = reply.authorities.find((answer) => answer.type === 'NS');
    throw new CertError(
      'solver.zone',
      delegated
        ? `${plainName(delegated.name)} is delegated to other servers than ${primary.label}`
        : `${primary.label} has no zone for ${owner} (${rcodeText(reply.rcode)})`,
      {
        remedy:
          'write the address of the primary of that zone under server:, in a solver of its own if need be',
      },
    );
  }
  throw new CertError('solver.zone', `${primary.label} has no zone for ${owner}`);
}
