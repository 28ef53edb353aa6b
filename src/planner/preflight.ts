import type { PreflightConfig } from '../model/configuration.js';
import type { CertificateSpec } from '../model/manifest.js';
import type { DnsName } from '../model/names.js';
import type { Hold, Plan, PlanItem } from '../model/plan.js';
import { judgeNames } from '../policy/preflight.js';
import type { Candidate } from './choose.js';
import { type Draft, ISSUING } from './draft.js';
import { isCertificate, type PlanInput, type ProviderFacts, type Subject } from './input.js';
import { wishedValidation } from './validation.js';

/** What a name is to be asked about. */
export interface NameQuestion {
  readonly name: DnsName;
  readonly caa: boolean;
  readonly zone: boolean;
  /** Somebody will fetch a file from there. */
  readonly address: boolean;
}

/**
 * Does this account's authority look at public DNS? A private one does not, and a rehearsal only where it was told whom to
 * ask: its names need not exist anywhere else.
 */
const looksAtDns = ({ off, resolvers }: PreflightConfig, { config, capabilities }: ProviderFacts): boolean =>
  !off && capabilities.trust === 'public' && (config.environment !== 'rehearsal' || resolvers.length > 0);

/** Names of the lines that will be sent, and that nothing holds. */
export function nameQuestions(input: PlanInput, plan: Pick<Plan, 'items'>): readonly NameQuestion[] {
  const specs = new Map(input.desired.specs.filter(isCertificate).map((spec) => [spec.name, spec]));
  const questions = new Map<DnsName, NameQuestion>();
  for (const item of plan.items) {
    const spec = specs.get(item.name);
    for (const asked of spec ? questionsOf(input, item, spec) : []) {
      const known = questions.get(asked.name);
      questions.set(asked.name, known ? either(known, asked) : asked);
    }
  }
  return [...questions.values()];
}

const either = (a: NameQuestion, b: NameQuestion): NameQuestion => ({
  name: a.name,
  caa: a.caa || b.caa,
  zone: a.zone || b.zone,
  address: a.address || b.address,
});

/** What one line of a plan has to have asked before it is sent; [] where it asks nobody. */
export function questionsOf(
  input: PlanInput,
  item: PlanItem,
  spec: CertificateSpec,
): readonly NameQuestion[] {
  const provider = input.providers.get(item.provider ?? '');
  const { config } = input.preflight ?? {};
  if (!config || !provider || !ISSUING.has(item.action) || !looksAtDns(config, provider)) return [];
  if (item.hold !== undefined && item.hold.code !== 'preflight') return [];
  const caa = !spec.preflightSkip.includes('caa');
  const zone = !spec.preflightSkip.includes('zone');
  if (!caa && !zone) return [];
  return (item.names ?? spec.names).map((name) => ({
    name,
    caa,
    zone,
    address: zone && wishedValidation(spec, name).method === 'http',
  }));
}

/** Why a line must wait although everything else speaks for it, and what is worth saying beside it. */
export function preflightOf(
  s: Subject,
  draft: Draft,
  { provider, product }: Candidate,
  paid: boolean,
): { readonly blocked?: Hold; readonly notes: readonly string[] } {
  const { preflight } = s.input;
  if (!preflight || !ISSUING.has(draft.action) || provider.capabilities.trust !== 'public')
    return { notes: [] };
  if (preflight.config.off) return { notes: ['names were not looked at: preflight is off'] };
  if (!looksAtDns(preflight.config, provider)) return { notes: [] };
  const ca =
    provider.caa ?? provider.products.find(({ id }) => id === product)?.caa ?? provider.capabilities.caa;
  const { blocked, notes } = judgeNames({
    names: draft.names ?? s.spec.names,
    methodOf: (name) => wishedValidation(s.spec, name).method,
    ...(ca === undefined ? {} : { ca }),
    skip: s.spec.preflightSkip,
    facts: preflight.names,
    paid,
  });
  if (blocked.length === 0) return { notes };
  return { blocked: { code: 'preflight', message: blocked.join('. ') }, notes };
}
