import { plainName, RCODE, rcodeText } from '../../dns/wire.js';
import { CertError } from '../../model/errors.js';
import { isWithin, longestZone } from '../../model/names.js';
import { aliasAt, type DnsRecord, endlessAlias, holds, MAX_ALIASES, outsideZones } from '../dns/answers.js';
import type { Primary } from './primary.js';

/** Where a record belongs, and whether it stands there. */
export interface Place {
  /** The name that carries it: for a TXT record the end of the aliases that begin at its owner. */
  readonly owner: string;
  readonly present: boolean;
  /** A CNAME of another value at the very name. */
  readonly rival?: string;
}

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
    if (longestZone(owner, zones) === undefined) throw outsideZones(record, owner, solver);
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
  throw endlessAlias(record);
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
