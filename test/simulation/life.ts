import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/model/time.js';
import { openShop } from '../support/paid-provider/server.js';
import { dice } from './dice.js';
import { firstManifest } from './manifests.js';
import { ID, type Policy, RECIPIENT, World } from './world.js';

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
