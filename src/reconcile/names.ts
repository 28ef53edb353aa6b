import PQueue from 'p-queue';
import type { CaaLook, LookFailure, NameFacts, ZoneLook } from '../model/name-facts.js';
import type { DnsName } from '../model/names.js';
import type { NameQuestion } from '../planner/preflight.js';
import type { DnsLook, QuestionType, Resolver } from '../ports/dns.js';

/** Questions under way at once. */
const AT_ONCE = 16;
/**
 * Looks at names as a certificate authority will: the registered domain, CAA on the way up, an address where a file will
 * be fetched. Each question is put once, however many names need its answer.
 */
export async function lookAtNames(
  resolver: Resolver,
  questions: readonly NameQuestion[],
  signal: AbortSignal,
): Promise<ReadonlyMap<DnsName, NameFacts>> {
  const { climb, registeredDomain } = await import('../model/public-names.js');
  const queue = new PQueue({ concurrency: AT_ONCE });
  const asked = new Map<string, Promise<DnsLook>>();
  const look = (name: DnsName, type: QuestionType): Promise<DnsLook> => {
    const key = `${type} ${name}`;
    const known = asked.get(key) ?? queue.add(() => resolver.look(name, type, signal));
    asked.set(key, known);
    return known;
  };

  /** Nothing from the zone's servers is their fault only where the resolver gets answers from others. */
  const failureAt = async (
    name: DnsName,
    { failure, why }: DnsLook & { kind: 'failed' },
  ): Promise<LookFailure> => {
    if (failure === 'bogus') return { kind: 'dnssec', why };
    if (failure === 'silent') return { kind: 'unseen', why };
    const above = await look(registeredDomain(name).suffix, 'SOA');
    return { kind: above.kind === 'answer' ? 'servers' : 'unseen', why };
  };

  const zoneOf = async (name: DnsName): Promise<ZoneLook> => {
    const { domain } = registeredDomain(name);
    const said = await look(domain, 'SOA');
    if (said.kind === 'failed') return { kind: 'failed', domain, failure: await failureAt(name, said) };
    return { kind: said.exists || said.alias !== undefined ? 'exists' : 'missing', domain };
  };

  const caaOf = async (name: DnsName): Promise<CaaLook> => {
    for (const at of climb(name)) {
      const said = await look(at, 'CAA');
      if (said.kind === 'failed') return { kind: 'failed', at, failure: await failureAt(at, said) };
      if (said.count === 0) continue;
      return {
        kind: 'found',
        at,
        ...(said.alias === undefined ? {} : { alias: said.alias }),
        records: said.caa,
      };
    }
    return { kind: 'none' };
  };

  const addressOf = async (name: DnsName): Promise<NonNullable<NameFacts['address']>> => {
    const said = await Promise.all([look(name, 'A'), look(name, 'AAAA')]);
    if (said.some((one) => one.kind === 'answer' && one.count > 0)) return 'yes';
    return said.every(({ kind }) => kind === 'answer') ? 'no' : 'unknown';
  };

  const facts = questions.map(async ({ name, caa, zone, address }) => {
    const [ofCaa, ofZone, ofAddress] = await Promise.all([
      caa ? caaOf(name) : undefined,
      zone ? zoneOf(name) : undefined,
      address ? addressOf(name) : undefined,
    ]);
    return [
      name,
      {
        ...(ofCaa === undefined ? {} : { caa: ofCaa }),
        ...(ofZone === undefined ? {} : { zone: ofZone }),
        ...(ofAddress === undefined ? {} : { address: ofAddress }),
      },
    ] as const;
  });
  return new Map(await Promise.all(facts));
}
