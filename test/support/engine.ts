/**
 * The real engine on a real remote with a real account: composed as the command line does it, with a clock that is moved
 * by hand. A `Place` is one remote and one seller; a `Runner` is one machine that works on it.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import { parseStatus } from '../../src/config/state.js';
import { composeDeps } from '../../src/entry/compose.js';
import { spoolFolder } from '../../src/entry/context.js';
import { type ExitCode, exitCodeOf, exitCodeOfError } from '../../src/entry/exit.js';
import { allConditions } from '../../src/entry/health.js';
import { systemClock } from '../../src/entry/system/clock.js';
import { createSealer, generateIdentity, parseIdentities } from '../../src/keys/age.js';
import { CertError } from '../../src/model/errors.js';
import { isOpen } from '../../src/model/intent.js';
import type { JsonObject } from '../../src/model/json.js';
import { STATE_FORMAT_VERSION, type StateHeader, type Status } from '../../src/model/status.js';
import { HOUR_MS, MINUTE_MS } from '../../src/model/time.js';
import { legalStatus } from '../../src/policy/legal.js';
import type {
  Operation,
  Provider,
  ProviderDefinition,
  SendGuard,
  StepOutcome,
} from '../../src/ports/provider.js';
import type { PushOutcome } from '../../src/ports/repository.js';
import { providerDefinitions } from '../../src/providers/index.js';
import type { Deps } from '../../src/reconcile/deps.js';
import { type Applied, type ApplyOptions, apply } from '../../src/reconcile/engine.js';
import { fileSpool } from '../../src/repository/file-spool.js';
import type { GitRepository } from '../../src/repository/git-repository.js';
import { HEADER_PATH } from '../../src/repository/layout.js';
import { stableJson } from '../../src/repository/stable.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { type TestContext, testContext } from './context.js';
import { type Fuse, fused } from './fuse.js';
import {
  cloneOf,
  commitToRemote,
  type Files,
  fileRemote,
  filesOf,
  git,
  openClone,
  refsOf,
  setRef,
} from './git.js';
import { type ManualClock, manualClock } from './manual-clock.js';
import { MemoryRemote } from './memory-remote.js';
import { wholesaler } from './namecheap-account.js';
import { paidTest } from './paid-provider/adapter.js';
import { PaidProviderControl } from './paid-provider/control.js';
import { type PaidProviderServer, startPaidProvider } from './paid-provider/server.js';
import type { SellerSettings } from './paid-provider/wire.js';

type Search = SellerSettings['search'];
const ID = 'k3v9x2';

/** Kinds that are served by a sandbox of the product. */
type SandboxKind = 'sectigo' | 'thesslstore' | 'namecheap' | 'whmcs';

export type Kind = 'local-ca' | 'local-ca-priced' | 'unique' | 'findable' | 'none' | 'acme' | SandboxKind;

/** Accounts that sell for money. */
export const PAID: readonly Kind[] = ['local-ca-priced', 'unique', 'findable', 'none'];
const SEARCHES: ReadonlySet<Kind> = new Set(['unique', 'findable', 'none']);

export interface PlaceOptions {
  readonly kind: Kind;
  /** Path below `certificates/` → manifest. */
  readonly manifests?: Readonly<Record<string, string>>;
  readonly seller?: Partial<SellerSettings>;
  /** Settings of the sandbox where the kind is one of a sandbox. */
  readonly sandbox?: JsonObject;
  /** A second account `nc`, at a sandbox of Namecheap where the shop's module buys: its lines in certwright.yaml. */
  readonly wholesale?: string;
  /** Of a real ACME server: its directory, and the certificates it issued, which count as purchases. */
  readonly acme?: { readonly directory: string; issued(): Promise<number> };
  /** Instead of one that stands still until it is moved. */
  readonly clock?: ManualClock;
  /** Money in the account; default 500. */
  readonly balance?: string;
  /** Lines of the account in certwright.yaml. */
  readonly account?: string;
  readonly spending?: string;
  readonly policy?: string;
  /** The text of `solvers:`, in flow style. */
  readonly solvers?: string;
  /** The text of `preflight:`, in flow style. */
  readonly preflight?: string;
  /** The text of `hooks:`, in flow style. */
  readonly hooks?: string;
  /** The text of `endpoints:`, in flow style. */
  readonly endpoints?: string;
  /** Variables of every runner. */
  readonly env?: Readonly<Record<string, string>>;
  readonly definitions?: readonly ProviderDefinition[];
  /** A real remote instead of one in memory. */
  readonly git?: boolean;
  readonly memory?: MemoryRemote;
  /** The seller's clock runs with the machine's, for real processes. */
  readonly runs?: boolean;
}

