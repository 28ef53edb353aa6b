import { isOpen } from '../../model/intent.js';
import type { Status } from '../../model/status.js';
import { dayOf, toMs } from '../../model/time.js';
import { isCertificate } from '../../planner/input.js';
import { showsEverything } from '../../planner/rebuilt.js';
import type { RebuildLeft, RebuildRow, RebuildSummary } from '../../report/rebuild-text.js';
import type { Rebuilt } from './rebuild.js';

/** What a person has to know before the state is made anew. */
export function summaryOf(rebuilt: Rebuilt): RebuildSummary {
  const { remains, accounts, explained, state, header, spent, run } = rebuilt;
  const { base, keys, approvals, skipped } = remains;
  const declared = run.desired.specs.map(({ name }) => name);
  const names = [...new Set([...declared, ...state.statuses.keys()])];
  const used = new Set(run.desired.specs.flatMap(({ providers }) => providers));
  return {
    base: base
      ? { commit: base.commit, revision: base.header.revision, certificates: base.statuses.size }
      : null,
    accounts: accounts.map(({ provider, orders, why }) => ({
      provider,
      orders: orders.length,
      ...(why === undefined ? {} : { why }),
    })),
    certificates: names.map((name) => rowOf(rebuilt, name, state.statuses.get(name))),
    left: explained.flatMap(({ provider, order, explanation }): RebuildLeft[] => {
      const { kind } = explanation;
      if (kind === 'ours' || kind === 'announced') return [];
      const certificate = 'name' in explanation ? { certificate: explanation.name } : {};
      return [{ provider, order: order.id, names: order.names, why: kind, ...certificate }];
    }),
    keys: keys.size,
    approvals: [...approvals.values()].reduce((sum, digests) => sum + digests.length, 0),
    spent,
    settledAt: header.rebuilt.settledAt,
    blind: [...used].filter((id) => {
      const account = run.providers.all.get(id) ?? run.providers.broken.get(id);
      if (!account?.capabilities.terms) return false;
      return !header.rebuilt.listed.includes(id) || !showsEverything(account.capabilities);
    }),
    skipped,
  };
}

function rowOf({ state, run }: Rebuilt, name: string, status: Status | undefined): RebuildRow {
  const orders = status?.orders.map(({ id }) => id) ?? [];
  const { current } = status ?? {};
  const row = { name, orders, ...(current ? { ends: dayOf(toMs(current.notAfter)) } : {}) };
  const spec = run.specs.get(name);
  const open = status?.intents.filter(isOpen) ?? [];
  if (open.some(({ phase }) => phase === 'intended' || phase === 'unknown'))
    return { ...row, outcome: 'unsettled' };
  if (status?.archived && !spec) return { ...row, outcome: 'archived' };
  const head = status?.orders.at(-1);
  if (!status || !head) return { ...row, outcome: 'nothing' };
  if (status.kind === 'sitelock') return { ...row, outcome: 'whole' };
  if (!current) {
    const looked = state.found.find(({ waiting }) => waiting.name === name)?.result;
    const note = looked && 'why' in looked ? looked.why : undefined;
    const outcome = head.state === 'pending' ? 'pending' : 'uncollected';
    return { ...row, outcome, ...(note === undefined ? {} : { note }) };
  }
  const external = spec && isCertificate(spec) && spec.key.kind !== 'generated';
  return { ...row, outcome: current.ownKey || external ? 'whole' : 'no-key' };
}
