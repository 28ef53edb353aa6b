import { parseStatus } from '../../src/config/state.js';
import { validityLimitDays } from '../../src/model/calendar.js';
import { CertError, messageOf } from '../../src/model/errors.js';
import { isOpen } from '../../src/model/intent.js';
import type { Listing } from '../../src/model/run-memory.js';
import { STATE_FORMAT_VERSION, type StateHeader, type Status } from '../../src/model/status.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, toInstant, toMs } from '../../src/model/time.js';
import { quietUntilMs } from '../../src/planner/quiet.js';
import type { ProviderDefinition } from '../../src/ports/provider.js';
import { type ApplyOptions, apply } from '../../src/reconcile/engine.js';
import type { StateView } from '../../src/reconcile/state.js';
import { HEADER_PATH } from '../../src/repository/layout.js';
import { stableJson } from '../../src/repository/stable.js';
import type { Files } from '../support/git.js';
import { MemoryRemote } from '../support/memory-remote.js';
import { memorySpool } from '../support/memory-spool.js';
import { paidTestOver } from '../support/paid-provider/adapter.js';
import { memoryLine } from '../support/paid-provider/memory-line.js';
import { openShop, type ServerState } from '../support/paid-provider/server.js';
import { type Chaos, chaos } from './chaos.js';
import { type Dice, dice } from './dice.js';
import { fate, portal } from './fate.js';
import { keyMaker } from './key-maker.js';
import { changesBetween, firstManifest, type Manifest } from './manifests.js';
import { attend, edit, meddle } from './people.js';
import { type Machine, type Memory, type Process, portsOf } from './ports.js';
import { actor, Stage } from './stage.js';
import { type Story, story, Violation } from './story.js';
import { Watch } from './watch.js';

const ID = 'k3v9x2';
const MAIN = 'refs/heads/main';
const STATE = 'refs/heads/certwright/state';
const SEEN = 'refs/heads/certwright/seen';
const RECIPIENT = 'age143p6kdy5qqrjy5zppsc370cwfvme9y4u6s6ertffp9jmhjnvegzqgnju99';
/** After the last fault everything has to come to rest within this. */
const REST_MS = 24 * DAY_MS;
/** Machines' clocks and the seller's may differ by so much. */
const CLOCKS_MS = 5 * MINUTE_MS;
/** People who are asked for something come within so many days, whatever else they have to do. */
const PEOPLE_DAYS = 3;
/** Share of runs that are made although nothing can be due. */
const CHECKED = 0.1;
/** What happens to orders in the portal, in a year. */
const PORTAL = 8;

interface Policy {
  readonly order: 'merge' | 'pull-request';
  readonly renew: 'auto' | 'pull-request';
  readonly perDay: string;
  readonly perMonth: string;
  /** Percent, as configured and as charged. */
  readonly tax: string;
  /** Can the seller say what added names cost? Where not, certwright holds them for ever. */
  readonly namesPriced: boolean;
}

type RunOptions = Pick<ApplyOptions, 'waitMs' | 'syncOlderMs'>;

/** Nothing to do until then, as long as the branches stand still. */
interface Quiet {
  readonly untilMs: number;
  readonly refs: string;
}

export interface Size {
  readonly certificates: number;
  readonly years: number;
}

/** How a life ended. */
export interface Life {
  readonly seed: string;
  readonly certificateYears: number;
  readonly faults: number;
  readonly purchases: number;
  readonly runs: number;
  /** Processor time it took. */
  readonly cpuMs: number;
  readonly lines: readonly string[];
  readonly error?: unknown;
}

/** Starts before each cut-over of the calendar, so that certificates live 199, 99 and 46 days. */
const STARTS = [Date.UTC(2026, 10, 22, 12), Date.UTC(2028, 0, 10, 3), Date.UTC(2029, 1, 20, 18)] as const;

