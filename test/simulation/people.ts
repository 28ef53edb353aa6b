import { approvalDraft } from '../../src/entry/approval-draft.js';
import { resolveNotPlaced } from '../../src/entry/cli/resolve-not-placed.js';
import { resolveOrder } from '../../src/entry/cli/resolve-order.js';
import { acceptPrice, resetBreaker } from '../../src/entry/cli/resolve-stops.js';
import { changeHeader, openState } from '../../src/entry/cli/state.js';
import { CertError } from '../../src/model/errors.js';
import type { UnknownIntent } from '../../src/model/intent.js';
import { money } from '../../src/model/money.js';
import type { PlanItem } from '../../src/model/plan.js';
import type { Status } from '../../src/model/status.js';
import { DAY_MS, toInstant } from '../../src/model/time.js';
import type { Deps } from '../../src/reconcile/deps.js';
import { currentStep } from '../../src/reconcile/intents.js';
import { openRun } from '../../src/reconcile/open-run.js';
import { planOnly } from '../../src/reconcile/plan-only.js';
import { pemSha256 } from '../support/paid-provider/adapter-map.js';
import { type Manifest, textOf } from './manifests.js';
import { contextOf, type Process, portsOf } from './ports.js';
import type { World } from './world.js';

const tell = (world: World, what: string): void => world.story.tell('people', what);

/** Somebody changes what is wanted, as a merge. */
export function edit(world: World): void {
  const { dice, manifests } = world;
  const [first, ...rest] = manifests;
  if (!first) {
    bringBack(world);
    return;
  }
  const one = dice.pick([first, ...rest]);
  const change = (more: Partial<Manifest>): Manifest => ({ ...one, ...more, sinceMs: world.stage.nowMs });
  const others = manifests.filter((manifest) => manifest !== one);
  const replace = (next: Manifest, what: string) => {
    tell(world, `${what} ${one.path}: ${textOf(next).trim().replaceAll('\n', ', ')}`);
    world.merge([...others, next]);
  };
  const number = dice.int(1000);
  dice.pick<() => void>([
    () =>
      replace(change({ names: [...one.names.slice(0, 3), `n${number}.${one.lineage}`] }), 'add a name to'),
    () => replace(change({ names: one.names.slice(0, 1) }), 'take names from'),
    () => replace(change({ path: `team/${one.lineage.split('.')[0]}-${number}` }), 'rename'),
    () =>
      replace(
        change({
          path: `team/${one.lineage.split('.')[0]}-${number}`,
          names: [`n${number}.${one.lineage}`],
        }),
        'rename, and give other names to,',
      ),
    () => replace(change({ autoRenew: !one.autoRenew }), 'switch autoRenew of'),
    () => replace(change({ suspend: !one.suspend }), 'switch suspend of'),
    () => replace(change({ reissue: `for ${number}` }), 'ask for a reissue of'),
    () => replace(change({ term: dice.pick(['90d', '1y', '2y']) }), 'change the term of'),
    () => {
      tell(world, `remove ${one.path}`);
      world.removed.push(one);
      world.merge(others);
    },
    () => bringBack(world),
    () => {
      const before = world.tips.at(-2);
      if (!before) return;
      tell(world, 'revert the last merge');
      world.merge(before.manifests.map((manifest) => ({ ...manifest, sinceMs: world.stage.nowMs })));
    },
  ])();
}

function bringBack(world: World): void {
  const { manifests, removed, stage } = world;
  const back = removed.pop();
  if (!back || manifests.some(({ path, lineage }) => path === back.path || lineage === back.lineage)) return;
  tell(world, `bring ${back.path} back`);
  world.merge([...manifests, { ...back, sinceMs: stage.nowMs }]);
}

/** Somebody does to the branches what nobody should. */
export function meddle(world: World): void {
  const { dice, remote, stage } = world;
  const state = remote.refs.get('refs/heads/certwright/state');
  const main = remote.refs.get('refs/heads/main');
  dice.pick<() => void>([
    () => {
      const old = world.history.at(-1 - dice.int(Math.min(6, world.history.length)));
      if (old === undefined) return;
      tell(world, `take the state branch back to commit ${world.history.indexOf(old) + 1}`);
      remote.refs = new Map(remote.refs).set('refs/heads/certwright/state', old);
    },
    () => {
      tell(world, 'delete certwright/seen');
      const refs = new Map(remote.refs);
      refs.delete('refs/heads/certwright/seen');
      remote.refs = refs;
    },
    () => {
      tell(world, 'delete both branches of certwright');
      const refs = new Map(remote.refs);
      refs.delete('refs/heads/certwright/state');
      refs.delete('refs/heads/certwright/seen');
      remote.refs = refs;
    },
    () => {
      const files = Object.keys(remote.files('refs/heads/certwright/state')).filter((path) =>
        path.endsWith('status.json'),
      );
      const [path] = files.slice(dice.int(files.length));
      if (path === undefined || state === undefined) return;
      const old = world.history[dice.int(world.history.length)];
      const text = old === undefined ? undefined : remote.at(old)[path];
      tell(world, `revert ${path} on the state branch`);
      remote.push('refs/heads/certwright/state', [{ path, content: text ?? null }]);
      world.watch.stateMoved('people', 'meddler');
    },
    () => {
      if (main === undefined) return;
      tell(world, 'write the history of the manifests anew');
      remote.rewrite('refs/heads/main');
    },
    () => {
      const approvals = Object.entries(remote.files('refs/heads/main')).filter(([path]) =>
        path.startsWith('approvals/'),
      );
      const [path, text] = approvals[dice.int(approvals.length)] ?? [];
      if (path === undefined) return;
      tell(world, `put ${path} there again in other clothes`);
      remote.push('refs/heads/main', [
        {
          path: path.replace(/(\.again)?\.yaml$/, '.again.yaml'),
          content: `# again at ${stage.nowMs}\n${text}`,
        },
      ]);
    },
  ])();
}

