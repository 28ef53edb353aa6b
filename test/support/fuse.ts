import type { OrderRequest } from '../../src/model/order.js';
import type { KeyMaker } from '../../src/ports/keystore.js';
import type { Operation, Provider, Step } from '../../src/ports/provider.js';
import type { Repository } from '../../src/ports/repository.js';
import type { RunCache } from '../../src/ports/run-cache.js';
import type { Solver } from '../../src/ports/solver.js';
import type { Spool } from '../../src/ports/spool.js';
import type { Deps } from '../../src/reconcile/deps.js';

/** Where a process ends: right before or right after its n-th port call, counted from 1, or its first one of a name. */
export interface CrashPoint {
  readonly call: number | string;
  readonly when: 'before' | 'after';
}

/**
 * Numbers the port calls of one engine and stops it at one of them as a power cut would: from then on no call reaches a
 * port and none ever answers, so nothing of the engine runs any more.
 */
export interface Fuse {
  /** Names of the calls so far, in order. */
  readonly calls: readonly string[];
  /** Settles when the crash point is reached. */
  readonly blown: Promise<'crashed'>;
  /** Resolves when what was under way at the crash has reached the other side, or not. */
  settled(): Promise<void>;
  call<T>(name: string, run: () => Promise<T>): Promise<T>;
}

/** @param strike  what happens there to a real process; returning `go on` lets the call through */
export function fuse(point?: CrashPoint, strike?: (call: string) => 'go on' | undefined): Fuse {
  const calls: string[] = [];
  let struck = false;
  const { promise: blown, resolve } = Promise.withResolvers<'crashed'>();
  const never = () => new Promise<never>(() => undefined);
  const underWay = new Set<Promise<unknown>>();
  let dead = false;
  const die = async (): Promise<void> => {
    struck = true;
    if (strike?.(`${point?.when} call ${calls.length}, ${calls.at(-1)}`) === 'go on') return;
    dead = true;
    resolve('crashed');
    await never();
  };
  return {
    calls,
    blown,
    settled: async () => void (await Promise.allSettled(underWay)),
    async call(name, run) {
      if (dead) return never();
      calls.push(name);
      const reached = point && !struck && (point.call === calls.length || point.call === name);
      const here = reached ? point.when : undefined;
      if (here === 'before') await die();
      const running = run();
      underWay.add(running);
      try {
        return await running;
      } finally {
        underWay.delete(running);
        if (dead) await never();
        if (here === 'after') await die();
      }
    },
  };
}

/** The same ports with every call numbered. */
export function fused(deps: Deps, through: Fuse): Deps {
  return {
    ...deps,
    repository: fusedRepository(deps.repository, through),
    runCache: fusedCache(deps.runCache, through),
    spool: fusedSpool(deps.spool, through),
    connect: async (configuration) => {
      const set = await deps.connect(configuration);
      return {
        ...set,
        all: new Map([...set.all].map(([id, provider]) => [id, fusedProvider(provider, through)])),
        close: () => through.call('close', () => set.close()),
      };
    },
    openDialer: async () => {
      const dialer = await deps.openDialer();
      return { dial: (target, signal) => through.call('dial', () => dialer.dial(target, signal)) };
    },
    openSolver: async (config) => fusedSolver(await deps.openSolver(config), through),
    keyMaker: (configuration): KeyMaker => {
      const maker = deps.keyMaker(configuration);
      return {
        generate: (subject, algorithm) =>
          through.call('key.generate', () => maker.generate(subject, algorithm)),
      };
    },
  };
}

const fusedRepository = (repository: Repository, through: Fuse): Repository => ({
  observe: () => through.call('git.observe', () => repository.observe()),
  commit: (snapshot, changes, message) =>
    through.call('git.commit', () => repository.commit(snapshot, changes, message)),
  initialise: (changes, message) =>
    through.call('git.initialise', () => repository.initialise(changes, message)),
  isAncestor: (older, newer) => through.call('git.isAncestor', () => repository.isAncestor(older, newer)),
  close: () => repository.close(),
});

const fusedCache = (cache: RunCache, through: Fuse): RunCache => ({
  read: (version) => through.call('cache.read', () => cache.read(version)),
  replace: (seen, change) => through.call('cache.replace', () => cache.replace(seen, change)),
});

const fusedSpool = (spool: Spool, through: Fuse): Spool => ({
  write: (entry) => through.call('spool.write', () => spool.write(entry)),
  list: () => through.call('spool.list', () => spool.list()),
  remove: (entry) => through.call('spool.remove', () => spool.remove(entry)),
});

function fusedSolver(solver: Solver, through: Fuse): Solver {
  const { visible } = solver;
  return {
    config: solver.config,
    publish: (records) => through.call('solver.publish', () => solver.publish(records)),
    cleanUp: (records) => through.call('solver.cleanUp', () => solver.cleanUp(records)),
    ...(visible && {
      visible: (records) => through.call('solver.visible', () => visible.call(solver, records)),
    }),
  };
}

function fusedProvider(provider: Provider, through: Fuse): Provider {
  const wrap =
    <A extends readonly unknown[], R>(name: string, run: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      through.call(name, () => run(...args));
  const step = (one: Step): Step => ({
    ...one,
    run: wrap(`${one.name}.run`, one.run.bind(one)),
    lookUp: wrap(`${one.name}.lookUp`, one.lookUp.bind(one)),
    ...(one.before && {
      before: (request: OrderRequest) =>
        through.call(`${one.name}.before`, async () => one.before?.(request) ?? {}),
    }),
  });
  const operation = (steps: Operation): Operation => steps.map(step);
  const {
    licenser,
    reissuer,
    revoker,
    canceller,
    autoRenew,
    findByReference,
    balance,
    list,
    trustAnchors,
    validator,
  } = provider;
  return {
    ...provider,
    place: operation(provider.place),
    renew: operation(provider.renew),
    getOrder: wrap('getOrder', provider.getOrder.bind(provider)),
    collect: wrap('collect', provider.collect.bind(provider)),
    quote: wrap('quote', provider.quote.bind(provider)),
    serverTime: wrap('serverTime', provider.serverTime.bind(provider)),
    ...(findByReference && { findByReference: wrap('findByReference', findByReference.bind(provider)) }),
    ...(balance && { balance: wrap('balance', balance.bind(provider)) }),
    ...(trustAnchors && { trustAnchors: wrap('trustAnchors', trustAnchors.bind(provider)) }),
    ...(list && {
      list: async function* (filter) {
        yield* await through.call('list', () => allOf(list.call(provider, filter)));
      },
    }),
    ...(reissuer && { reissuer: { ...reissuer, operation: operation(reissuer.operation) } }),
    ...(revoker && { revoker: { ...revoker, operation: operation(revoker.operation) } }),
    ...(canceller && { canceller: { operation: operation(canceller.operation) } }),
    ...(licenser && {
      licenser: {
        place: operation(licenser.place),
        renew: operation(licenser.renew),
        cancel: operation(licenser.cancel),
        ordersOf: wrap('licences.ordersOf', licenser.ordersOf.bind(licenser)),
        getOrder: wrap('licences.getOrder', licenser.getOrder.bind(licenser)),
      },
    }),
    ...(autoRenew && { autoRenew: { operation: operation(autoRenew.operation) } }),
    ...(validator && {
      validator: {
        recheck: wrap('recheck', validator.recheck.bind(validator)),
        ...(validator.change && { change: wrap('validator.change', validator.change.bind(validator)) }),
        ...(validator.resend && { resend: wrap('validator.resend', validator.resend.bind(validator)) }),
      },
    }),
  };
}

async function allOf<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
