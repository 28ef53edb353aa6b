import { onTestFinished } from 'vitest';
import { parseStatus } from '../../../src/config/state.js';
import type { Options } from '../../../src/entry/cli/program.js';
import type { Context } from '../../../src/entry/context.js';
import { generateIdentity } from '../../../src/keys/age.js';
import type { Secret } from '../../../src/model/secret.js';
import type { Status } from '../../../src/model/status.js';
import { providerDefinitions } from '../../../src/providers/index.js';
import { statusPath } from '../../../src/repository/layout.js';
import { type TestContext, testContext } from '../../support/context.js';
import { filesOf, type GitRemote, testBranches } from '../../support/git.js';
import { type ManualClock, manualClock } from '../../support/manual-clock.js';
import { paidTest } from '../../support/paid-provider/adapter.js';
import { PaidProviderControl } from '../../support/paid-provider/control.js';
import { type PaidProviderOptions, startPaidProvider } from '../../support/paid-provider/server.js';
import { REPOSITORY_ID, type World, worldOf } from '../../support/state.js';

const NOW = Date.UTC(2026, 10, 22, 12);
export const TOKEN = 'canary-token-5a1f';

export interface Command {
  run(
    context: Context,
    globals: { json: boolean; identity: readonly string[] },
    options: Options,
    args: readonly string[],
  ): Promise<number>;
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A remote with manifests, a person's clone of it, and a seller, all on one clock that stands still. */
export interface Shop {
  readonly remote: GitRemote;
  readonly clone: string;
  readonly control: PaidProviderControl;
  /** Of the seller. */
  readonly url: string;
  readonly token: string;
  readonly clock: ManualClock;
  /** Opens what is sealed here. Commands are not given it unless a test does. */
  readonly identity: Secret;
  context(overrides?: Partial<Context>): TestContext;
  call(command: Command, options: Options, args?: readonly string[], json?: boolean): Promise<Ran>;
  advance(ms: number): Promise<void>;
  status(name: string): Promise<Status>;
  /** `certwright.yaml` as the approval branch has it. */
  configuration(): Promise<string>;
}

const configuration = (
  url: string,
  recipient: string,
  search: string,
  environment: 'rehearsal' | 'test',
): string => `version: 1
id: ${REPOSITORY_ID}
keys: { recipients: [${recipient}] }
defaults: { provider: paid, term: 1y, owner: platform-team, maxPrice: 100 USD }
providers:
  paid: { type: paid-test, environment: ${environment}, url: "${url}", credentials: { token: "\${PAID_TOKEN}" }, search: ${search} }
policy:
  approval: { order: merge, renew: auto, free: auto, revoke: pull-request }
  spending: { perOrder: 500 USD, perDay: 5000 USD }
`;

export async function openShop(
  world: World | ((control: PaidProviderControl) => Promise<World>) = {},
  seller: PaidProviderOptions = {},
  environment: 'rehearsal' | 'test' = 'rehearsal',
): Promise<Shop> {
  const server = await startPaidProvider({ nowMs: NOW, token: TOKEN, ...seller });
  onTestFinished(() => server.close());
  const control = new PaidProviderControl(server.url);
  const clock = manualClock(NOW);
  const { recipient, identity } = await generateIdentity();
  const given = typeof world === 'function' ? await world(control) : world;
  const { remote, clone } = await worldOf({
    ...given,
    files: {
      'certwright.yaml': configuration(server.url, recipient, seller.settings?.search ?? 'none', environment),
      'certificates/shop.yaml': 'domain: shop.example.com\n',
      ...given.files,
    },
    header: { provenRecipients: [recipient], ...given.header },
  });
  const base = testContext();
  const context = (overrides: Partial<Context> = {}) =>
    testContext({
      cwd: clone,
      clock,
      definitions: [...providerDefinitions, paidTest],
      env: { ...base.env, PAID_TOKEN: TOKEN },
      ...overrides,
    });
  return {
    remote,
    clone,
    control,
    url: server.url,
    token: server.token,
    clock,
    identity,
    context,
    async call(command, options, args = ['shop'], json = false) {
      const own = context();
      const code = await command.run(own, { json, identity: [] }, options, args);
      return { code, out: own.out(), err: own.err() };
    },
    async advance(ms) {
      clock.advance(ms);
      await control.advance(ms);
    },
    async status(name) {
      const files = await filesOf(remote, testBranches.state);
      return parseStatus(files[statusPath(name)] ?? '', statusPath(name));
    },
    configuration: async () => (await filesOf(remote, testBranches.approval))['certwright.yaml'] ?? '',
  };
}