/** Somebody looks after what certwright says waits for a person, as docs/recovery.md tells. */
export async function attend(world: World, process: Process): Promise<void> {
  const deps = portsOf(world, process);
  try {
    const { integrity } = await deps.repository.observe();
    if (integrity.kind === 'lost' || integrity.kind === 'absent') {
      const newest = world.history.at(-1);
      if (newest === undefined) return;
      tell(world, `put state and seen back on the newest commit, ${world.history.length}`);
      world.remote.refs = new Map(world.remote.refs)
        .set('refs/heads/certwright/state', newest)
        .set('refs/heads/certwright/seen', newest);
      world.watch.stateMoved('people', 'meddler');
      world.trouble();
    }
    await answerQuestions(world, process, deps);
    await letThrough(world, deps);
  } catch (error) {
    if (!(error instanceof CertError)) throw error;
    tell(world, `gave up for today: ${error.code}: ${error.message}`);
  }
}

async function answerQuestions(world: World, process: Process, deps: Deps): Promise<void> {
  const view = await openState(deps);
  for (const status of view.statuses.values()) {
    const unknown = status.intents.find((intent) => intent.phase === 'unknown');
    if (unknown) await answer(world, process, deps, status, unknown);
    const wrong = status.intents.find((intent) => intent.phase === 'issued');
    if (wrong) {
      tell(world, `complain about the certificate of ${status.name}: ${wrong.problem ?? ''}`);
      world.shop.seller.correct(wrong.orderId);
      world.trouble();
    }
    if (status.priceStop) {
      tell(world, `resolve ${status.name} --accept-price`);
      await acceptPrice(deps, await openState(deps), status.name);
      world.trouble();
    }
    if (status.breaker) {
      tell(world, `resolve ${status.name} --reset-breaker: ${status.breaker.why}`);
      await resetBreaker(deps, await openState(deps), status.name);
      world.trouble();
    }
  }
}

/** The truth, as the seller's books have it. */
function truth({ shop, watch }: World, intent: UnknownIntent): string | undefined {
  const step = intent.steps[currentStep(intent)];
  if (step?.paid) {
    return watch.sales.find(({ intentId, ownDoing }) => intentId === intent.id && !ownDoing)?.orderId;
  }
  const bought = intent.steps.find(({ name }) => name === 'buy')?.result?.orderId;
  const id = typeof bought === 'string' ? bought : intent.request.predecessor?.orderId;
  const order = shop.seller.orders().find(({ ids }) => id !== undefined && ids.includes(id));
  if (!order) return undefined;
  const { csrPem, autoRenew } = intent.request;
  const happened =
    csrPem === undefined ? order.autoRenew === autoRenew : order.csrSha256 === pemSha256(csrPem);
  return happened ? order.id : undefined;
}

async function answer(world: World, process: Process, deps: Deps, status: Status, intent: UnknownIntent) {
  const id = truth(world, intent);
  tell(
    world,
    `resolve ${status.name} ${id === undefined ? '--not-placed' : `--order-id ${id}`}: ${intent.why}`,
  );
  const run = await openRun(deps);
  try {
    const options = { action: intent.action, yes: true };
    if (id === undefined) await resolveNotPlaced(contextOf(world, process), run, options, status.name);
    else await resolveOrder(run, options, status.name, id);
  } finally {
    await run.providers.close();
  }
  world.trouble();
}

/** Approvals, raised ceilings, claims: what the plan holds back for a person. */
async function letThrough(world: World, deps: Deps): Promise<void> {
  const { plan, view } = await planOnly(deps);
  for (const item of plan.items) {
    switch (item.hold?.code) {
      case 'approval-missing':
        approve(world, item);
        break;
      case 'price-above-ceiling': {
        tell(world, `raise maxPrice of ${item.name}`);
        const raised = world.manifests.map((manifest) =>
          manifest.path === item.name
            ? { ...manifest, maxPrice: '60.00', sinceMs: world.stage.nowMs }
            : manifest,
        );
        world.merge(raised);
        break;
      }
      case 'manifests-diverged': {
        const tip = view.snapshot.approval.commit;
        tell(world, 'claim --manifests');
        await changeHeader(deps, await openState(deps), 'claim: manifests', (header) => ({
          ...header,
          manifestCommit: tip,
        }));
        world.trouble();
        return;
      }
      default:
    }
  }
  if (plan.unsafe) {
    tell(world, `approve the unsafe plan: ${plan.unsafe.lines.join(', ')}`);
    const lines = plan.unsafe.lines.map((line) => `  - ${line}\n`).join('');
    const validUntil = toInstant(world.stage.nowMs + 3 * DAY_MS);
    world.commit({ 'approvals/unsafe.yaml': `lines:\n${lines}validUntil: ${validUntil}\n` });
  }
}

function approve(world: World, item: PlanItem): void {
  const ceiling = item.price.kind === 'known' ? money('60.00', item.price.amount.currency) : undefined;
  const draft = approvalDraft(item, ceiling, world.stage.nowMs, { hex: world.dice.hex });
  if (!draft) return;
  tell(world, `approve ${item.action} of ${item.name}`);
  world.commit({ [draft.file]: draft.text });
}
