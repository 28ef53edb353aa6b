import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { onTestFinished } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, toInstant, toMs } from '../../src/model/time.js';
import { memorySpool } from '../support/memory-spool.js';
import { openShop } from '../support/paid-provider/server.js';
import type { Chaos, Fault } from './chaos.js';
import { type DaemonHost, type Hosting, hostDaemon } from './daemon-life.js';
import { type Dice, dice } from './dice.js';
import { configurationText } from './life.js';
import { firstManifest, type Manifest } from './manifests.js';
import type { Machine } from './ports.js';
import { actor } from './stage.js';
import { World } from './world.js';

const START_MS = Date.UTC(2026, 10, 22, 12);
const HOURS = 72;
/** Certificates end after three days, so that each of them falls due while the daemons live. */
const VALIDITY_DAYS = 3;
/** Nothing happens, and nothing falls due. */
export const QUIET = { from: 46, to: 59 } as const;

const POLICY = {
  order: 'merge',
  renew: 'auto',
  perDay: '500.00',
  perMonth: '900.00',
  tax: '0',
  namesPriced: true,
} as const;

const ACCOUNT =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration's own way to name a variable
  'type: paid-test, environment: rehearsal, url: "http://localhost", credentials: { token: "${PAID_TOKEN}" }, search: unique, visibilityLagMs: 0';

/** What goes wrong at calls while it does: everything that no person has to answer. */
const TROUBLES: readonly (readonly [calls: RegExp, often: number, faults: readonly Fault[]])[] = [
  [
    /^git\.commit$/,
    0.3,
    [
      { kind: 'refused' },
      { kind: 'call-lost' },
      { kind: 'reply-lost' },
      { kind: 'phantom' },
      { kind: 'late', ms: 20 * SECOND_MS },
      { kind: 'crash-after' },
    ],
  ],
  [
    /\.run$/,
    0.4,
    [{ kind: 'reply-lost' }, { kind: 'call-lost' }, { kind: 'crash-before' }, { kind: 'crash-after' }],
  ],
  [/^spool\.write$/, 0.3, [{ kind: 'down' }]],
  [/./, 0.01, [{ kind: 'down' }, { kind: 'crash-before' }, { kind: 'freeze', ms: 70 * SECOND_MS }]],
];

function troubles(chance: Dice): Chaos {
  let strikes = 0;
  return {
    on: false,
    get strikes() {
      return strikes;
    },
    strike(call) {
      const [, often, faults] = TROUBLES.find(([calls]) => calls.test(call)) ?? [/./, 0, []];
      if (!this.on || !chance.chance(often)) return undefined;
      strikes += 1;
      return faults[chance.int(faults.length)];
    },
    count: () => {
      strikes += 1;
    },
  };
}

const manifests = (from: number, to: number): readonly Manifest[] =>
  Array.from({ length: to - from + 1 }, (_, i) => firstManifest(from + i, '90d', true));

const machine = (name: string, skewMs: number): Machine => ({
  name,
  spool: memorySpool(),
  skewMs,
  bootMs: START_MS - DAY_MS,
});