/** Where state and manifests lie: a real git remote, or one in memory for tests of hundreds of runs. */
export interface Store {
  /** Of a real remote. */
  readonly path?: string;
  /** Another machine's way to it. */
  open(options: { readonly clock: ManualClock; readonly signal?: AbortSignal }): Promise<GitRepository>;
  files(ref: string): Promise<Files>;
  /** Commits of a ref. */
  count(ref: string): Promise<number>;
  refs(): Promise<Readonly<Record<string, string>>>;
  /** By force; null deletes. */
  setRef(ref: string, commit: string | null): Promise<void>;
  /** Somebody's own commit on top of a branch. */
  push(branch: string, files: Files): Promise<string>;
  /** A commit without parents that holds what a ref holds: a history written anew. Gives the commit. */
  rewrite(ref: string): Promise<string>;
}

export interface Place {
  readonly store: Store;
  readonly kind: Kind;
  /** Of the tests, and of the seller where there is one. */
  clock: ManualClock;
  readonly sandbox?: Sandbox;
  /** Where the shop's module buys. */
  readonly wholesale?: Sandbox;
  readonly seller?: { readonly server: PaidProviderServer; readonly control: PaidProviderControl };
  readonly identity: string;
  readonly definitions: readonly ProviderDefinition[];
  readonly env: Readonly<Record<string, string>>;
  advance(ms: number): Promise<void>;
  /** A commit on the approval branch, as a merge makes it. */
  merge(files: Files): Promise<string>;
  /** Everything as it stands now, to be put back. */
  snapshot(): Promise<() => Promise<void>>;
  /** The seller's own count, renewals included. */
  purchases(): Promise<number>;
  statuses(): Promise<ReadonlyMap<string, Status>>;
  status(name: string): Promise<Status>;
  /** Commits on the state branch. */
  pushes(): Promise<number>;
}

export const STATE_REF = 'refs/heads/certwright/state';
export const SEEN_REF = 'refs/heads/certwright/seen';

export async function memoryStore(files: Files, remote = new MemoryRemote()): Promise<Store> {
  const changes = (given: Files) => Object.entries(given).map(([path, content]) => ({ path, content }));
  remote.push('refs/heads/main', changes(files));
  return {
    open: async () => remote.open(),
    files: async (ref) => remote.files(ref),
    count: async (ref) => remote.count(ref),
    refs: async () => Object.fromEntries(remote.refs),
    async setRef(ref, commit) {
      const refs = new Map(remote.refs);
      if (commit === null) refs.delete(ref);
      else refs.set(ref, commit);
      remote.refs = refs;
    },
    push: async (branch, given) => remote.push(`refs/heads/${branch}`, changes(given)),
    rewrite: async (ref) => remote.rewrite(ref),
  };
}

export async function gitStore(files: Files): Promise<Store> {
  const remote = await fileRemote(files);
  return {
    path: remote.path,
    // A clone and a cache of its own each time: another machine shares nothing but the remote.
    open: async (options) => openClone(await cloneOf(remote), options),
    files: (ref) => filesOf(remote, ref),
    count: async (ref) => Number(await git(remote.path, 'rev-list', '--count', ref)),
    refs: () => refsOf(remote),
    setRef: (ref, commit) => setRef(remote, ref, commit),
    push: (branch, given) => commitToRemote(remote, branch, given),
    async rewrite(ref) {
      const commit = await git(remote.path, 'commit-tree', `${ref}^{tree}`, '-m', 'written anew');
      await setRef(remote, ref, commit);
      return commit;
    },
  };
}

