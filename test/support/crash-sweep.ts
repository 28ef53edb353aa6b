import { expect } from 'vitest';
import { resolveNotPlaced } from '../../src/entry/cli/resolve-not-placed.js';
import { resolveOrder } from '../../src/entry/cli/resolve-order.js';
import { isOpen } from '../../src/model/intent.js';
import type { Status } from '../../src/model/status.js';
import { openRun } from '../../src/reconcile/open-run.js';
import {
  applyOnce,
  expectKeyFits,
  openRunner,
  type Place,
  type Runner,
  runUntilQuiet,
  STATE_REF,
} from './engine.js';
import { type CrashPoint, fuse } from './fuse.js';

/** Facts that do not depend on when and how often something was tried. */
function shapeOf(status: Status): object {
  const place = (id: string | undefined): number => status.orders.findIndex((o) => o.ids.includes(id ?? ''));
  const { current } = status;
  return {
    name: status.name,
    archived: status.archived !== undefined,
    orders: status.orders.map((order) => ({
      reference: order.reference,
      predecessor: place(order.predecessor),
      product: order.product,
      term: order.term,
      names: order.names,
      state: order.state,
      abandoned: order.abandoned?.reason,
      charged: order.charges.map((charge) => [
        charge.action,
        charge.charged ?? charge.quoted,
        charge.refunded,
      ]),
    })),
    current: current && {
      names: current.names,
      order: place(current.order),
      ownKey: current.ownKey,
      reason: current.reason,
      revoked: current.revoked?.reason,
    },
    previous: status.previous.length,
    open: status.intents.filter(isOpen).map((intent) => [intent.action, intent.phase]),
    failures: status.failures,
    requests: status.requests,
    breaker: status.breaker,
    priceStop: status.priceStop,
    consumed: status.consumedApprovals,
    reissueText: status.reissueText,
    published: status.published,
  };
}

const shapesOf = async (place: Place): Promise<readonly object[]> =>
  [...(await place.statuses()).values()].map(shapeOf);

/** Published files; keys that wait under their hash are for orders that never came to be. */
const publishedOf = async (place: Place): Promise<readonly string[]> =>
  Object.keys(await place.store.files(STATE_REF))
    .filter((path) => !path.includes('/keys/'))
    .sort();

export interface Sweep {
  /** Purchases at the seller when everything has come to rest. */
  readonly purchases: number;
  /** The certificate whose key is opened, where one is published; its name at the end. */
  readonly name: string;
  /** Commits more than the undisturbed run may take. */
  readonly extraPushes: number;
  /** Default: before and after every call that writes somewhere; nothing outside changes between two that only read. */
  readonly points?: 'all' | 'after-writes';
  /** What has to be true at the end: a run in which nothing happened would prove nothing. */
  ended?(status: Status): void;
  /** A real server takes its own time: a run may have a call more or less than the undisturbed one. */
  readonly runsVary?: true;
  /** Puts what is outside back as it was before. */
  reset?(): Promise<void>;
  /** What has to be true outside, after the undisturbed run and after every recovery. */
  outside?(context: string): Promise<void>;
}

const AFTER = ['after'] as const;
const AROUND = ['before', 'after'] as const;
const WRITES = /^(git\.commit|spool\.(write|remove)|.*\.run|solver\..*|recheck)$/;

/** A crash after which only a person could tell what had become of it. */
export interface Unknown {
  readonly at: string;
  readonly spool: 'kept' | 'lost';
}

/**
 * Stops the engine before and after every port call of one apply, and starts a fresh one: on the same machine, and, where
 * something lay in the spool, also on another one. Whatever happens the seller sells as often as in the undisturbed run,
 * and everything ends the same.
 * @returns the crashes that needed a person
 */
