import type { Answer } from 'dns-packet';
import { plainName } from '../../dns/wire.js';
import { CertError } from '../../model/errors.js';
import type { SolvableRecord } from '../../model/order.js';

export type DnsRecord = Extract<SolvableRecord, { readonly owner: string }>;

/** Aliases followed from a name to the one that carries its record. */
export const MAX_ALIASES = 8;

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

/** Somebody else's record stands where ours would. */
export const blocked = (owner: string, why: string): CertError =>
  new CertError('solver.blocked', `${owner} is in use: ${why}, and it is not ours`, {
    remedy: 'remove it if nobody needs it, or prove this name in another way',
  });

export const endlessAlias = ({ owner }: DnsRecord): CertError =>
  new CertError(
    'solver.blocked',
    `${plainName(owner)} is an alias of aliases, more than ${MAX_ALIASES} of them`,
    { remedy: 'let its CNAME record lead to the last name at once' },
  );

/** A name, or the end of its aliases, that the solver is not told to change. */
export function outsideZones(record: DnsRecord, owner: string, solver: string): CertError {
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

/** A file was given to a solver of DNS records. */
export const notDns = (solver: string): CertError =>
  new CertError('solver.zone', `${solver} publishes DNS records, and this proof is a file`, {
    remedy: 'name a solver of type http-file, http-server or exec for it',
  });

/** Ctrl-C is no failure of a record. */
export function passOn(error: unknown): CertError {
  if (error instanceof CertError && error.code !== 'interrupted') return error;
  throw error;
}
