import { composeDeps } from '../../src/entry/compose.js';
import type { Context } from '../../src/entry/context.js';
import { readFiles } from '../../src/entry/files.js';
import { CertError } from '../../src/model/errors.js';
import type { Status } from '../../src/model/status.js';
import { SECOND_MS } from '../../src/model/time.js';
import type { Clock } from '../../src/ports/clock.js';
import type {
  ListedOrder,
  ListFilter,
  Operation,
  Provider,
  Quote,
  QuoteSubject,
  Step,
} from '../../src/ports/provider.js';
import type { PushOutcome, Repository } from '../../src/ports/repository.js';
import type { Spool } from '../../src/ports/spool.js';
import type { Deps, Reading } from '../../src/reconcile/deps.js';
import { memoryLog } from '../support/memory-log.js';
import { type Fault, faultText } from './chaos.js';
import type { Dice } from './dice.js';
import type { Actor } from './stage.js';
import type { World } from './world.js';

/** A computer that runs certwright: its disk outlives its processes. */
export interface Machine {
  readonly name: string;
  readonly spool: Spool;
  /** Wall clock against the true time. */
  skewMs: number;
  readonly bootMs: number;
}

/** One process on one machine. */
export interface Process {
  readonly machine: Machine;
  readonly actor: Actor;
  readonly abort: AbortController;
  readonly dice: Dice;
  /** Does anything go wrong at its ports? People's own commands are left alone. */
  readonly faulty: boolean;
  /**
   * Commits of its own that it saw land, but for looks at purchases in doubt, which are due by the clock alone, and for what
   * lay in the spool.
   */
  commits: number;
}

/** Reading the same text twice gives the same: kept, as a simulation reads it ten thousand times. */
export interface Memory {
  readonly readings: Map<string, Promise<Reading>>;
  readonly statuses: Map<string, Status>;
}

const clockOf = ({ stage }: World, { machine, actor }: Process): Clock => ({
  now: () => Math.floor(stage.nowMs + machine.skewMs),
  monotonic: () => stage.nowMs - machine.bootMs,
  sleep: async (ms, signal) => {
    const stopped = () => new CertError('interrupted', 'stopped; run it again to go on where it ended');
    if (signal?.aborted) throw stopped();
    await stage.wait(actor, ms);
    if (signal?.aborted) throw stopped();
  },
});

/** What a command gets instead of a terminal. */
export function contextOf(world: World, process: Process): Context {
  return {
    cwd: '/',
    env: world.env,
    clock: clockOf(world, process),
    random: { hex: process.dice.hex, fraction: process.dice.fraction },
    log: memoryLog(),
    progress: { step: () => undefined, clear: () => undefined },
    signal: process.abort.signal,
    print: () => undefined,
    say: () => undefined,
    ask: async () => undefined,
    stdin: globalThis.process.stdin,
    interactive: false,
    render: { color: false, width: 120 },
    runId: process.actor.name,
    definitions: world.definitions,
  };
}

/** Everything the engine needs, composed as the command composes it; every port call waits for its turn on the stage. */
export function portsOf(world: World, process: Process): Deps {
  const composed = composeDeps(contextOf(world, process), world.remote.open(), async () => []);
  const call = caller(world, process);
  return {
    ...composed,
    repository: repositoryOf(world, process, composed.repository, call),
    spool: {
      write: (entry) => call('spool.write', () => process.machine.spool.write(entry)),
      list: () => call('spool.list', () => process.machine.spool.list()),
      remove: (entry) => call('spool.remove', () => process.machine.spool.remove(entry)),
    },
    readFiles: (tree) => {
      const known = world.memory.readings.get(tree.commit) ?? readFiles(tree, world.env, world.definitions);
      world.memory.readings.set(tree.commit, known);
      return known;
    },
    parseStatus: (text, path) => {
      const known = world.memory.statuses.get(text) ?? composed.parseStatus(text, path);
      world.memory.statuses.set(text, known);
      return known;
    },
    connect: async (configuration) => {
      const set = await composed.connect(configuration);
      const all = [...set.all].map(
        ([id, provider]) => [id, providerOf(world, process, provider, call)] as const,
      );
      return { ...set, all: new Map(all) };
    },
    keyMaker: () => ({
      generate: (subject, algorithm) =>
        call('key.generate', () => world.keyMaker.generate(subject, algorithm)),
    }),
  };
}