async function openWorld(seed: string) {
  const shop = await openShop({
    nowMs: START_MS,
    balance: '900.00',
    settings: { search: 'unique', pollsUntilIssued: 1, validityDays: VALIDITY_DAYS, visibilityLagMs: 0 },
  });
  const world = new World(seed, START_MS, shop, POLICY, troubles(dice(seed).fork('troubles')));
  const configuration = configurationText(ACCOUNT, POLICY);
  await world.begin(configuration, manifests(1, 4));
  const root = mkdtempSync(join(tmpdir(), 'certwright-daemon-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, 'certwright.yaml'), configuration);
  return { world, root };
}

/** Live objects after everything else was thrown away, in bytes. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** What was seen at the hours at which somebody looked. */
export interface Sight {
  readonly sales: number;
  readonly commits: number;
  readonly heap: number;
  readonly unready: readonly (string | undefined)[];
}

export interface Days {
  readonly world: World;
  readonly hosting: Hosting;
  readonly hosts: readonly DaemonHost[];
  /** By hour. */
  readonly sights: ReadonlyMap<number, Sight>;
  /** Certificates that were over while they were served. */
  readonly expired: readonly string[];
  /** Did the process that was sent SIGTERM while it bought end within its time? */
  readonly endedInTime: boolean | undefined;
  readonly hourOf: (ms: number) => number;
}

/**
 * Three days of two daemons on one remote and one seller, who lack nothing: outages of both for hours, faults at calls,
 * SIGTERM and SIGKILL while they buy, clocks set back by a day, and people who merge all the while.
 */
export async function liveDays(seed: string): Promise<Days> {
  const { world, root } = await openWorld(seed);
  const { stage, chaos, down } = world;
  let over = false;
  const hosting: Hosting = { world, root, lines: [], looks: [], readings: [], wanted: () => !over };
  const machines = [machine('A', 20 * SECOND_MS), machine('B', -20 * SECOND_MS)];
  const hosts: DaemonHost[] = [];
  const sights = new Map<number, Sight>();
  const expired = new Set<string>();
  let stopped: DaemonHost['process'];
  let endedInTime: boolean | undefined;

  const at = (hour: number, happen: () => void) => stage.later(hour * HOUR_MS, happen);
  const merge = (from: number, to: number) => world.merge([...world.manifests, ...manifests(from, to)]);
  const tellBoth = () => {
    for (const { ring } of hosts) ring();
  };
  const setClocks = (ms: number) => {
    for (const one of machines) one.skewMs += ms;
  };
  const look = (hour: number) =>
    at(hour, () => {
      const unready = hosts.map(({ loop }) => loop?.unready());
      const heap = hour === 52 || hour === 71 ? heapBytes() : 0;
      sights.set(hour, { sales: world.watch.sales.length, commits: world.history.length, heap, unready });
    });

  at(0, () => hosts.push(...machines.map((one) => hostDaemon(hosting, one))));
  at(2, () => {
    chaos.on = true;
  });
  at(3, () => {
    merge(5, 6);
    hosts[0]?.ring();
  });
  at(6, () => {
    chaos.on = false;
  });
  at(8, () => {
    down.providerMs = START_MS + 14 * HOUR_MS;
  });
  at(9, () => merge(7, 7));
  at(16, () => {
    down.remoteMs = START_MS + 21 * HOUR_MS;
  });
  at(24, () => {
    merge(8, 9);
    tellBoth();
  });
  at(24 + 4 / 3600, () => {
    stopped = hosts[0]?.process;
    hosts[0]?.stop();
  });
  at(24 + 6 / 3600, () => hosts[1]?.kill());
  at(24 + 150 / 3600, () => {
    endedInTime = stopped?.actor.alive === false;
  });
  at(27, () => hosts[0]?.loop?.refresh());
  at(30, () => {
    chaos.on = true;
  });
  at(31, () => {
    merge(10, 11);
    tellBoth();
  });
  at(34, () => {
    chaos.on = false;
  });
  look(39.9);
  at(40, () => setClocks(-DAY_MS));
  look(40.9);
  at(41, () => {
    merge(12, 12);
    tellBoth();
  });
  look(42.9);
  at(43, () => setClocks(DAY_MS));
  for (const hour of [7.9, 20.9, 22, 52, 71]) look(hour);

  const keeper = actor('keeper');
  const run = async (): Promise<void> => {
    while (stage.nowMs < START_MS + HOURS * HOUR_MS) {
      await stage.wait(keeper, 10 * MINUTE_MS);
      world.watch.judge();
      for (const { name, current } of world.watch.statuses.values())
        if (current && toMs(current.notAfter) < stage.nowMs)
          expired.add(`${name} at ${toInstant(stage.nowMs)}`);
    }
    over = true;
    for (const host of hosts) host.stop();
  };
  // Whatever was seen must not keep the others playing for ever.
  const orEnd = (): Promise<void> =>
    run().catch((error: unknown) => {
      over = true;
      for (const host of hosts) host.stop();
      throw error;
    });
  await stage.play([{ actor: keeper, run: orEnd }]);
  world.watch.judge();
  const hourOf = (ms: number) => (ms - START_MS) / HOUR_MS;
  return { world, hosting, hosts, sights, expired: [...expired], endedInTime, hourOf };
}