const ACCOUNTS: Readonly<Record<Kind, (url: string) => string>> = {
  'local-ca': () => 'type: local-ca, environment: live',
  'local-ca-priced': () =>
    'type: local-ca, environment: live, prices: { private-server: { 90d: { base: 4.00 USD, names: 5 }, 1y: { base: 10.00 USD, names: 5 } } }',
  unique: (url) => paidAccount(url, 'unique'),
  findable: (url) => paidAccount(url, 'findable'),
  none: (url) => paidAccount(url, 'none'),
  acme: (url) => acmeAccount(url),
  sectigo: (url) =>
    `type: sectigo, environment: rehearsal, url: "${url}", currency: USD, credentials: { loginName: "\${SECTIGO_LOGIN}", loginPassword: "\${SECTIGO_PASSWORD}" }, prices: { positivessl: { 90d: { base: 4.50 USD }, 1y: { base: 9.99 USD } }, positivessl-multi-domain: { 1y: { base: 25 USD, names: 3, perName: 6 USD } }, instantssl: { 1y: { base: 20 USD } }, sitelock-basic: { 30d: { base: 4.99 USD }, 1y: { base: 49 USD } }, sitelock-pro: { 1y: { base: 99 USD } }, trueshield: { 30d: { base: 3.99 USD }, 1y: { base: 39 USD } }, backup-10gb: { 1y: { base: 29 USD } } }`,
  thesslstore: (url) =>
    `type: thesslstore, environment: rehearsal, url: "${url}", credentials: { partnerCode: "\${STORE_PARTNER}", authToken: "\${STORE_TOKEN}" }`,
  namecheap: (url) => namecheapAccount(url),
  whmcs: (url) =>
    `type: whmcs, environment: rehearsal, url: "${url}", clientId: 77, paymentMethod: banktransfer, credentials: { identifier: "\${WHMCS_IDENTIFIER}", secret: "\${WHMCS_SECRET}" }`,
};

const namecheapAccount = (url: string): string =>
  `type: namecheap, environment: rehearsal, url: "${url}", credentials: { apiUser: "\${NC_USER}", apiKey: "\${NC_KEY}", clientIp: "\${NC_IP}" }, callsPerMinute: 6000, callsPerHour: 360000, callsPerDay: 8640000, prices: { san-certificate: { 1y: { base: 25 USD, names: 3, perName: 7 USD } } }`;

const acmeAccount = (url: string): string =>
  `type: acme, environment: rehearsal, url: "${url}", termsAgreed: true, contacts: [team@example.com]`;

const paidAccount = (url: string, search: string): string =>
  `type: paid-test, environment: rehearsal, url: "${url}", credentials: { token: "\${PAID_TOKEN}" }, search: ${search}`;

export const manifest = (name: string, more = ''): string =>
  `domains: [${name}.example.com]\nterm: 1y\nmaxPrice: 25.00 USD\n${more}`;

/** Its price limits, and the account; everything else is what `init` writes. */
function configuration(options: PlaceOptions, recipient: string, url: string, wholesaleUrl = ''): string {
  const account = [ACCOUNTS[options.kind](url), options.account].filter(Boolean).join(', ');
  return [
    'version: 1',
    `id: ${ID}`,
    `keys: { recipients: [${recipient}], runnerRecipients: [${recipient}] }`,
    'defaults: { provider: shop, owner: team, key: ecdsa-p256 }',
    `providers: { shop: { ${account} }${options.wholesale === undefined ? '' : `, nc: { ${[namecheapAccount(wholesaleUrl), options.wholesale].filter(Boolean).join(', ')} }`} }`,
    ...(options.solvers === undefined ? [] : [`solvers: ${options.solvers}`]),
    ...(options.preflight === undefined ? [] : [`preflight: ${options.preflight}`]),
    ...(options.hooks === undefined ? [] : [`hooks: ${options.hooks}`]),
    ...(options.endpoints === undefined ? [] : [`endpoints: ${options.endpoints}`]),
    'policy:',
    `  approval: { ${options.policy ?? 'order: merge, renew: auto, free: auto, revoke: auto'} }`,
    `  spending: { ${options.spending ?? 'perOrder: 100 USD, perDay: 1000 USD, perMonth: 5000 USD'} }`,
    '',
  ].join('\n');
}

const LOGINS = {
  sectigo: { loginName: 'acme', loginPassword: 'S3cret+ word' },
  thesslstore: { partnerCode: '10000001', authToken: 'S3cret+ token' },
  namecheap: { apiUser: 'acme', apiKey: 'S3cret+ key', clientIp: '198.51.100.7' },
  whmcs: { identifier: 'api-identifier', secret: 'S3cret+ secret' },
} as const satisfies Readonly<Record<SandboxKind, Readonly<Record<string, string>>>>;
const SANDBOX_ENV = {
  SECTIGO_LOGIN: LOGINS.sectigo.loginName,
  SECTIGO_PASSWORD: LOGINS.sectigo.loginPassword,
  STORE_PARTNER: LOGINS.thesslstore.partnerCode,
  STORE_TOKEN: LOGINS.thesslstore.authToken,
  NC_USER: LOGINS.namecheap.apiUser,
  NC_KEY: LOGINS.namecheap.apiKey,
  NC_IP: LOGINS.namecheap.clientIp,
  WHMCS_IDENTIFIER: LOGINS.whmcs.identifier,
  WHMCS_SECRET: LOGINS.whmcs.secret,
};

