import { X509Certificate } from 'node:crypto';
import { type ApprovalRecord, type IntendedIntent, isOpen } from '../../src/model/intent.js';
import { addMoney, addPercent, compareMoney, formatMoney, type Money, money } from '../../src/model/money.js';
import type { OrderRequest } from '../../src/model/order.js';
import type { Status } from '../../src/model/status.js';
import { DAY_MS, dayOf, MINUTE_MS, SECOND_MS, toInstant, toMs } from '../../src/model/time.js';
import { legalStatus } from '../../src/policy/legal.js';
import { currentStep } from '../../src/reconcile/intents.js';
import {
  certificatePath,
  HEADER_PATH,
  nameOfStatusPath,
  pendingKeyPath,
} from '../../src/repository/layout.js';
import type { OrderWire } from '../support/paid-provider/wire.js';
import type { Manifest } from './manifests.js';
import { openedKey } from './sealer.js';
import { Violation } from './story.js';
import type { World } from './world.js';

/** One writing call as it leaves. */
export interface Sent {
  readonly actor: string;
  readonly request: OrderRequest;
  readonly step: string;
  readonly paid: boolean;
}

/** An attempt that stood on the state branch for everybody to see. */
interface Announced {
  readonly name: string;
  readonly intent: IntendedIntent;
  readonly step: string;
  sent: boolean;
}

/** What the seller sold, as the seller counts. */
export interface Sale {
  readonly orderId: string;
  readonly atMs: number;
  readonly lineage: string;
  /** Certificate and the order it follows on: what is bought once. */
  readonly need: string;
  readonly intentId: string;
  /** Sold by the seller beside what was asked for. */
  readonly ownDoing: boolean;
}

/** Clocks may differ by two minutes, and a run acts on what it read a moment before. */
const ALLOWANCE_MS = 3 * MINUTE_MS;
/** Nothing may stay undone for longer than this once nothing is in the way any more. */
const PATIENCE_MS = 8 * DAY_MS;

const DEAD: ReadonlySet<OrderWire['status']> = new Set(['REJECTED', 'CANCELLED']);

type Files = Readonly<Record<string, string>>;

const changedPaths = (before: Files, after: Files): readonly string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (path) => before[path] !== after[path],
  );

/**
 * Dates are whole UTC days (DESIGN §3): no certificate is issued for what is left of the last day of a term. Without a
 * renewal this one is the last.
 */
const endsWithTerm = (current: Status['current'], paidTillMs: number): boolean =>
  current !== undefined &&
  Math.ceil(paidTillMs / DAY_MS) - Math.floor((toMs(current.notAfter) + SECOND_MS) / DAY_MS) <= 1;

/** Looks at everything that leaves and everything that is written; throws a `Violation` at the first that must not be. */
export class Watch {
  readonly #world: World;
  /** By order reference. */
  readonly #announced = new Map<string, readonly Announced[]>();
  readonly sales: Sale[] = [];
  #files: Files = {};
  /** The same as certwright wrote it last, whatever others made of it. */
  #written: Files = {};
  /** What certwright wrote last, which counts whatever others did to the branch. */
  readonly statuses = new Map<string, Status>();
  readonly #fitting = new Map<string, string>();
  /** Thrown inside of a port call it would be taken for a failure of that port: kept, and thrown after the run. */
  #violation: Violation | undefined;
  readonly #usedApprovals = new Map<string, string>();

  constructor(world: World) {
    this.#world = world;
  }

