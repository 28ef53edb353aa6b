/** Which folder of src may import which. A layer is the first folder; each provider and sandbox is one of its own. */
export interface Layer {
  /** Layers it may import, beside itself. */
  readonly layers: readonly string[];
  /** Single files of other layers, each with the reason. */
  readonly files?: Readonly<Record<string, string>>;
  /** Packages and Node modules; absent = any. */
  readonly packages?: readonly string[];
  /** No clock, dice, environment, files or output. */
  readonly pure?: true;
}

/** Folders of a layer of separate members that every member may use; they know no member. */
export const COMMON: Readonly<Record<string, string>> = {
  'sandbox/frame':
    'the loopback server, clock, faults, state file and throw-away CA that every sandbox stands on',
  'solvers/dns': 'what DNS answers say of a record, and asking every server of a zone for it',
  'solvers/hosted': 'zones, aliases and batches, for every DNS service with an API',
  'solvers/http': 'which files are proofs, fetching them, and listeners of this process',
};

/** Libraries that compute and nothing else. */
const PURE_PACKAGES = [
  '@date-fns/utc',
  'big.js',
  'date-fns',
  'fastest-levenshtein',
  'ipaddr.js',
  'picomatch',
  'safe-stable-stringify',
  'tldts',
  'node:crypto',
  'node:path/posix',
  'node:url',
  'node:util',
];

const ADAPTER: Layer = { layers: ['ports', 'model', 'http'] };

export const LAYERS: Readonly<Record<string, Layer>> = {
  model: { layers: [], packages: PURE_PACKAGES, pure: true },
  policy: { layers: ['model'], packages: PURE_PACKAGES, pure: true },
  planner: { layers: ['policy', 'model'], packages: PURE_PACKAGES, pure: true },
  ports: { layers: ['model'], packages: [] },
  reconcile: {
    layers: ['planner', 'policy', 'ports', 'model'],
    files: {
      'keys/algorithm.ts': 'a key that is sealed anew has to be the one it is there for: no I/O',
      'keys/marks.ts': 'whom a sealed file is for stands in its header: opens nothing',
      'keys/certificate.ts': 'verifying before publishing is reading a certificate: no key, no I/O',
      'keys/csr.ts': 'a kept CSR is only good for the names it holds: reading it needs no key, no I/O',
      'keys/served.ts': 'what a server shows is read as what a provider delivers: no key, no I/O',
      'repository/layout.ts': 'the names of our own files: no I/O',
      'repository/stable.ts': 'the bytes of our own files: no I/O',
    },
  },
  simulate: {
    layers: ['planner', 'policy', 'model'],
    files: {
      'reconcile/intents.ts': 'facts change in a simulation as they do in a run: pure',
      'reconcile/step-done.ts': 'facts change in a simulation as they do in a run: pure',
      'reconcile/order-ends.ts': 'facts change in a simulation as they do in a run: pure',
      'reconcile/order-facts.ts': 'facts change in a simulation as they do in a run: pure',
      'reconcile/superseded.ts': 'which of two certificates serves is decided as in a run: pure',
    },
    packages: PURE_PACKAGES,
    pure: true,
  },
  http: ADAPTER,
  keys: {
    ...ADAPTER,
    files: {
      'repository/folder.ts': 'folders for identities are made as all others are: knows no repository',
    },
  },
  repository: ADAPTER,
  forge: ADAPTER,
  /** Messages of DNS, the connections that carry them, and resolvers. */
  dns: ADAPTER,
  /** Handshakes with the servers that certificates are for. */
  tls: ADAPTER,
  /** Where people are told. */
  notifiers: ADAPTER,
  /** Programs of the user's own, started without a shell and without our credentials. */
  programs: ADAPTER,
  solvers: { layers: [...ADAPTER.layers, 'dns', 'programs'] },
  providers: {
    ...ADAPTER,
    files: {
      'keys/certificate.ts': 'a collected chain is put in order there: no key, no I/O',
      'keys/csr.ts': 'whose certificate a lost reissue gave is told by the key of its CSR: no I/O',
      'keys/pem.ts': 'DCV records are hashes of the DER inside a PEM: no I/O',
    },
  },
  config: {
    layers: ['ports', 'model', 'http'],
    files: {
      'repository/layout.ts': 'names that would collide with our own files are refused on reading',
    },
  },
  report: { layers: ['simulate', 'planner', 'policy', 'model'] },
  /** Shares nothing with the adapter it tests but the wire facts. */
  sandbox: { layers: ['model'] },
  entry: {
    layers: [
      'model',
      'policy',
      'planner',
      'ports',
      'reconcile',
      'simulate',
      'http',
      'keys',
      'repository',
      'forge',
      'dns',
      'notifiers',
      'programs',
      'tls',
      'solvers',
      'providers',
      'config',
      'report',
      'sandbox',
    ],
  },
};