const isSandbox = (kind: Kind): kind is SandboxKind => Object.hasOwn(LOGINS, kind);

/** Follows the clock of the place; proofs count as given unless the test says otherwise. */
const sandboxOptions = (
  kind: SandboxKind,
  { sandbox }: Pick<PlaceOptions, 'sandbox'>,
  now: () => number,
) => ({
  now,
  login: LOGINS[kind],
  settings: { autoApprove: true, ...sandbox },
});

const manifestFiles = (manifests: Readonly<Record<string, string>>): Files =>
  Object.fromEntries(Object.entries(manifests).map(([path, text]) => [`certificates/${path}.yaml`, text]));

/** A remote that `init` has set up, with manifests on its approval branch. Gone after the test. */
export async function openPlace(options: PlaceOptions): Promise<Place> {
  const identity = await generateIdentity();
  const startMs = (options.clock ?? manualClock()).now();
  const { kind } = options;
  let opened: Place | undefined;
  const server = SEARCHES.has(kind)
    ? await startPaidProvider({
        ...(options.runs ? {} : { nowMs: startMs }),
        settings: { search: kind as Search, ...options.seller },
        ...(options.balance === undefined ? {} : { balance: options.balance }),
      })
    : undefined;
  if (server) onTestFinished(() => server.close());
  const now = () => opened?.clock.now() ?? startMs;
  const wholesale =
    options.wholesale === undefined
      ? undefined
      : await startSandbox('namecheap', sandboxOptions('namecheap', {}, now));
  if (wholesale) onTestFinished(() => wholesale.close());
  const sandbox = isSandbox(kind)
    ? await startSandbox(
        kind,
        sandboxOptions(
          kind,
          { sandbox: { ...(wholesale && wholesaler(wholesale)), ...options.sandbox } },
          now,
        ),
      )
    : undefined;
  if (sandbox) onTestFinished(() => sandbox.close());
  const files = {
    'certwright.yaml': configuration(
      options,
      identity.recipient,
      server?.url ?? sandbox?.url ?? options.acme?.directory ?? '',
      wholesale?.url,
    ),
    ...manifestFiles(options.manifests ?? { shop: manifest('shop') }),
  };
  const store = options.git ? await gitStore(files) : await memoryStore(files, options.memory);
  const repository = await store.open({ clock: manualClock(startMs) });
  const header: StateHeader = {
    formatVersion: STATE_FORMAT_VERSION,
    revision: 1,
    repositoryId: ID,
    remote: repository.remote,
    provenRecipients: [identity.recipient],
  };
  await repository.initialise([{ path: HEADER_PATH, content: stableJson(header) }], 'create the state\n');
  const control = server && new PaidProviderControl(server.url);
  const place: Place = {
    store,
    kind,
    clock: options.clock ?? manualClock(startMs),
    ...(server && control ? { seller: { server, control } } : {}),
    ...(sandbox ? { sandbox } : {}),
    ...(wholesale ? { wholesale } : {}),
    identity: identity.identity.reveal(),
    definitions: options.definitions ?? [...providerDefinitions, paidTest],
    env: { PAID_TOKEN: server?.token ?? 'none', ...SANDBOX_ENV, ...options.env },
    async advance(ms) {
      place.clock.advance(ms);
      await control?.setTime(place.clock.now());
      if (options.clock) await options.clock.sleep(ms);
    },
    merge: (files) => store.push('main', files),
    async snapshot() {
      const refs = await store.refs();
      const nowMs = place.clock.now();
      const restoreSeller = server?.snapshot() ?? sandbox?.snapshot();
      const restoreWholesale = wholesale?.snapshot();
      return async () => {
        const there = await store.refs();
        for (const ref of new Set([...Object.keys(there), ...Object.keys(refs)])) {
          if (there[ref] !== refs[ref]) await store.setRef(ref, refs[ref] ?? null);
        }
        restoreSeller?.();
        restoreWholesale?.();
        place.clock = options.clock ?? manualClock(nowMs);
      };
    },
    async purchases() {
      if (control) return control.purchases();
      if (sandbox) return sandbox.purchases().length;
      if (options.acme) return options.acme.issued();
      const books = 'refs/certwright/accounts/shop';
      if ((await store.refs())[books] === undefined) return 0;
      return Object.keys(await store.files(books)).filter((path) => path.startsWith('orders/')).length;
    },
    async statuses() {
      const files = await store.files(STATE_REF);
      return new Map(
        Object.entries(files)
          .filter(([path]) => path.endsWith('/status.json'))
          .map(([path, text]) => parseStatus(text ?? '', path))
          .map((status) => [status.name, status]),
      );
    },
    async status(name) {
      const status = (await place.statuses()).get(name);
      if (!status) throw new Error(`nothing is recorded for ${name}`);
      return status;
    },
    pushes: () => store.count(STATE_REF),
  };
  opened = place;
  return place;
}