  #must(holds: boolean, invariant: string, is: string, must: string): void {
    if (!holds) this.#violation ??= new Violation(invariant, is, must);
  }

  /** @throws Violation */
  judge(): void {
    if (this.#violation) throw this.#violation;
  }

  /**
   * After every push that reached the remote.
   * @param by  a run; a command of a person, which may say nothing but a word in the header; somebody who meddled with the
   *   branch, whose files do not count
   */
  stateMoved(who: string, by: 'run' | 'command' | 'meddler'): void {
    const before = this.#files;
    const files = this.#world.remote.files('refs/heads/certwright/state');
    this.#files = files;
    if (by === 'meddler') return;
    // What somebody made of the branch may happen to be what certwright has to say next.
    const changed = new Set([...changedPaths(before, files), ...changedPaths(this.#written, files)]);
    this.#written = files;
    if (by === 'run') {
      this.#must(
        [...changed].some((path) => path !== HEADER_PATH),
        'no commit without news',
        `${who} pushed a commit that changes nothing but the header`,
        'a run with nothing to record makes no commit',
      );
    }
    const touched = new Set<string>();
    for (const path of changed) {
      const file = /^issued\/(.+)\/(?:status\.json|certificate\.pem|key\.pem\.age)$/.exec(path)?.[1];
      if (file !== undefined) touched.add(file);
      const name = nameOfStatusPath(path);
      if (name === undefined) continue;
      const text = files[path];
      if (text === undefined) this.statuses.delete(name);
      else this.#statusMoved(this.#world.parseStatus(text, path));
    }
    for (const name of touched) this.#keyFits(name);
  }

  #statusMoved(status: Status): void {
    const known = new Set(status.orders.flatMap(({ ids }) => ids));
    const before = this.statuses.get(status.name)?.orders.flatMap(({ ids }) => ids) ?? [];
    const forgotten = before.filter((id) => !known.has(id));
    this.#must(
      forgotten.length === 0,
      'no order is forgotten',
      `${status.name} is written without ${forgotten.join(', ')}`,
      'orders stand there for ever, whatever others did to the branch',
    );
    const doubles = this.sales.filter(({ orderId, ownDoing }) => ownDoing && known.has(orderId));
    this.#must(
      doubles.length === 0,
      'what was sold twice is left alone',
      `${status.name} holds ${doubles.map(({ orderId }) => orderId).join(', ')}`,
      'the order that was asked for alone',
    );
    this.statuses.set(status.name, status);
    const problems = legalStatus(status);
    this.#must(
      problems.length === 0,
      'legal status',
      `${status.name}: ${problems.join('; ')}`,
      'legalStatus finds nothing',
    );
    this.#remember(status);
  }

  #remember(status: Status): void {
    for (const intent of status.intents) {
      if (intent.phase !== 'intended') continue;
      const { reference } = intent.request;
      const known = this.#announced.get(reference) ?? [];
      if (known.some((one) => one.intent.nonce === intent.nonce)) continue;
      const step = intent.steps[currentStep(intent)]?.name ?? '';
      this.#announced.set(reference, [...known.slice(-20), { name: status.name, intent, step, sent: false }]);
    }
  }

  #keyFits(name: string): void {
    const current = this.statuses.get(name)?.current;
    if (!current) return;
    const facts = [certificatePath(name, 'certificate'), certificatePath(name, 'key')].map(
      (path) => this.#files[path],
    );
    const known = JSON.stringify([...facts, current.keyHash, current.ownKey]);
    if (this.#fitting.get(name) === known) return;
    this.#fitting.set(name, known);
    const certificate = new X509Certificate(this.#files[certificatePath(name, 'certificate')] ?? '');
    const sealed = this.#files[certificatePath(name, 'key')];
    const published = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
    this.#must(
      published === current.sha256,
      'every published certificate is the recorded one',
      `certificate.pem of ${name} is ${published}`,
      `the recorded ${current.sha256}`,
    );
    this.#must(
      current.ownKey || current.reason === 'AdoptDeclared',
      'every published certificate has its key',
      `${name} has ownKey: false`,
      'the key of a certificate we asked for is ours',
    );
    if (!current.ownKey) return;
    this.#must(
      sealed !== undefined && certificate.checkPrivateKey(openedKey(sealed)),
      'every published certificate has its key',
      `beside the certificate of ${name} lies ${sealed === undefined ? 'no key' : 'another key'}`,
      `the key ${current.keyHash}, or ownKey: false`,
    );
  }

  /** The bytes leave now. */
  sending(sent: Sent): void {
    const found = this.#attemptOf(sent);
    const { stage } = this.#world;
    this.#must(
      found !== undefined,
      'announced before it is sent',
      `${sent.actor} sends ${sent.step} of ${sent.request.action} ${sent.request.commonName} (${sent.request.reference})`,
      'an intent for it, not used before and not over, was on the state branch',
    );
    if (!found) return;
    found.sent = true;
    const late = stage.nowMs - toMs(found.intent.sendBy);
    this.#must(
      late <= ALLOWANCE_MS,
      'sent before sendBy',
      `sent ${Math.round(late / 1000)} s after sendBy ${found.intent.sendBy}`,
      'within the allowance for clocks',
    );
    const { keyHash } = found.intent;
    if (keyHash === undefined || sent.request.csrPem === undefined) return;
    const { remote } = this.#world;
    const path = pendingKeyPath(found.name, keyHash);
    const there = ['state', 'seen'].some((ref) => path in remote.files(`refs/heads/certwright/${ref}`));
    const used = this.statuses.get(found.name)?.current?.keyHash === keyHash;
    const moved = ![...this.statuses.keys()].includes(found.name);
    this.#must(
      there || used || moved,
      'the key is safe before the request leaves',
      `${path} is on no branch`,
      'it was pushed with the intent',
    );
  }

  #attemptOf({ request, step }: Sent): Announced | undefined {
    const fits = ({ intent, sent, step: at }: Announced) =>
      !sent && at === step && intent.action === request.action && intent.request.csrPem === request.csrPem;
    return this.#announced.get(request.reference)?.findLast(fits);
  }

  /** Called before a writing call; the function it gives tells what the seller sold by it. */
  expectSale(sent: Sent): () => void {
    const { seller } = this.#world.shop;
    const before = seller.purchases;
    const attempt = this.#attemptOf(sent);
    return () => {
      const sold = seller.purchases - before;
      if (sold === 0) return;
      const orders = seller.orders().slice(-sold);
      orders.forEach((order, i) => {
        this.#sold(sent, attempt, order, i > 0);
      });
    };
  }

  #sold({ actor, request }: Sent, attempt: Announced | undefined, order: OrderWire, ownDoing: boolean): void {
    const { stage, story } = this.#world;
    const lineage = request.commonName;
    const need = `${lineage} after ${attempt?.intent.follows ?? 'nothing'}`;
    const sale: Sale = {
      orderId: order.id,
      atMs: stage.nowMs,
      lineage,
      need,
      intentId: attempt?.intent.id ?? '',
      ownDoing,
    };
    story.tell(
      'seller',
      `sold ${order.id} to ${actor}: ${need}, ${order.charged}${ownDoing ? ', unasked' : ''}`,
    );
    if (!ownDoing) {
      this.#boughtOnce(sale);
      if (attempt) this.#approved(attempt, order);
    }
    this.sales.push(sale);
  }

  #boughtOnce(sale: Sale): void {
    const { seller } = this.#world.shop;
    const orders = new Map(seller.orders().flatMap((order) => order.ids.map((id) => [id, order] as const)));
    const living = this.sales.filter((old) => {
      const order = orders.get(old.orderId);
      return (
        !old.ownDoing &&
        old.lineage === sale.lineage &&
        order !== undefined &&
        !DEAD.has(order.status) &&
        Date.parse(order.paidTill) > sale.atMs
      );
    });
    const twice = living.find((old) => old.need === sale.need);
    this.#must(
      twice === undefined,
      'one purchase for each need',
      `the seller sold ${twice?.orderId ?? ''} and ${sale.orderId} for ${sale.need}`,
      'one order that is not dead',
    );
    this.#must(
      living.length < 2,
      'one purchase for each need',
      `${sale.orderId} is sold while ${living.map(({ orderId }) => orderId).join(' and ')} live`,
      'at most the order it follows on',
    );
  }

  /** Manifests as they stood on the approval branch a moment ago, newest first. */
  #declared(lineage: string): readonly Manifest[] {
    const { tips, stage } = this.#world;
    const recent = tips.filter((_, i) => (tips[i + 1]?.atMs ?? Infinity) > stage.nowMs - ALLOWANCE_MS);
    return recent
      .flatMap(({ manifests }) => manifests.filter((manifest) => manifest.lineage === lineage))
      .reverse();
  }

  #approved({ name, intent }: Announced, order: OrderWire): void {
    const { priceMovedMs } = this.#world;
    const declared = this.#declared(intent.request.commonName);
    const manifest = declared.find(({ suspend }) => !suspend);
    const what = `${intent.action} of ${name} (${order.id})`;
    this.#must(
      manifest !== undefined,
      'nothing is bought that nobody wants',
      what,
      'a manifest on the approval branch declares it',
    );
    if (!manifest) return;
    if (intent.action === 'renew') {
      this.#must(
        declared.some(({ autoRenew }) => autoRenew),
        'nothing is bought that nobody approved',
        `${what}, autoRenew is off`,
        'autoRenew: true',
      );
    }
    this.#approvalOnce(intent.approval, what, intent.action);
    const followed = intent.follows === undefined ? undefined : this.#world.shop.seller.find(intent.follows);
    this.#must(
      followed === undefined || !DEAD.has(followed.status) || intent.approval.kind === 'file',
      'nothing is bought that nobody approved',
      `${what} in the place of ${followed?.id ?? ''}, which came to nothing, by ${intent.approval.kind}`,
      'by a file that names the dead order',
    );
    const ceiling = money(
      declared.reduce((a, { maxPrice }) => Math.max(a, Number(maxPrice)), 0).toFixed(2),
      'USD',
    );
    const charged = money(order.charged, 'USD');
    this.#must(
      compareMoney(charged, ceiling) !== 1 || priceMovedMs > toMs(intent.createdAt) - ALLOWANCE_MS,
      'spend at most what was approved',
      `${what} was charged ${formatMoney(charged)}`,
      `at most ${formatMoney(ceiling)}`,
    );
    this.#within(intent, what);
  }

  #approvalOnce(approval: ApprovalRecord, what: string, action: string): void {
    const { policy } = this.#world;
    if (approval.kind !== 'file') {
      const mode = action === 'renew' ? policy.renew : policy.order;
      this.#must(
        mode !== 'pull-request',
        'nothing is bought that nobody approved',
        `${what} by ${approval.kind}`,
        'by an approval file',
      );
      return;
    }
    const before = this.#usedApprovals.get(approval.subjectDigest);
    this.#must(
      before === undefined,
      'an approval lets one purchase through',
      `${what} uses the approval of ${before ?? ''}`,
      'its own',
    );
    this.#usedApprovals.set(approval.subjectDigest, what);
  }

  readonly #spent: { readonly atMs: number; readonly amount: Money }[] = [];

  #within(intent: IntendedIntent, what: string): void {
    const { stage, policy } = this.#world;
    const amount = intent.quoted && addPercent(intent.quoted, policy.tax);
    if (!amount) return;
    this.#spent.push({ atMs: stage.nowMs, amount });
    const limits = [
      ['day', policy.perDay, (ms: number) => dayOf(ms)],
      ['month', policy.perMonth, (ms: number) => dayOf(ms).slice(0, 7)],
    ] as const;
    for (const [title, limit, period] of limits) {
      // Around midnight the clocks of machine and seller may disagree about the day.
      const sums = this.#spent.filter(
        ({ atMs }) =>
          period(atMs - ALLOWANCE_MS) === period(atMs + ALLOWANCE_MS) && period(atMs) === period(stage.nowMs),
      );
      const sum = sums.reduce<Money>((a, b) => addMoney(a, b.amount) ?? a, money('0', 'USD'));
      this.#must(
        compareMoney(sum, money(limit, 'USD')) !== 1,
        'spend within the limits',
        `${formatMoney(sum)} in the ${title} of ${what}`,
        `at most ${limit} USD`,
      );
    }
  }

  /**
   * Served, or on its way: a certificate that is declared, paid for or payable, and that nothing has been in the way of
   * for `PATIENCE_MS`, is there, for its names, and not over.
   */
  served(): void {
    const { stage, manifests } = this.#world;
    if (stage.nowMs - this.#world.troubledMs < PATIENCE_MS) return;
    for (const manifest of manifests) {
      if (manifest.suspend || stage.nowMs - manifest.sinceMs < PATIENCE_MS) continue;
      const status = this.statuses.get(manifest.path);
      const order = status?.orders.findLast(
        ({ state }) => !['rejected', 'cancelled', 'refunded'].includes(state),
      );
      const paidTillMs = order?.paidTill === undefined ? Infinity : toMs(order.paidTill);
      const current = status?.current;
      if (!manifest.autoRenew && (paidTillMs < stage.nowMs || endsWithTerm(current, paidTillMs))) continue;
      const till = current ? `till ${current.notAfter}` : 'there is none';
      this.#must(
        current !== undefined && toMs(current.notAfter) > stage.nowMs,
        'never over while it can be renewed',
        `the certificate of ${manifest.path}: ${till}, it is ${toInstant(stage.nowMs)}`,
        `a certificate that is good: nothing was in the way since ${toInstant(this.#world.troubledMs)}`,
      );
      this.#newestServed(manifest, status);
      if (!this.#world.policy.namesPriced) continue;
      const wanted = [manifest.lineage, ...manifest.names].sort().join(' ');
      const has = [...(current?.names ?? [])].sort().join(' ');
      this.#must(has === wanted, 'the names declared are served', `${manifest.path} serves ${has}`, wanted);
    }
  }

  /** Whatever became of its order in the portal, the certificate that is served is the newest one, and good. */
  #newestServed({ path }: Manifest, status: Status | undefined): void {
    const { stage, shop } = this.#world;
    const { current } = status ?? {};
    const order = current && shop.seller.find(current.order);
    if (!order || Date.parse(order.paidTill) < stage.nowMs || order.reissuePending) return;
    // A wrong certificate waits for a person, and a new one for its turn.
    const old = toInstant(stage.nowMs - PATIENCE_MS);
    if (status?.intents.some((intent) => isOpen(intent) && intent.createdAt > old)) return;
    this.#must(
      order.status !== 'REVOKED',
      'a revoked certificate is replaced',
      `${path} serves ${current.serial} of order ${order.id}, which is revoked`,
      `another one: its order is paid till ${order.paidTill}`,
    );
    this.#must(
      order.status !== 'ISSUED' || order.serial === current.serial,
      'the newest certificate is served',
      `${path} serves ${current.serial}, order ${order.id} has ${order.serial ?? 'none'}`,
      'the same: lists and looks show it',
    );
  }

  /** A list was read: what the seller sold twice by itself is in it, and no order of ours. */
  doublesTold(told: ReadonlySet<string>, statuses: ReadonlyMap<string, Status>, listedMs: number): void {
    const { shop, stage } = this.#world;
    const { search, visibilityLagMs } = shop.seller.settings;
    if (search === 'none') return;
    const underWay = [...statuses.values()].flatMap(({ intents }) =>
      intents.filter(isOpen).map(({ request }) => request.reference),
    );
    for (const { orderId, ownDoing, atMs } of this.sales) {
      if (!ownDoing || atMs + visibilityLagMs + ALLOWANCE_MS > listedMs) continue;
      const order = shop.seller.find(orderId);
      const living = order && !DEAD.has(order.status) && Date.parse(order.paidTill) > stage.nowMs;
      if (!living || (order.reference !== null && underWay.includes(order.reference))) continue;
      this.#must(
        told.has(orderId),
        'what was sold twice is told',
        `the list holds ${orderId}, and nothing is said of it`,
        'it is named as a double',
      );
    }
  }
}