export async function sweepCrashes(place: Place, sweep: Sweep): Promise<readonly Unknown[]> {
  const restore = await place.snapshot();
  const whole = fuse();
  await applyOnce(place, await openRunner(place, { fuse: whole }));
  const total = whole.calls.length;
  await runUntilQuiet(place, await openRunner(place));
  const wanted = { shapes: await shapesOf(place), files: await publishedOf(place) };
  const pushes = await place.pushes();
  expect(await place.purchases()).toBe(sweep.purchases);
  sweep.ended?.(await place.status(sweep.name));
  await sweep.outside?.('undisturbed');

  const unknown: Unknown[] = [];
  for (let call = 1; call <= total; call++) {
    if (sweep.points !== 'all' && !WRITES.test(whole.calls[call - 1] ?? '')) continue;
    for (const when of sweep.points === 'after-writes' ? AFTER : AROUND) {
      for (const spool of ['kept', 'lost'] as const) {
        await restore();
        await sweep.reset?.();
        const crashed = await crash(place, { call, when }, sweep.runsVary ?? false);
        if (crashed === undefined) continue;
        const at = `${when} call ${call}, ${whole.calls[call - 1]}`;
        const left = await crashed.spool.list();
        if (spool === 'lost' && left.length === 0) continue;
        const asked = await recover(place, crashed, spool === 'kept' ? crashed.home : undefined, at);
        if (asked) unknown.push({ at, spool });
        const context = `crash ${at}, spool ${spool}`;
        expect(await place.purchases(), context).toBe(sweep.purchases);
        expect(await shapesOf(place), context).toEqual(wanted.shapes);
        expect(await publishedOf(place), context).toEqual(wanted.files);
        expect(await place.pushes(), context).toBeLessThanOrEqual(
          pushes + sweep.extraPushes + (asked ? 4 : 0),
        );
        if ((await place.status(sweep.name)).current) await expectKeyFits(place, sweep.name);
        await sweep.outside?.(context);
      }
    }
  }
  return unknown;
}

async function crash(place: Place, point: CrashPoint, varies: boolean): Promise<Runner | undefined> {
  const struck = fuse(point);
  const runner = await openRunner(place, { fuse: struck });
  const ended = await Promise.race([applyOnce(place, runner), struck.blown]);
  if (varies && ended !== 'crashed') return undefined;
  expect(ended, `call ${point.call} is reached`).toBe('crashed');
  await struck.settled();
  expect(runner.illegal).toEqual([]);
  return runner;
}

/** @returns true: it took a person */
async function recover(
  place: Place,
  crashed: Runner,
  home: string | undefined,
  at: string,
): Promise<boolean> {
  const runner = await openRunner(place, home === undefined ? {} : { home });
  const ended = await runUntilQuiet(place, runner);
  const open = [...(await place.statuses()).values()].find((status) =>
    status.intents.some((intent) => intent.phase === 'unknown'),
  );
  if (open) {
    expect(ended.exit, `crash ${at}`).toBe(4);
    expect(ended.applied?.plan.items.find((item) => item.name === open.name)?.hold?.message).toContain(
      `certwright resolve ${open.name}`,
    );
    await answer(place, runner, open);
    await runUntilQuiet(place, runner);
  }
  expect(runner.illegal, `crash ${at}`).toEqual([]);
  expect(await runner.spool.list(), `crash ${at}`).toEqual([]);
  expect(crashed.illegal, `crash ${at}`).toEqual([]);
  return open !== undefined;
}

/** As the portal of a seller of website protection shows them. */
async function licencesSold(place: Place): Promise<readonly { readonly id: string }[]> {
  if (place.kind !== 'sectigo') return [];
  const sold = (await place.sandbox?.control('GET', 'sitelock')) ?? [];
  return (sold as readonly { readonly orderNumber: string }[]).map(({ orderNumber }) => ({
    id: orderNumber,
  }));
}

/** What a person says who looked at the seller. */
export async function answer(place: Place, runner: Runner, status: Status): Promise<void> {
  const known = new Set(
    [...(await place.statuses()).values()].flatMap((s) => s.orders.flatMap((o) => o.ids)),
  );
  const sold =
    (await place.seller?.control.orders()) ?? (status.kind === 'sitelock' ? await licencesSold(place) : []);
  const mine = sold.find(({ id }) => !known.has(id));
  const run = await openRun(runner.deps);
  if (mine) await resolveOrder(run, {}, status.name, mine.id);
  else await resolveNotPlaced(runner.context, run, { yes: true }, status.name);
  await run.providers.close();
}