export interface Runner {
  readonly home: string;
  readonly context: TestContext;
  readonly deps: Deps;
  readonly spool: ReturnType<typeof fileSpool>;
  /** Status files that were written although their facts cannot be true together. */
  readonly illegal: readonly string[];
}

export interface RunnerOptions {
  /** The home of an earlier runner: the same machine, so that its spool is there. */
  readonly home?: string;
  readonly clock?: ManualClock;
  readonly signal?: AbortSignal;
  /** Stops the engine at one of its port calls. */
  readonly fuse?: Fuse;
  /** Replaces ports before they are numbered. */
  wrap?(deps: Deps): Deps;
}

/** A machine of its own, unless it is given the home of another. */
export async function openRunner(place: Place, options: RunnerOptions = {}): Promise<Runner> {
  const clock = options.clock ?? place.clock;
  const context = testContext({
    clock,
    env: { ...place.env, ...(options.home === undefined ? {} : { XDG_STATE_HOME: options.home }) },
    definitions: place.definitions,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const repository = await place.store.open({ clock, ...(options.signal ? { signal: options.signal } : {}) });
  const illegal: string[] = [];
  const compose = (of: TestContext) =>
    composeDeps(of, repository, async () => parseIdentities(place.identity));
  // Servers judge signatures by the time of the machine they run on.
  const { openSolver } = compose({ ...context, clock: systemClock });
  const judged = judging({ ...compose(context), openSolver }, illegal);
  const wrapped = options.wrap?.(judged) ?? judged;
  return {
    home: context.env.XDG_STATE_HOME ?? '',
    context,
    deps: options.fuse ? fused(wrapped, options.fuse) : wrapped,
    spool: fileSpool(spoolFolder(context.env)),
    illegal,
  };
}

/** Looks at every status before it is pushed. */
function judging(deps: Deps, illegal: string[]): Deps {
  const { repository } = deps;
  return {
    ...deps,
    repository: {
      ...repository,
      commit: (snapshot, changes, message) => {
        for (const { path, content } of changes) {
          if (!path.endsWith('/status.json') || typeof content !== 'string') continue;
          illegal.push(...legalStatus(deps.parseStatus(content, path)));
        }
        return repository.commit(snapshot, changes, message);
      },
    },
  };
}

export interface Ended {
  readonly exit: ExitCode;
  readonly applied?: Applied;
  readonly error?: CertError;
}

/** One `certwright apply`, to its exit code. */
export async function applyOnce(
  place: Place,
  runner: Runner,
  waitMs = 0,
  options: Partial<ApplyOptions> = {},
): Promise<Ended> {
  try {
    const applied = await apply(runner.deps, { waitMs, confirm: async () => true, ...options });
    const conditions = allConditions(
      applied.view.statuses.values(),
      applied.specs,
      applied.providers,
      place.clock.now(),
      undefined,
      applied,
    );
    const exit = exitCodeOf({
      plan: applied.plan,
      findings: applied.findings,
      events: applied.events,
      conditions: [...conditions.values()].flat(),
      ...(applied.clockProblem === undefined ? {} : { clockProblem: applied.clockProblem }),
    });
    return { exit, applied };
  } catch (error) {
    if (!(error instanceof CertError)) throw error;
    return { exit: exitCodeOfError(error), error };
  }
}

const ROUND_MS = 20 * MINUTE_MS;
const MAX_ROUNDS = 14;
/** Later rounds: an absence is proved only after the delay until orders show, which one seller does not tell. */
const LATE_ROUND_MS: Readonly<Partial<Record<Kind, number>>> = {
  sectigo: 12 * HOUR_MS,
  thesslstore: 12 * HOUR_MS,
  namecheap: 12 * HOUR_MS,
  whmcs: 12 * HOUR_MS,
};

const isQuiet = (statuses: Iterable<Status>): boolean =>
  [...statuses].every(
    (status) =>
      (status.current ||
        status.orders.some(({ abandoned }) => abandoned) ||
        (status.kind === 'sitelock' && status.orders.length > 0)) &&
      status.intents.every((i) => !isOpen(i) || i.phase === 'unknown'),
  );

/** Scheduled runs of one machine until nothing is open but what a person has to answer. */
export async function runUntilQuiet(place: Place, runner: Runner): Promise<Ended> {
  for (let round = 1; ; round++) {
    const ended = await applyOnce(place, runner);
    const statuses = [...(await place.statuses()).values()];
    const settled = isQuiet(statuses) || statuses.some((s) => s.intents.some((i) => i.phase === 'unknown'));
    if ((settled && ended.applied?.plan.items.every((item) => item.hold)) || round === MAX_ROUNDS) {
      return ended;
    }
    await place.advance(round < 10 ? ROUND_MS : (LATE_ROUND_MS[place.kind] ?? HOUR_MS));
  }
}

/** The same ports, with every account changed. */
export const aroundProviders = (deps: Deps, change: (provider: Provider) => Provider): Deps => ({
  ...deps,
  connect: async (configuration) => {
    const set = await deps.connect(configuration);
    return { ...set, all: new Map([...set.all].map(([id, provider]) => [id, change(provider)])) };
  },
});

/** The same ports, with something around one step of every account. */
export function aroundStep(
  deps: Deps,
  name: string,
  around: (run: () => Promise<StepOutcome>, guard: SendGuard) => Promise<StepOutcome>,
): Deps {
  const changed = (operation: Operation): Operation =>
    operation.map((step) =>
      step.name === name
        ? {
            ...step,
            run: (context, guard) => around(() => step.run(context, guard), guard),
          }
        : step,
    );
  return aroundProviders(deps, (provider) => ({
    ...provider,
    place: changed(provider.place),
    renew: changed(provider.renew),
    ...(provider.reissuer && {
      reissuer: { ...provider.reissuer, operation: changed(provider.reissuer.operation) },
    }),
  }));
}

/** Two machines apply at the same time; then a third goes on until nothing is due. */
export async function twoAtOnce(place: Place): Promise<void> {
  const runners = [await openRunner(place), await openRunner(place)];
  await Promise.all(runners.map((runner) => applyOnce(place, runner)));
  await runUntilQuiet(place, await openRunner(place));
}

/** The same ports, with something around every push of the state. */
export const aroundCommit = (
  deps: Deps,
  around: (commit: () => Promise<PushOutcome>, message: string) => Promise<PushOutcome>,
): Deps => ({
  ...deps,
  repository: {
    ...deps.repository,
    commit: (snapshot, changes, message) =>
      around(() => deps.repository.commit(snapshot, changes, message), message),
  },
});

/** The published keys open with the identity, and are those of the certificates. */
export async function expectKeyFits(place: Place, ...names: readonly string[]): Promise<void> {
  const files = await place.store.files(STATE_REF);
  for (const name of names) await expectKeyIn(place, files, name);
}

async function expectKeyIn(place: Place, files: Files, name: string): Promise<void> {
  const certificate = new X509Certificate(files[`issued/${name}/certificate.pem`] ?? '');
  const sealer = createSealer({ recipients: [], identities: parseIdentities(place.identity) });
  const key = await sealer.open(files[`issued/${name}/key.pem.age`] ?? '');
  expect(certificate.checkPrivateKey(createPrivateKey(key)), `the key of ${name} fits`).toBe(true);
}

/** What a team puts on its servers. */
export async function publishedPair(place: Place, name: string) {
  const files = await place.store.files(STATE_REF);
  const sealer = createSealer({ recipients: [], identities: parseIdentities(place.identity) });
  return {
    pem: files[`issued/${name}/certificate.pem`] ?? '',
    chainPem: files[`issued/${name}/chain.pem`] ?? '',
    keyPem: await sealer.open(files[`issued/${name}/key.pem.age`] ?? ''),
  };
}

/** Manifests s0, s1, … */
export const many = (count: number): Readonly<Record<string, string>> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`s${i}`, manifest(`s${i}`)] as const));

/** Machines whose clocks go on by themselves: a pause of one is none of the others'. */
export const machines = (place: Place, count: number): Promise<readonly Runner[]> =>
  Promise.all(
    Array.from({ length: count }, () => openRunner(place, { clock: manualClock(place.clock.now()) })),
  );
