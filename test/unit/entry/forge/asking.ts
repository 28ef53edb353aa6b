import { loadApprovals } from '../../../../src/config/load.js';
import { type ApprovalsTold, requestApprovals } from '../../../../src/entry/forge/approval-pulls.js';
import type { Plan } from '../../../../src/model/plan.js';
import { toInstant, toMs } from '../../../../src/model/time.js';
import { makePlan } from '../../../../src/planner/plan.js';
import type { Forge } from '../../../../src/ports/forge.js';
import type { Applied } from '../../../../src/reconcile/engine.js';
import { filesOf } from '../../../support/git.js';
import { forgeOf } from '../../../support/github/forge.js';
import {
  type FakeGitHub,
  type FakeOptions,
  fakeGitHub,
  type TokenOptions,
} from '../../../support/github/server.js';
import type { Topic } from '../../../support/github/state.js';
import { manualClock } from '../../../support/manual-clock.js';
import {
  facts,
  LAST_CERTIFICATE,
  planInput,
  prices,
  provider,
  type Scene,
  spec,
  usd,
} from '../../../support/planner.js';
import { certificate, order, ready } from '../../../support/state.js';

/** A day after the renewals of `held` fell due; their paid terms end on 2027-11-01T10:00Z. */
const DUE = toMs('2027-10-23T10:00:00Z');

/** A certificate whose renewal waits for an approval. */
export const held = (...names: readonly string[]): Scene => ({
  policy: {
    approval: { order: 'merge', renew: 'pull-request', free: 'auto', revoke: 'pull-request' },
    spending: { perOrder: usd('100') },
  },
  specs: names.map((name) => spec(name, { names: [`${name.replaceAll('/', '-')}.example.com`] })),
  statuses: names.map((name) => {
    const own = { names: [`${name.replaceAll('/', '-')}.example.com`] };
    return ready(name, {
      orders: [order(`o-${name.replaceAll('/', '-')}`, own)],
      current: certificate(`o-${name.replaceAll('/', '-')}`, { ...own, ...LAST_CERTIFICATE }),
    });
  }),
});

/** Every renewal at another price. */
export const priced = (scene: Scene, price: string): Scene => ({
  ...scene,
  facts: Object.fromEntries(
    (scene.specs ?? []).map(({ name }) => [name, facts({ prices: prices({ 'shop renew': price }) })]),
  ),
});

export interface Asking {
  readonly github: FakeGitHub;
  readonly clock: ReturnType<typeof manualClock>;
  readonly forge: Forge;
  /** The plan of a scene with the approvals that main has now. */
  planOf(scene: Scene): Promise<Plan>;
  /** What a run does about it. */
  ask(scene: Scene, as?: Forge): Promise<ApprovalsTold>;
  pulls(state?: Topic['state']): readonly Topic[];
  /** Files of a branch. */
  files(branch: string): Promise<Readonly<Record<string, string | null>>>;
}

/** Runs of certwright beside a GitHub; the planner is the real one. */
export async function asking(options: FakeOptions = {}, token: TokenOptions = {}): Promise<Asking> {
  const clock = manualClock(DUE);
  const github = await fakeGitHub({ files: { 'README.md': 'certificates\n' }, nowMs: clock.now, ...options });
  const forge = forgeOf(github, token);
  let ids = 0;
  const random = {
    hex: (bytes: number) => {
      ids += 1;
      return ids.toString(16).padStart(bytes * 2, '0');
    },
  };
  const inputOf = async (scene: Scene) => {
    const files = await filesOf(github.remote, 'main');
    const approvals = Object.entries(files)
      .filter(([path]) => path.startsWith('approvals/'))
      .map(([path, text]) => ({ path, text: text ?? '' }));
    return planInput({
      providers: [provider('shop')],
      ...scene,
      approvals: loadApprovals(approvals).approvals,
      now: toInstant(clock.now()),
    });
  };
  return {
    github,
    clock,
    forge,
    planOf: async (scene) => makePlan(await inputOf(scene)),
    async ask(scene, as = forge) {
      const input = await inputOf(scene);
      const applied = {
        plan: makePlan(input),
        view: { statuses: input.state.statuses, snapshot: { integrity: { kind: 'healthy' } } },
        desired: input.desired,
        specs: new Map(input.desired.specs.map((one) => [one.name, one])),
        providers: input.providers,
        configuration: { branches: { approval: 'main', state: 'certwright/state' } },
        declined: false,
      } as unknown as Applied;
      const told = await requestApprovals({ forge: as, clock, random }, applied);
      if (told === undefined) throw new Error('nothing was asked');
      return told;
    },
    pulls: (state) =>
      github.topics.filter((topic) => topic.pull && (state === undefined || topic.state === state)),
    files: (branch) => filesOf(github.remote, branch),
  };
}