/** One repository, its machines, its people and its seller, living through years of virtual time. */
export class World {
  readonly dice: Dice;
  readonly stage: Stage;
  readonly story: Story;
  readonly chaos: Chaos;
  readonly watch: Watch;
  readonly remote = new MemoryRemote();
  readonly shop: ServerState;
  readonly definitions: readonly ProviderDefinition[];
  readonly env = { PAID_TOKEN: 'paid-test-token', HOME: '/nowhere' };
  readonly policy: Policy;
  readonly keyMaker = keyMaker();
  readonly memory: Memory = { readings: new Map(), statuses: new Map() };
  /** Until when nobody answers. */
  readonly down = { remoteMs: 0, providerMs: 0 };
  manifests: readonly Manifest[] = [];
  readonly removed: Manifest[] = [];
  /** The approval branch, as it went. */
  readonly tips: { readonly atMs: number; readonly manifests: readonly Manifest[] }[] = [];
  /** Commits certwright made on the state branch. */
  readonly history: string[] = [];
  /** Last time anything was in the way of certwright. */
  troubledMs = 0;
  priceMovedMs = 0;
  readonly #machines: readonly Machine[];
  #runs = 0;
  /** Did the last run say that something waits for a person? */
  #attention = false;
  /** Days on which nobody came although somebody was asked for. */
  #unheardDays = 0;
  #sellerMovedMs = 0;
  /** When the account was listed last. */
  #listedMs = 0;
  /** What the last run with nothing to do promised, as the command's quiet note does. */
  #quiet: Quiet | undefined;