/** What a fault does at this port, where it is more than an exception. */
type Harm<T> = (fault: Fault) => Promise<T> | undefined;
type Call = <T>(name: string, run: () => Promise<T>, harm?: Harm<T>) => Promise<T>;

/** Most calls are quick; some take their time, so that processes overtake each other. */
const latencyMs = (dice: Dice): number =>
  dice.chance(0.05) ? dice.between(2, 15) * SECOND_MS : dice.between(20, 900);

function caller(world: World, process: Process): Call {
  const { stage, story } = world;
  const { actor, machine, abort, dice } = process;
  return async (name, run, harm) => {
    const outage = name.startsWith('git.') ? world.down.remoteMs : world.down.providerMs;
    const isLocal = name.startsWith('spool.') || name.startsWith('key.');
    const struck = process.faulty ? world.chaos.strike(name) : undefined;
    if (struck) {
      world.trouble();
      story.tell(actor.name, `fault at ${name}: ${faultText(struck)}`);
    }
    await stage.wait(actor, latencyMs(dice) + (struck?.kind === 'freeze' ? struck.ms : 0));
    return stage.alone(actor, async () => {
      const fault: Fault | undefined = !isLocal && outage > stage.nowMs ? { kind: 'down' } : struck;
      if (fault?.kind === 'crash-before') return gone(world, actor);
      if (fault?.kind === 'interrupt') abort.abort();
      if (fault?.kind === 'clock-step') machine.skewMs += fault.ms;
      if (fault?.kind === 'down' && !harm) throw notReached(name);
      const result = await ((fault && harm?.(fault)) ?? run());
      return fault?.kind === 'crash-after' ? gone(world, actor) : result;
    });
  };
}

/** The stage never lets a dead actor's call come back. */
function gone(world: World, actor: Actor): never {
  world.stage.kill(actor);
  throw new Error('dead');
}

function notReached(name: string): Error {
  if (name.startsWith('git.')) return new CertError('repository.unavailable', 'the remote cannot be reached');
  if (name.startsWith('spool.')) return new Error('ENOSPC: no space left on device');
  if (name.startsWith('key.')) return new Error('the machine is out of memory');
  return new CertError('provider.unreachable', 'the seller cannot be reached');
}

const IS_LOOK = /^(\d+ certificates: look\n|look again )/;
/** Of another process on the same machine, which is still at it. */
const IS_KEPT = / kept from an earlier run/;

function repositoryOf(world: World, process: Process, repository: Repository, call: Call): Repository {
  const moved = (text: string): PushOutcome => ({ kind: 'moved', text });
  return {
    observe: () => call('git.observe', () => repository.observe()),
    isAncestor: (older, newer) => call('git.isAncestor', () => repository.isAncestor(older, newer)),
    initialise: (changes, message) => call('git.initialise', () => repository.initialise(changes, message)),
    close: () => repository.close(),
    commit: (snapshot, changes, message) => {
      const commit = async (): Promise<PushOutcome> => {
        const outcome = await repository.commit(snapshot, changes, message);
        if (outcome.kind === 'pushed') {
          if (!IS_LOOK.test(message) && !IS_KEPT.test(message)) process.commits += 1;
          world.stateMoved(process, message);
        }
        return outcome;
      };
      return call('git.commit', commit, (fault) => {
        switch (fault.kind) {
          case 'down':
          case 'call-lost':
            return Promise.resolve(moved('the connection broke'));
          case 'reply-lost':
            return commit().then((outcome) => ({ ...outcome, ...moved('the connection broke') }));
          case 'refused':
            return Promise.resolve({ kind: 'refused', text: 'the hook declined' });
          case 'phantom':
            return Promise.resolve({ kind: 'pushed', commit: 'f'.repeat(40) });
          case 'late':
            world.stage.later(fault.ms, () => void commit());
            return Promise.resolve(moved('the connection broke'));
          default:
            return undefined;
        }
      });
    },
  };
}

