/** A bug as somebody could write it: one text of one source file, replaced. */
export interface Mutant {
  readonly file: string;
  /** Stands there exactly once, or the mutant is out of date. */
  readonly find: string;
  readonly replace: string;
  /** A life that finds it: `mutant <seed>`. */
  readonly seed: number;
}

/** What the simulation has to find. Sentences say what the broken program does. */
export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'a lost reply counts as a refusal': {
    file: 'src/reconcile/send.ts',
    find: "if (error.effect === 'unknown' || error.code",
    replace: 'if (error.code',
    seed: 1,
  },
  'an intent is sent without having been seen on the branch': {
    file: 'src/reconcile/announce.ts',
    find: "const confirmed = await confirm(run, written, outcome.kind === 'pushed');",
    replace: 'const confirmed = written;',
    seed: 1,
  },
  'an attempt of unknown outcome is sent again without a look': {
    file: 'src/reconcile/recover.ts',
    find: 'const lookUp = await askProvider(run, provider, name, intent);',
    replace:
      "if (deps) return { name, intent, result: { kind: 'not-placed' } };\n    const lookUp = await askProvider(run, provider, name, intent);",
    seed: 1,
  },
  'an absence counts before the order could be visible': {
    file: 'src/policy/absence.ts',
    find: 'if (evidence.replyAtMs <= settledAtMs)',
    replace: 'if (evidence.replyAtMs < 0)',
    seed: 1,
  },
  'the gate before the bytes lets everything through': {
    file: 'src/reconcile/guard.ts',
    find: '  return () => {\n    const now = momentOf(clock);',
    replace: '  return () => {\n    if (clock) return;\n    const now = momentOf(clock);',
    seed: 2,
  },
  'what somebody reverted on the state branch is forgotten': {
    file: 'src/reconcile/state.ts',
    find: "if (!seen || integrity.kind !== 'foreign-commits') return",
    replace: 'if (state) return',
    seed: 8,
  },
  'an intent goes onto a head that another run has served already': {
    file: 'src/reconcile/act.ts',
    find: 'if (!now || now.queued !== undefined || now.provider !== item.provider) {',
    replace: 'if (!now) return undefined;\n    if (now.name === undefined) {',
    seed: 1,
  },
  'a rename together with other names is bought again': {
    file: 'src/planner/gone.ts',
    find: 'return new Map([...same, ...changed]);',
    replace: 'return new Map(same);',
    seed: 4,
  },
  'a purchase of unknown outcome does not stop the next one': {
    file: 'src/planner/purchase.ts',
    find: '  const intent = openIntent(s.status, lane);\n  if (!intent) return undefined;',
    replace:
      "  const intent = openIntent(s.status, lane);\n  if (!intent || intent.phase === 'unknown') return undefined;",
    seed: 11,
  },
  'autoRenew is not asked for': {
    file: 'src/planner/purchase.ts',
    find: "if (!s.spec.autoRenew) return 'stop';",
    replace: '',
    seed: 4,
  },
  'a renewal passes without its approval file': {
    file: 'src/policy/approvals.ts',
    find: "if (mode === 'auto' && (kind !== 'renew' || spec.autoRenew))",
    replace: "if (mode === 'auto' || kind === 'renew')",
    seed: 1,
  },
  'what was spent today does not count against the limits': {
    file: 'src/policy/limits.ts',
    find: 'return compareMoney(after, limit) === 1',
    replace: 'return compareMoney(cost, limit) === 1',
    seed: 1,
  },
  'the reissue is late by more than the margin': {
    file: 'src/planner/free.ts',
    find: 'if (!current || !timing?.needed || s.input.nowMs < timing.dueMs) return undefined;',
    replace:
      'if (!current || !timing?.needed || s.input.nowMs < timing.dueMs + 60 * 86_400_000) return undefined;',
    seed: 1,
  },
  'the paid term is taken from the certificate': {
    file: 'src/reconcile/order-facts.ts',
    find: '...(paidTillMs === undefined ? {} : { paidTill: toInstant(paidTillMs) }),',
    replace: '...(snapshot.notAfter === undefined ? {} : { paidTill: snapshot.notAfter }),',
    seed: 1,
  },
  'the key of another attempt is published': {
    file: 'src/reconcile/publish.ts',
    find: '  const waiting = pendingKeyPath(name, parsed.keyHash);\n  const blob',
    replace:
      "  const waiting = [...view.files.keys()].find((path) => path.startsWith('issued/' + name + '/keys/')) ?? pendingKeyPath(name, parsed.keyHash);\n  const blob",
    seed: 1,
  },
  'what was published passes for a reissue that never arrived': {
    file: 'src/reconcile/recover.ts',
    find: 'published: [...(current ? [current] : []), ...previous].map(({ serial }) => serial),',
    replace: 'published: [],',
    seed: 3,
  },
  'a certificate for another key is published': {
    file: 'src/reconcile/verify.ts',
    find: 'if (expected.keyHash !== undefined && parsed.keyHash !== expected.keyHash) {',
    replace: "if (expected.keyHash === 'none') {",
    seed: 2,
  },
  'names that are held hide the reissue that the clock asks for': {
    file: 'src/planner/free.ts',
    find: "held.reason === 'NamesChanged' ? certificateEnding(s)",
    replace: "held.reason === 'NamesChanged' ? undefined",
    seed: 5,
  },
  'a quiet note passes over what is due by a day': {
    file: 'src/planner/quiet.ts',
    find: 'if (ms !== undefined && ms >= nowMs && ms < first) first = ms;',
    replace: 'if (ms !== undefined && ms >= nowMs && ms + DAY_MS < first) first = ms + DAY_MS;',
    seed: 1,
  },
  'a certificate of the portal takes the place of ours without its key': {
    file: 'src/reconcile/collect.ts',
    find: ': isOurKey(run, name, verdict.parsed)',
    replace: ': isOurKey(run, name, verdict.parsed) || true',
    seed: 2,
  },
  'a certificate that the CA revoked is served on': {
    file: 'src/planner/free.ts',
    find: "if (!s.status.current?.revoked && order?.state !== 'revoked') return undefined;",
    replace: 'if (order) return undefined;',
    seed: 1,
  },
  'what the portal issued under a new id is not found': {
    file: 'src/reconcile/sync.ts',
    find: `known.order)) {
      looks.push({ name: known.name, provider: known.order.provider, orderId: listed.id, successor: true });
    }
    const next`,
    replace: `known.order)) {
      looks.push({ name: known.name, orderId: listed.id, successor: true });
    }
    const next`,
    seed: 14,
  },
  'an order that was sold twice is not told': {
    file: 'src/reconcile/listing.ts',
    find: 'doubles = order.reference === undefined ? undefined : byReference.get(order.reference);',
    replace: 'doubles = undefined;',
    seed: 17,
  },
  'what a dead order was for is bought again without a file': {
    file: 'src/planner/settle.ts',
    find: "predecessorDied: draft.reason === 'OrderDied' && !triesAgain(s, chosen),",
    replace: 'predecessorDied: false,',
    seed: 3,
  },
};