  constructor(
    seed: string,
    startMs: number,
    shop: ServerState,
    policy: Policy,
    faults = chaos(dice(seed).fork('chaos'), 1),
  ) {
    this.dice = dice(seed).fork('world');
    this.stage = new Stage(startMs);
    this.story = story(() => this.stage.nowMs);
    this.chaos = faults;
    this.shop = shop;
    this.policy = policy;
    this.troubledMs = startMs;
    this.watch = new Watch(this);
    this.definitions = [paidTestOver(memoryLine(shop))];
    this.#machines = ['A', 'B', 'C'].map((name) => ({
      name,
      spool: memorySpool(),
      skewMs: this.dice.between(-50, 50) * SECOND_MS,
      bootMs: startMs - this.dice.between(1, 100) * DAY_MS,
    }));
    // The seller lives in the same time.
    Object.defineProperty(shop.clock, 'now', { value: () => this.stage.nowMs });
  }

  /** Something happened to an order that no call of ours asked for: the next list shows it. */
  sellerMoved(): void {
    this.#sellerMovedMs = this.stage.nowMs;
    this.trouble();
  }

  /** Since the last list something happened there that no call of ours did, or a term ended. */
  #sellerHasNews(): boolean {
    const { seller } = this.shop;
    return (
      this.#sellerMovedMs >= this.#listedMs ||
      seller.endsBetween(this.#listedMs - CLOCKS_MS, this.stage.nowMs + CLOCKS_MS)
    );
  }

  get runs(): number {
    return this.#runs;
  }

  trouble(tillMs = this.stage.nowMs): void {
    this.troubledMs = Math.max(this.troubledMs, tillMs);
  }

  parseStatus(text: string, path: string): Status {
    const known = this.memory.statuses.get(text) ?? parseStatus(text, path);
    this.memory.statuses.set(text, known);
    return known;
  }

  stateMoved({ actor: { name }, faulty }: Process, message: string): void {
    const commit = this.remote.refs.get(STATE);
    if (commit !== undefined) this.history.push(commit);
    this.story.tell(name, `pushed: ${message.trim().replace(/\s*\n+/g, '; ')}`);
    this.watch.stateMoved(name, faulty ? 'run' : 'command');
  }

  commit(files: Files): void {
    this.remote.push(
      MAIN,
      Object.entries(files).map(([path, content]) => ({ path, content })),
    );
  }

  /** A merge that changes what is wanted. */
  merge(next: readonly Manifest[]): void {
    const files = changesBetween(this.manifests, next);
    if (Object.keys(files).length === 0) return;
    this.commit(files);
    this.manifests = next;
    this.tips.push({ atMs: this.stage.nowMs, manifests: next });
  }

  async begin(configuration: string, manifests: readonly Manifest[]): Promise<void> {
    this.commit({ 'certwright.yaml': configuration });
    this.merge(manifests);
    const header: StateHeader = {
      formatVersion: STATE_FORMAT_VERSION,
      revision: 1,
      repositoryId: ID,
      remote: this.remote.identity,
      provenRecipients: [RECIPIENT],
    };
    const made = await this.remote
      .open()
      .initialise([{ path: HEADER_PATH, content: stableJson(header) }], 'create the state\n');
    if (made.kind === 'pushed') this.history.push(made.commit);
    this.watch.stateMoved('init', 'command');
  }

  #process(machine: Machine, faulty: boolean): Process {
    this.#runs += 1;
    const name = `${machine.name}${this.#runs}`;
    return {
      machine,
      actor: actor(name),
      abort: new AbortController(),
      dice: this.dice.fork(`run ${this.#runs}`),
      faulty,
      commits: 0,
    };
  }

  /** One scheduled run; sometimes several machines have the same idea. */
  async run(sync: boolean): Promise<void> {
    const { dice } = this;
    const options: RunOptions = {
      waitMs: dice.chance(0.2) ? 10 * MINUTE_MS : 0,
      ...(sync ? { syncOlderMs: dice.pick([0, 20 * HOUR_MS]) } : {}),
    };
    const promised = this.quiet() && !(sync && this.#sellerHasNews()) ? this.#quiet : undefined;
    const together = this.chaos.on && dice.chance(0.15) ? 2 + dice.int(2) : 1;
    const processes = Array.from({ length: together }, () => {
      const machine = this.#machines[dice.int(this.#machines.length)] ?? this.#machines[0];
      if (!machine) throw new Error('there are machines');
      // A CI job has a disk that nobody sees again.
      const disk = dice.chance(0.3) ? { ...machine, name: 'CI', spool: memorySpool() } : machine;
      return this.#process(disk, true);
    });
    const mischief = this.#mischief();
    await this.stage.play(
      processes.map((process) => ({
        actor: process.actor,
        run: () => this.#apply(process, options, promised),
      })),
    );
    if (this.#mischief() < mischief) this.trouble();
    for (const { machine } of processes) machine.skewMs = dice.between(-50, 50) * SECOND_MS;
    this.watch.judge();
  }

  /** What the seller has in store for orders to come: it is in the way when it strikes. */
  #mischief(): number {
    const { rejects, cancels, wrongCertificates } = this.shop.seller;
    return rejects + cancels + wrongCertificates.length;
  }

  /** Branches that a run reads, as they stand. */
  #refs(): string {
    return [MAIN, STATE, SEEN].map((ref) => this.remote.refs.get(ref) ?? '').join(' ');
  }

  /** Is the promise still good, whatever the clock of the machine says? */
  quiet(): boolean {
    const { stage } = this;
    return this.#quiet?.refs === this.#refs() && stage.nowMs < this.#quiet.untilMs - CLOCKS_MS;
  }

  async #apply(process: Process, options: RunOptions, promised: Quiet | undefined): Promise<void> {
    const { name } = process.actor;
    const startMs = this.stage.nowMs;
    const refs = this.#refs();
    const deps = portsOf(this, process);
    const spooled = (await process.machine.spool.list()).length;
    try {
      await this.stage.wait(process.actor, this.dice.between(0, 3000));
      const done = await apply(deps, { ...options, confirm: async () => true });
      const { plan, view, desired, providers } = done;
      const idle = plan.items.length === 0 && spooled === 0 && view.snapshot.integrity.kind === 'healthy';
      if (idle && process.commits > 0 && options.syncOlderMs === undefined) {
        throw new Violation(
          'quiet when nothing is due',
          `${name} made ${process.commits} commits`,
          'none: its plan was empty',
        );
      }
      // A clock may have been set in the middle of the run.
      const latestMs = Math.max(this.stage.nowMs, deps.clock.now());
      if (promised && latestMs < promised.untilMs - CLOCKS_MS && promised.refs === refs) {
        this.#promiseKept(name, promised, plan.items.length + process.commits);
      }
      for (const { kind, listing } of done.accounts) {
        if (kind === 'listed' && listing) this.#listed(view, listing);
        // What went wrong may have kept a part of it from being recorded.
        if (kind === 'listed' && this.troubledMs < startMs) this.#listedMs = startMs;
      }
      const input = { providers, nowMs: deps.clock.now(), desired, state: { statuses: view.statuses } };
      const quiet = idle && process.commits === 0 && refs === this.#refs();
      this.#quiet = quiet ? { untilMs: quietUntilMs(input), refs } : undefined;
      const waits = [...view.statuses.values()].some(
        ({ breaker, priceStop, intents }) =>
          breaker ?? priceStop ?? intents.some(({ phase }) => phase === 'issued' || phase === 'unknown'),
      );
      const lost = view.snapshot.integrity.kind === 'lost';
      this.#attention = waits || lost || plan.unsafe !== undefined || plan.items.some(({ hold }) => hold);
      const holds = plan.items.flatMap(({ name: of, hold }) => (hold ? [`${of} held: ${hold.code}`] : []));
      if (plan.items.length > 0) {
        const lines = plan.items.flatMap((item) => (item.hold ? [] : [`${item.action} ${item.name}`]));
        this.story.tell(name, `ran: ${[...lines, ...holds].join(', ')}`);
      }
    } catch (error) {
      if (!(error instanceof CertError) || error.code === 'internal') throw error;
      this.#attention = true;
      this.story.tell(name, `ended: ${error.code}: ${messageOf(error)}`);
    }
  }

  /** An account was listed completely. */
  #listed({ statuses }: StateView, listing: Listing): void {
    const told = new Set(
      listing.undeclared.flatMap(({ id, doubles }) => (doubles === undefined ? [] : [id])),
    );
    this.watch.doublesTold(told, statuses, toMs(listing.at));
    for (const id of told) {
      if (this.shop.seller.find(id)?.status !== 'UNCLAIMED' || this.dice.chance(0.5)) continue;
      this.story.tell('people', `have the seller cancel ${id}, which was sold twice`);
      this.shop.seller.cancel(id);
      this.sellerMoved();
    }
  }

  #promiseKept(name: string, { untilMs }: Quiet, done: number): void {
    if (done === 0) return;
    throw new Violation(
      'quiet as long as promised',
      `${name} has ${done} things to do`,
      `none before ${toInstant(untilMs)}: a run with nothing to do said so, and nothing changed since`,
    );
  }

  async people(): Promise<void> {
    const [machine] = this.#machines;
    if (!machine) return;
    this.#unheardDays = 0;
    const process = this.#process({ ...machine, name: 'ann', skewMs: 0 }, false);
    await this.stage.play([{ actor: process.actor, run: () => attend(this, process) }]);
    this.watch.judge();
  }

  /** Does anything wait for a run or for a person? */
  unsettled(): boolean {
    return [...this.watch.statuses.values()].some((status) => status.intents.some(isOpen));
  }

  /** Lives until an instant. */
  async live(untilMs: number): Promise<void> {
    const { dice, stage } = this;
    const yearMs = 365 * DAY_MS;
    const next = {
      runMs: stage.nowMs,
      syncMs: stage.nowMs,
      peopleMs: stage.nowMs + DAY_MS,
      editMs: 0,
      meddleMs: 0,
      fateMs: 0,
      portalMs: 0,
    };
    const all = this.manifests.length;
    next.editMs = stage.nowMs + dice.wait(yearMs / (1.2 * all));
    next.meddleMs = stage.nowMs + dice.wait(yearMs / 3);
    next.fateMs = stage.nowMs + dice.wait(yearMs / 8);
    next.portalMs = stage.nowMs + dice.wait(yearMs / PORTAL);
    while (stage.nowMs < untilMs) {
      const { syncMs, ...dates } = next;
      const atMs = Math.min(...Object.values(dates), untilMs);
      if (atMs > stage.nowMs) await stage.rest(atMs - stage.nowMs);
      const nowMs = stage.nowMs;
      this.shop.seller.settings = {
        ...this.shop.seller.settings,
        validityDays: validityLimitDays(nowMs, 'sectigo'),
      };
      if (nowMs >= next.runMs) {
        // What a quiet note promises is checked now and then; other runs would do nothing.
        const sync = nowMs >= syncMs;
        if (sync) next.syncMs = nowMs + dice.between(3, 5) * DAY_MS;
        if (sync || !this.quiet() || dice.chance(CHECKED)) await this.run(sync);
        const soon = this.unsettled() || nowMs - this.troubledMs < DAY_MS;
        next.runMs =
          stage.nowMs + (soon ? dice.between(10 * MINUTE_MS, 14 * HOUR_MS) : dice.between(1, 3) * DAY_MS);
      }
      if (nowMs >= next.peopleMs) {
        const comes = this.#attention && (!this.chaos.on || dice.chance(0.7));
        this.#unheardDays = this.#attention && !comes ? this.#unheardDays + 1 : 0;
        if (comes || this.#unheardDays >= PEOPLE_DAYS) await this.people();
        next.peopleMs = stage.nowMs + DAY_MS;
      }
      if (this.chaos.on && nowMs >= next.editMs) {
        edit(this);
        next.editMs = stage.nowMs + dice.wait(yearMs / (1.2 * all));
      }
      if (this.chaos.on && nowMs >= next.meddleMs) {
        meddle(this);
        this.chaos.count();
        this.trouble(stage.nowMs + DAY_MS);
        next.meddleMs = stage.nowMs + dice.wait(yearMs / 3);
      }
      if (this.chaos.on && nowMs >= next.fateMs) {
        fate(this);
        next.fateMs = stage.nowMs + dice.wait(yearMs / 8);
      }
      if (this.chaos.on && nowMs >= next.portalMs) {
        portal(this);
        next.portalMs = stage.nowMs + dice.wait(yearMs / PORTAL);
      }
      if (!this.chaos.on) {
        next.portalMs = Infinity;
        next.editMs = Infinity;
        next.meddleMs = Infinity;
        next.fateMs = Infinity;
      }
      this.watch.served();
      this.watch.judge();
    }
  }

  /** Nothing goes wrong any more: everything has to come to rest, and stay there. */
  async rest(): Promise<void> {
    this.chaos.on = false;
    this.story.tell('world', 'from here on nothing goes wrong');
    await this.live(Math.max(this.stage.nowMs, this.troubledMs) + REST_MS);
    const old = toInstant(this.stage.nowMs - REST_MS / 2);
    const open = [...this.watch.statuses.values()].flatMap((status) =>
      status.intents
        .filter((intent) => isOpen(intent) && intent.createdAt < old)
        .map((intent) => `${status.name}: ${intent.action} of ${intent.createdAt} is ${intent.phase}`),
    );
    if (open.length > 0) {
      throw new Violation(
        'it comes to rest',
        open.join(', '),
        `nothing of before ${old} is open: the last fault was long before`,
      );
    }
  }
}