function providerOf(world: World, process: Process, provider: Provider, call: Call): Provider {
  const operation = (steps: Operation): Operation => steps.map((step) => stepOf(world, process, step, call));
  const { reissuer, revoker, canceller, autoRenew, findByReference, list, balance, trustAnchors } = provider;
  const filtered = list?.bind(provider);
  return {
    ...provider,
    place: operation(provider.place),
    renew: operation(provider.renew),
    check: () => call('check', () => provider.check()),
    quote: (subject) => call('quote', () => quoteOf(world, provider, subject)),
    getOrder: (id, recorded) => call('getOrder', () => provider.getOrder(id, recorded)),
    collect: (id, recorded) => call('collect', () => provider.collect(id, recorded)),
    serverTime: () => call('serverTime', () => provider.serverTime()),
    ...(findByReference && {
      findByReference: (reference: string) =>
        call('findByReference', () => findByReference.call(provider, reference)),
    }),
    ...(filtered && {
      list: async function* (filter: ListFilter) {
        yield* await call('list', () => allOf(filtered(filter)));
      },
    }),
    ...(balance && { balance: () => call('balance', () => balance.call(provider)) }),
    ...(trustAnchors && { trustAnchors: () => call('trustAnchors', () => trustAnchors.call(provider)) }),
    ...(reissuer && { reissuer: { ...reissuer, operation: operation(reissuer.operation) } }),
    ...(revoker && { revoker: { ...revoker, operation: operation(revoker.operation) } }),
    ...(canceller && { canceller: { operation: operation(canceller.operation) } }),
    ...(autoRenew && { autoRenew: { operation: operation(autoRenew.operation) } }),
  };
}

/** This seller adds names without asking for more; whether it has a price call that says so differs. */
const quoteOf = (world: World, provider: Provider, subject: QuoteSubject): Promise<Quote> =>
  subject.action === 'add-names' && world.policy.namesPriced
    ? provider.quote({ ...subject, action: 'reissue' })
    : provider.quote(subject);

function stepOf(world: World, process: Process, step: Step, call: Call): Step {
  const { before } = step;
  const { watch, shop } = world;
  return {
    ...step,
    ...(before && { before: (request) => call(`${step.name}.before`, () => before.call(step, request)) }),
    lookUp: (context) => call(`${step.name}.lookUp`, () => step.lookUp(context)),
    run: (context, guard) => {
      const send = async () => {
        const sent = {
          actor: process.actor.name,
          request: context.request,
          step: step.name,
          paid: step.paid,
        };
        const sale = watch.expectSale(sent);
        try {
          // The guard is the last thing that runs before the bytes: what has to be true of a send is true here.
          return await step.run(context, () => {
            guard();
            watch.sending(sent);
          });
        } finally {
          sale();
          shop.faults.length = 0;
        }
      };
      return call(`${step.name}.run`, send, (fault) => {
        switch (fault.kind) {
          case 'down':
          case 'refused':
            throw new CertError('provider.unreachable', 'the seller cannot be reached');
          case 'reply-lost':
            shop.faults.push({ rule: { fault: { kind: 'drop-reply' } }, left: 1 });
            return undefined;
          case 'call-lost':
            shop.faults.push({ rule: { fault: { kind: 'drop-call' } }, left: 1 });
            return undefined;
          case 'error':
            shop.faults.push({ rule: { fault: { ...fault, kind: 'status' } }, left: 1 });
            return undefined;
          case 'out-of-credit':
            shop.faults.push({ rule: { fault: { kind: 'out-of-credit' } }, left: 1 });
            return undefined;
          case 'duplicate':
            if (step.paid) shop.faults.push({ rule: { fault: { kind: 'duplicate-order' } }, left: 1 });
            return undefined;
          default:
            return undefined;
        }
      });
    },
  };
}

async function allOf(orders: AsyncIterable<ListedOrder>): Promise<readonly ListedOrder[]> {
  const all: ListedOrder[] = [];
  for await (const order of orders) all.push(order);
  return all;
}
