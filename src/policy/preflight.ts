import type { CaaIdentity } from '../model/capabilities.js';
import type { ValidationMethod } from '../model/manifest.js';
import type { CaaLook, LookFailure, NameFacts, ZoneLook } from '../model/name-facts.js';
import { type DnsName, isWildcard } from '../model/names.js';
import { judgeCaa } from './caa.js';

/** What `preflight: { skip: [...] }` can leave out. */
const CHECKS = ['caa', 'zone'] as const;

export interface PreflightSubject {
  readonly names: readonly DnsName[];
  methodOf(name: DnsName): ValidationMethod;
  /** Of the authority behind the product; absent: not known. */
  readonly ca?: CaaIdentity;
  readonly skip: readonly string[];
  /** Names that were not looked at are not in it. */
  readonly facts: ReadonlyMap<DnsName, NameFacts>;
  /** Money moves: then what a person has to mend first is worth waiting for. What is free is better tried. */
  readonly paid: boolean;
}

export interface Preflight {
  /** Why nothing can be issued, each with what to change in which zone. */
  readonly blocked: readonly string[];
  /** What may go wrong, what nobody could see, and what was left out. */
  readonly notes: readonly string[];
}

interface Finding {
  readonly weight: 'blocked' | 'note';
  /** Without the name it concerns, so that names with the same trouble share one sentence. */
  readonly text: string;
  readonly name: DnsName;
}

/** Facts to sentences. Whatever is certain blocks; what merely could not be seen never does. */
export function judgeNames(subject: PreflightSubject): Preflight {
  const findings = subject.names.flatMap((name) => {
    const facts = subject.facts.get(name);
    return facts === undefined ? [] : findingsOf(subject, name, facts);
  });
  const skipped = CHECKS.filter((check) => subject.skip.includes(check));
  return {
    blocked: sentences(findings.filter(({ weight }) => weight === 'blocked')),
    notes: [
      ...(skipped.length === 0 ? [] : [`skipped: ${skipped.join(', ')}`]),
      ...sentences(findings.filter(({ weight }) => weight === 'note')),
    ],
  };
}

function findingsOf(subject: PreflightSubject, name: DnsName, facts: NameFacts): readonly Finding[] {
  const { skip } = subject;
  const zone = skip.includes('zone') ? [] : zoneFindings(subject, name, facts.zone);
  const address =
    !skip.includes('zone') && subject.methodOf(name) === 'http' && facts.address === 'no'
      ? [
          note(
            name,
            'no address record: the authority cannot fetch the file that proves control; add an A or AAAA record',
          ),
        ]
      : [];
  // A domain that fails as a whole fails for CAA as well; once is enough.
  const caa = skip.includes('caa') || zone.length > 0 ? [] : caaFindings(subject, name, facts.caa);
  return [...zone, ...address, ...caa];
}

const block = (name: DnsName, text: string): Finding => ({ weight: 'blocked', text, name });
const note = (name: DnsName, text: string): Finding => ({ weight: 'note', text, name });

function zoneFindings(
  { paid }: PreflightSubject,
  name: DnsName,
  zone: ZoneLook | undefined,
): readonly Finding[] {
  if (zone === undefined || zone.kind === 'exists') return [];
  if (zone.kind === 'missing') {
    return [
      block(
        name,
        `${zone.domain} does not exist in public DNS; register it, or have its registry delegate it, or correct the name`,
      ),
    ];
  }
  return failed(name, zone.domain, zone.failure, paid);
}

function failed(name: DnsName, at: DnsName, { kind, why }: LookFailure, paid: boolean): readonly Finding[] {
  switch (kind) {
    case 'dnssec':
      return [
        block(
          name,
          `DNSSEC of ${at} fails, so authorities get no answer: ${why}; correct the DS record at the registrar, or sign the zone anew`,
        ),
      ];
    case 'servers': {
      const text = `the name servers of ${at} give no answer: ${why}; correct the delegation at the registrar, or bring the servers back`;
      return [paid ? block(name, text) : note(name, text)];
    }
    case 'unseen':
      return [note(name, `could not look at ${at}: ${why}`)];
  }
}

function caaFindings(subject: PreflightSubject, name: DnsName, caa: CaaLook | undefined): readonly Finding[] {
  if (caa === undefined || caa.kind === 'none') return [];
  if (caa.kind === 'failed') return failed(name, caa.at, caa.failure, subject.paid);
  const { at, alias, records } = caa;
  const { ca } = subject;
  const verdict = judgeCaa(records, {
    wildcard: isWildcard(name),
    method: subject.methodOf(name),
    ...(ca === undefined ? {} : { ca }),
  });
  const place = alias === undefined ? `CAA at ${at}` : `CAA at ${alias}, for which ${at} is an alias`;
  switch (verdict.kind) {
    case 'allowed':
      return [];
    case 'unsure':
      return [note(name, `${place}: ${verdict.why}`)];
    case 'forbidden': {
      const [own] = ca?.domains ?? [];
      const owner = alias ?? at;
      const add =
        own === undefined
          ? ''
          : `add \`${owner}. CAA 0 ${verdict.tag} "${own}"\` to the zone of ${owner}, or `;
      return [block(name, `${place}: ${verdict.why}; ${add}remove what forbids it there`)];
    }
  }
}

/** One sentence for all names that share it. */
function sentences(findings: readonly Finding[]): readonly string[] {
  return [...Map.groupBy(findings, ({ text }) => text)].map(([text, all]) => {
    const [first, ...more] = [...new Set(all.map(({ name }) => name))];
    const others = more.length === 0 ? '' : ` and ${more.length} more`;
    return `${first ?? ''}${others}: ${text}`;
  });
}