/** `certwright.yaml` of a world. @param account  options of its one account, in flow style */
export const configurationText = (account: string, policy: Policy): string =>
  [
    'version: 1',
    `id: ${ID}`,
    `keys: { recipients: [${RECIPIENT}], runnerRecipients: [${RECIPIENT}] }`,
    'defaults: { provider: shop, owner: team, key: ecdsa-p256 }',
    `providers: { shop: { ${account} } }`,
    'policy:',
    `  approval: { order: ${policy.order}, renew: ${policy.renew}, free: auto, revoke: auto }`,
    `  spending: { perOrder: 100 USD, perDay: ${policy.perDay} USD, perMonth: ${policy.perMonth} USD }`,
    '',
  ].join('\n');

/** A seed becomes a world: what kind of seller, which policy, which years. */
async function worldOf(seed: string, size: Size): Promise<World> {
  const chance = dice(seed).fork('setting');
  const search = chance.pick(['unique', 'findable', 'none'] as const);
  const startMs = chance.pick(STARTS);
  const tax = chance.pick(['0', '0', '20']);
  const policy: Policy = {
    order: chance.pick(['merge', 'merge', 'pull-request']),
    renew: chance.pick(['auto', 'auto', 'pull-request']),
    perDay: '45.00',
    perMonth: '400.00',
    tax,
    namesPriced: chance.chance(0.7),
  };
  const visibilityLagMs = search === 'none' ? 0 : chance.pick([0, 5 * MINUTE_MS, HOUR_MS]);
  const reissueChangesId = chance.chance(0.3);
  const carriesRemainingDays = chance.chance(0.5);
  const shop = await openShop({
    nowMs: startMs,
    balance: '900.00',
    settings: {
      search,
      visibilityLagMs,
      reissueChangesId,
      carriesRemainingDays,
      taxPercent: tax,
      pollsUntilIssued: chance.int(3),
      pageSize: chance.pick([3, 50]),
      reissuesRevoked: true,
    },
  });
  const account = [
    'type: paid-test, environment: rehearsal, url: "http://localhost"',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration's own way to name a variable
    'credentials: { token: "${PAID_TOKEN}" }',
    `search: ${search}, visibilityLagMs: ${visibilityLagMs}`,
    `reissueChangesId: ${reissueChangesId}, carriesRemainingDays: ${carriesRemainingDays}`,
    ...(tax === '0' ? [] : [`tax: "${tax}%"`]),
  ].join(', ');
  const configuration = configurationText(account, policy);
  const world = new World(seed, startMs, shop, policy);
  world.story.tell(
    'world',
    `${search}, lag ${visibilityLagMs / MINUTE_MS} min, ids ${reissueChangesId ? 'change' : 'stay'}, days ${carriesRemainingDays ? 'carried' : 'lost'}, tax ${tax} %, order ${policy.order}, renew ${policy.renew}`,
  );
  const keys = chance.fork('keys');
  const manifests = Array.from({ length: size.certificates }, (_, i) =>
    firstManifest(i + 1, chance.pick(['90d', '1y', '1y', '2y']), chance.chance(0.8), keys.chance(0.4)),
  );
  await world.begin(configuration, manifests);
  return world;
}

/** One seed, from the first order to rest. */
export async function simulate(seed: string, size: Size): Promise<Life> {
  const before = process.cpuUsage();
  const world = await worldOf(seed, size);
  const startMs = world.stage.nowMs;
  let error: unknown;
  try {
    await world.live(startMs + size.years * 365 * DAY_MS);
    await world.rest();
  } catch (thrown) {
    error = thrown;
  }
  const { user, system } = process.cpuUsage(before);
  const years = (world.stage.nowMs - startMs) / (365 * DAY_MS);
  return {
    seed,
    certificateYears: years * size.certificates,
    faults: world.chaos.strikes,
    purchases: world.shop.seller.purchases,
    runs: world.runs,
    cpuMs: (user + system) / 1000,
    lines: world.story.lines,
    ...(error === undefined ? {} : { error }),
  };
}
