import type { Context } from '../../src/entry/context.js';
import { createAlarm } from '../../src/entry/daemon/alarm.js';
import { createLoop, type Loop } from '../../src/entry/daemon/loop.js';
import { oneRun, type Places } from '../../src/entry/daemon/one-run.js';
import { rememberReadings } from '../../src/entry/daemon/readings.js';
import { createSparing } from '../../src/entry/daemon/sparing-log.js';
import { readConfiguration } from '../../src/entry/files.js';
import { rememberedQuiet } from '../../src/entry/quiet-record.js';
import { CertError } from '../../src/model/errors.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/model/time.js';
import type { Clock } from '../../src/ports/clock.js';
import type { Log, LogFields } from '../../src/ports/log.js';
import type { Reader, Rescue } from '../../src/repository/git-repository.js';
import { contextOf, type Machine, type Process, portsOf } from './ports.js';
import { actor } from './stage.js';
import type { World } from './world.js';

const POLL_MS = 5 * MINUTE_MS;
const RUN_OPTIONS = {
  waitMs: 30 * SECOND_MS,
  syncOlderMs: 20 * HOUR_MS,
  limits: { sends: 100, ms: 10 * MINUTE_MS },
} as const;

const never = (): never => {
  throw new Error('a daemon reads no proposals');
};
const NOT_ASKED: Reader & Rescue = {
  proposal: never,
  pathsBetween: never,
  stateTip: never,
  survivors: never,
  reinstate: never,
};

/** After it died somebody starts it again: systemd, Kubernetes. */
const RESTART_MS = 30 * SECOND_MS;

export interface TimedLine {
  readonly atMs: number;
  readonly machine: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
}

/** A machine whose daemon is started again whenever it ends, until nobody wants it any more. */
export interface DaemonHost {
  readonly machine: Machine;
  /** Of the process that runs now. */
  loop?: Loop;
  process?: Process;
  ring(): void;
  /** How often it was started. */
  starts: number;
  /** SIGTERM; resolves for the caller by `process.actor.alive`. */
  stop(): void;
  /** SIGKILL. */
  kill(): void;
}

export interface Hosting {
  readonly world: World;
  /** A checkout with the configuration in it. */
  readonly root: string;
  /** What every daemon said, debug left out. */
  readonly lines: TimedLine[];
  /** When a daemon asked the remote, and when it read everything. */
  readonly looks: number[];
  readonly readings: number[];
  wanted(): boolean;
}

/** The real loop and the real run of the daemon on a machine of the simulation. */
export function hostDaemon(hosting: Hosting, machine: Machine): DaemonHost {
  const { world } = hosting;
  const host: DaemonHost = {
    machine,
    starts: 0,
    ring: () => undefined,
    stop: () => host.process?.abort.abort(),
    kill: () => {
      if (host.process) world.stage.kill(host.process.actor);
    },
  };
  const start = (): void => {
    host.starts += 1;
    const process: Process = {
      machine,
      actor: actor(`${machine.name}${host.starts}`),
      abort: new AbortController(),
      dice: world.dice.fork(`${machine.name} ${host.starts}`),
      faulty: true,
      commits: 0,
    };
    host.process = process;
    const run = live(hosting, host, process);
    const over = () => {
      if (hosting.wanted()) world.stage.later(RESTART_MS, start);
    };
    void Promise.race([run, process.actor.died]).then(over, () => undefined);
    world.stage.enter({ actor: process.actor, run: () => run });
  };
  start();
  return host;
}

async function live(hosting: Hosting, host: DaemonHost, process: Process): Promise<void> {
  const { world, root } = hosting;
  const everything = tellingLog(hosting, process.machine.name, {});
  const usual = contextOf(world, process);
  const clock = wakingClock(world, process, usual.clock);
  const sparing = createSparing(clock);
  const log = sparing(everything);
  const context: Context = {
    ...usual,
    cwd: root,
    clock,
    log,
    quiet: rememberedQuiet({ read: () => undefined, write: () => undefined }),
    say: (text) => log.warn({ text }, 'notice'),
  };
  const alarm = createAlarm(clock);
  const loop = createLoop(context, { pollMs: POLL_MS, everything }, alarm, ({ fresh, lookAt }) =>
    oneRun(context, placesOf(hosting, process), { ...RUN_OPTIONS, fresh, lookAt }),
  );
  host.loop = loop;
  host.ring = alarm.ring;
  await loop.untilStopped();
}

/** Unlike that of a single run: who sleeps is woken by what ends the sleep. */
const wakingClock = ({ stage }: World, { actor: sleeper }: Process, clock: Clock): Clock => ({
  ...clock,
  async sleep(ms, signal) {
    const stopped = () => new CertError('interrupted', 'stopped');
    if (signal?.aborted) throw stopped();
    await stage.wait(sleeper, ms, signal);
    if (signal?.aborted) throw stopped();
  },
});

/** The remote of the world instead of one that is reached by git. */
function placesOf({ world, root, looks, readings }: Hosting, process: Process): Places {
  const deps = portsOf(world, process);
  const repository = {
    ...world.remote.open(),
    ...deps.repository,
    ...NOT_ASKED,
    observe: () => {
      looks.push(world.stage.nowMs);
      return deps.repository.observe();
    },
    clone: { root, bare: false, objectFormat: 'sha1' as const },
  };
  const remembering = rememberReadings();
  return {
    openRemote: async () => repository,
    async openWorkplace(context, opened) {
      readings.push(world.stage.nowMs);
      const used = opened?.repository ?? repository;
      const { approval } = await world.remote.open().observe();
      return remembering({
        local: await readConfiguration(approval, world.definitions),
        repository: used,
        deps: { ...deps, log: context.log, repository: used },
        identities: async () => [],
        close: async () => undefined,
      });
    },
  };
}

/** Keeps what a reader of the log would see. */
function tellingLog(hosting: Hosting, machine: string, base: LogFields): Log {
  const { world, lines } = hosting;
  const write = (level: TimedLine['level']) => (fields: LogFields, message: string) => {
    const words = Object.entries({ ...base, ...fields }).map(([key, value]) => `${key}=${String(value)}`);
    const text = [message, ...words].join(' ');
    lines.push({ atMs: world.stage.nowMs, machine, level, text });
  };
  return {
    debug: () => undefined,
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => tellingLog(hosting, machine, { ...base, ...fields }),
  };
}
