import { describe, expect, it } from 'vitest';
import { loadManifests } from '../../../src/config/load.js';
import { CONFIGURATION, catalogueOf, line, manifests } from './support.js';

const one = async (text: string, world = {}) => {
  const { findings, ...rest } = await manifests({ 'a.yaml': text }, world);
  return { ...rest, findings: findings.map(line).map((it) => it.replace('certificates/', '')) };
};

/** Manifest → exact findings. Every entry is one cause per finding. */
const broken: Readonly<Record<string, readonly [text: string, ...findings: string[]]>> = {
  'an unquoted wildcard': [
    'domains: [a.example.com, *.example.com]',
    'a.yaml:1:26 yaml.alias An unquoted "*" starts a YAML alias, and there is no anchor of that name. → Put quotes round it: "*.example.com".',
  ],
  'a misspelt key': [
    'domain: a.example.com\nowenr: x',
    'a.yaml:2:1 schema.unknown-key "owenr" is no key that is known here. → Did you mean "owner"?',
  ],
  'a misspelt value': [
    'domain: a.example.com\nkey: ecdsa-p265',
    'a.yaml:2:6 schema.value "key" is none of the values there are. → Did you mean "ecdsa-p256"?',
  ],
  'a misspelt value inside an object': [
    'domain: a.example.com\nvalidation: { method: dsn }',
    'a.yaml:2:23 schema.value "method" is none of the values there are. → Did you mean "dns"?',
  ],
  'a kind there is not': [
    'kind: sitelok\ndomain: a.example.com',
    'a.yaml:1:7 schema.value "kind" is none of the values there are. → Did you mean "sitelock"?',
  ],
  'several things at once': [
    'domain: a.example.com\nterm: 1 year\nautoRenew: yes\nadopt: { order: 912 }\nreissueBefore: 3w',
    'a.yaml:2:7 schema.form "term" is not in the form it needs. → Write days or years, such as 90d or 1y.',
    'a.yaml:3:12 schema.type "autoRenew" must be true or false.',
    'a.yaml:4:17 schema.type "order" must be a text. → Put quotes round it.',
    'a.yaml:5:16 schema.form "reissueBefore" is not in the form it needs. → Write a number and s, m, h or d, such as 30d.',
  ],
  'a key twice': [
    'domain: a.example.com\nowner: x\nowner: y',
    'a.yaml:3:1 yaml.duplicate-key This key stands twice in the same mapping. → Remove one of the two.',
  ],
  'no domain': ['owner: x', 'a.yaml:1:1 schema.missing-key "domain" is missing. → Add domain: …'],
  'domain beside domains': [
    'domain: a.example.com\ndomains: [b.example.com]',
    'a.yaml:1:1 schema.together "domain" cannot stand here. → Write either domains: or domain: with alternativeNames:, not both.',
  ],
  'a name that is none': [
    'domains: [a.example.com, https://b.example.com/]',
    'a.yaml:1:26 names.invalid "https://b.example.com/" is no bare host name (no scheme, port, path or space). → Write a full name such as shop.example.com or "*.example.com".',
  ],
  'a provider that is not configured': [
    'domain: a.example.com\nprovider: shoop',
    'a.yaml:2:11 provider.unknown The provider "shoop" is not configured. → Did you mean "shop"?',
  ],
  'a provider named like a method of objects': [
    'domain: a.example.com\nprovider: toString',
    'a.yaml:2:11 provider.unknown The provider "toString" is not configured. → Write free or shop.',
  ],
  'a wildcard and too many names': [
    'provider: shop\nterm: 1y\ndomains: ["*.example.com", b.example.com, c.example.com, d.example.com]',
    'a.yaml:3:1 names.too-many basic takes 3 names, and these are 4. → Choose a product for more names, or split the certificate.',
    'a.yaml:3:1 names.wildcard basic has no wildcards, and "*.example.com" is one. → Choose a wildcard product, or write the names out.',
  ],
  'a term that is not sold': [
    'domain: a.example.com\nprovider: shop\nterm: 5y',
    'a.yaml:3:7 term.not-sold "shop" does not sell basic for 5y. → Write 1y or 2y.',
  ],
  'no term where one is sold': [
    'domain: a.example.com\nprovider: shop',
    'a.yaml:1:1 term.missing "shop" sells certificates for a term, and none is given. → Write 1y or 2y.',
  ],
  'a product that is not sold': [
    'domain: a.example.com\nprovider: shop\nterm: 1y\nproduct: basics',
    'a.yaml:4:10 product.unknown "shop" does not sell "basics". → Did you mean "basic"?',
  ],
  'no organisation for one': [
    'domain: a.example.com\nprovider: shop\nterm: 1y\nproduct: organisation',
    'a.yaml:1:1 contacts.missing organisation is validated for an organisation, and none is given. → Add contacts: with a name from contacts: in certwright.yaml.',
  ],
  'a solver that cannot help with the method': [
    'domain: a.example.com\nvalidation: { method: http, solver: zone-a, per: { a.example.com: { method: email, solver: zone-a } } }',
    'a.yaml:2:37 solver.method The solver "zone-a" (rfc2136) cannot help with the method http. → Write method: dns, or remove solver:.',
    'a.yaml:2:92 solver.method The solver "zone-a" (rfc2136) cannot help with the method email. → Write method: dns, or remove solver:.',
  ],
  'contacts and solvers that are not configured': [
    'domain: a.example.com\ncontacts: acmee\nvalidation: { solver: zone-b, per: { a.example.com: { solver: x } } }',
    'a.yaml:2:11 contacts.unknown The contact set "acmee" is not configured. → Did you mean "acme"?',
    'a.yaml:3:23 solver.unknown The solver "zone-b" is not configured. → Did you mean "zone-a"?',
    'a.yaml:3:63 solver.unknown The solver "x" is not configured. → Write zone-a.',
  ],
  'a validation for a name it has not': [
    'domain: a.example.com\nvalidation: { per: { b.example.com: email } }',
    'a.yaml:2:22 validation.name "b.example.com" is none of this certificate\'s names. → Write one of its names, or remove it.',
  ],
  'options the provider does not know': [
    'domain: a.example.com\nproviderOptions: { bundel: true }',
    'a.yaml:2:20 schema.unknown-key "bundel" is no key that is known here. → Did you mean "bundle"?',
  ],
  'options for a provider that is not in the list': [
    'domain: a.example.com\nprovider: [free]\nproviderOptions: { shop: { bundle: true } }',
    'a.yaml:3:20 options.provider "shop" is no provider of this certificate. → Where provider: is a list, write options below the provider: free.',
  ],
  'an endpoint without port': [
    'domain: a.example.com\nendpoints: [a.example.com]',
    'a.yaml:2:13 schema.form "endpoints[0]" is not in the form it needs. → Write host and port, such as shop.example.com:443.',
  ],
  'an endpoint beyond all ports': [
    'domain: a.example.com\nendpoints: ["a.example.com:70000"]',
    'a.yaml:2:13 endpoint.port There is no port above 65535. → Write host and port, such as shop.example.com:443.',
  ],
  'adopting and ignoring at once': [
    'domain: a.example.com\nadopt: { order: "1", ignore: ["2"] }',
    'a.yaml:2:8 schema.value "adopt" must NOT have more than 1 properties. → Write either order: with one id or ignore: with a list of ids.',
  ],
  'an own CSR with an algorithm': [
    'domain: a.example.com\nkey: { csr: x.csr, algorithm: rsa-2048 }',
    'a.yaml:2:20 schema.together "algorithm" cannot stand here. → Remove it: a CSR of your own already has its key.',
  ],
  'a CSR outside the repository': [
    'domain: a.example.com\nkey: { csr: ../secret.csr }',
    'a.yaml:2:13 csr.path The path leaves the repository. → Write it from the root, such as requests/shop.csr.',
  ],
  'a CSR that is not there': [
    'domain: a.example.com\nkey: { csr: requests/a.csr }',
    'a.yaml:2:13 csr.missing There is no file requests/a.csr. → Commit it, with the path from the root.',
  ],
  'a variable that is not allowed': [
    `domain: a.example.com\nowner: "\${HOME}"`,
    'a.yaml:2:8 variable.not-allowed Manifests cannot use the variable HOME. → Add HOME to manifestVariables: in certwright.yaml if it holds no credential.',
  ],
  'a variable that is not set, in a key with a form of its own': [
    `domain: a.example.com\nmaxPrice: "\${SITE}"`,
    'a.yaml:2:11 variable.missing The variable SITE is not set. → Set SITE in the environment of this run.',
  ],
  'a file where a variable could stand': [
    `domain: a.example.com\nowner: "\${file:/etc/passwd}"`,
    `a.yaml:2:8 variable.file A manifest cannot read files. → Use "\${NAME}" with a name that manifestVariables: in certwright.yaml lists.`,
  ],
  'a secret where it would be shown': [
    `domain: a.example.com\nowner: "\${ANN_PASSWORD}"`,
    'a.yaml:2:8 variable.secret The variable ANN_PASSWORD looks like a secret, which this key would show. → Use it for password: only, or rename it if it holds none.',
  ],
  'a tag': [
    'domain: a.example.com\nowner: !secret x',
    'a.yaml:2:16 yaml.tag Tags have no meaning here. → Remove the word that starts with "!", or put quotes round the value.',
  ],
  'a merge key': [
    'domain: a.example.com\npreflight: &a { skip: [caa] }\n<<: *a',
    'a.yaml:3:1 yaml.merge-key Merge keys ("<<") are not supported. → Put what several manifests share into _defaults.yaml.',
  ],
  'keys that mean something to JavaScript': [
    'domain: a.example.com\n__proto__: { suspend: true }\nproviderOptions: { constructor: 1 }',
    'a.yaml:2:1 yaml.reserved-key "__proto__" cannot be used as a key. → Rename it.',
    'a.yaml:3:20 yaml.reserved-key "constructor" cannot be used as a key. → Rename it.',
  ],
  'characters that cannot be seen': [
    'domain: a.example.com\nowner: "a\\e[31mb"\ndistinct: "x\u202ey"',
    'a.yaml:2:8 yaml.unprintable This value holds characters that cannot be seen. → Type it again.',
    'a.yaml:3:11 yaml.unprintable This value holds characters that cannot be seen. → Type it again.',
  ],
  'a number JSON cannot carry': [
    'domain: a.example.com\nproviderOptions: { bundle: .nan }',
    'a.yaml:2:28 yaml.number This is no number JSON can carry. → Put quotes round it if it is a text.',
  ],
  'a list instead of a mapping': [
    '- domain: a.example.com',
    'a.yaml:1:1 schema.type The document must be a mapping (key: value). → Write domain: shop.example.com.',
  ],
  'a name that leaves issued/': [
    'name: a/../../b\ndomain: a.example.com',
    'a.yaml:1:7 name.invalid The name "a/../../b" has the part "..", which starts with a dot. → Write a name such as team-a/shop.',
  ],
  'sitelock: term, password and two customers': [
    'kind: sitelock\ndomain: a.example.com\nproduct: sitelock-basic\nterm: 2y\ncustomer: { email: a@example.com, password: hunter2 }\nprevious0rder: "1"\ncustomerOf: b',
    'a.yaml:4:7 schema.value "term" is none of the values there are. → Did you mean "1y"?',
    `a.yaml:5:45 credential.literal "password" must name a variable, not hold the secret. → Write "\${NAME}" with a name that manifestVariables: in certwright.yaml lists.`,
    'a.yaml:6:1 schema.unknown-key "previous0rder" is no key that is known here. → Did you mean "previousOrder"?',
    'a.yaml:7:1 schema.together "customerOf" cannot stand here. → Write either customer: or customerOf:, not both.',
  ],
  'sitelock: a term for what is sold once, and nobody to sell to': [
    'kind: sitelock\ndomain: a.example.com\nproduct: sitelock-911\nterm: 1y',
    'a.yaml:1:1 sitelock.customer It is not said whose site this is. → Add customer: with an email, customerOf: another manifest, or previousOrder: an order id.',
    'a.yaml:4:1 sitelock.term sitelock-911 is sold once and has no term. → Remove term:.',
  ],
  'sitelock: a customer of nobody': [
    'kind: sitelock\ndomain: a.example.com\nproduct: sitelock-pro\nterm: 30d\ncustomerOf: b',
    'a.yaml:5:13 sitelock.customer-of There is no sitelock manifest "b".',
  ],
};

describe('a manifest with errors', () => {
  it.each(Object.entries(broken))('says exactly what is wrong: %s', async (_title, [text, ...findings]) => {
    const result = await one(text);
    expect(result.findings).toEqual(findings);
    expect(result.specs).toEqual([]);
  });

  it('keeps its name from counting as gone', async () => {
    expect(await one('domain: a b')).toMatchObject({ invalidNames: ['a'], hasUnreadable: false });
    expect(await one('')).toMatchObject({ invalidNames: ['a'], hasUnreadable: false });
    expect(await one('domain: [')).toMatchObject({ invalidNames: ['a'], hasUnreadable: true });
    expect(await one('domain: a.example.com\nname: x\nname: y')).toMatchObject({ hasUnreadable: true });
    expect(await one('domain: a.example.com\nname: *x')).toMatchObject({ hasUnreadable: true });
    expect(await one('domain: a.example.com\nname: ../x')).toMatchObject({ hasUnreadable: true });
    expect(await one('domain: a.example.com\n---\nname: x\ndomain: b.example.com')).toMatchObject({
      hasUnreadable: true,
    });
  });

  it('does not stop the others in its file', async () => {
    const { specs, invalidNames } = await one('name: x\ndomain: a b\n---\nname: y\ndomain: b.example.com');
    expect(specs.map((it) => it.name)).toEqual(['y']);
    expect(invalidNames).toEqual(['x']);
  });

  it.each([
    ['a name with a dot part', './a.yaml', 'name: "."\n'],
    ['an absolute name', 'a.yaml', 'name: /etc/passwd\n'],
    ['a backslash', 'a.yaml', 'name: "a\\\\b"\n'],
    ['a full-width slash and dots', 'a.yaml', 'name: "\uff0e\uff0e\uff0fx"\n'],
    ['a path in capitals', 'Shop.yaml', ''],
    ['a file name of ours', 'a/status.json.yaml', ''],
    ['an empty part', 'a//b.yaml', ''],
  ])('refuses %s', async (_title, path, name) => {
    const { specs, findings } = await manifests({ [path]: `${name}domain: a.example.com` });
    expect(specs).toEqual([]);
    expect(findings.map((it) => it.code)).toEqual(['name.invalid']);
  });

  it('is refused above 1 MiB, with NUL bytes or in another encoding', async () => {
    const big = `domain: a.example.com\n# ${'x'.repeat(2 * 1024 * 1024)}`;
    expect((await one(big)).findings).toEqual([
      'a.yaml:1:1 yaml.too-large The file is larger than 1 MiB. → Split it into several files.',
    ]);
    for (const text of ['domain: a\0b', 'domain: caf\ufffd.example.com']) {
      const { findings, hasUnreadable } = await one(text);
      expect(findings).toHaveLength(1);
      expect(findings[0]).toContain('a.yaml:1:1 yaml.not-text');
      expect(hasUnreadable).toBe(true);
    }
  });

  const bombs: Readonly<Record<string, readonly [string, string]>> = {
    'aliases of aliases': [
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((it, i) => `${it}: &${it} [${Array(9).fill(`*${'abcdefgh'[i]}`)}]`).join('\n')}`,
      'yaml.alias-bomb',
    ],
    'an alias inside what it points at': ['a: &a\n  b: *a', 'yaml.alias'],
    'a hundred thousand brackets': ['['.repeat(100_000), 'yaml.too-deep'],
    'nested keys without end': [
      Array.from({ length: 200 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      'yaml.too-deep',
    ],
    'thousands of braces': ['{'.repeat(3000), 'yaml.too-deep'],
    'as many keys as fit': [
      Array.from({ length: 80_000 }, (_, i) => `k${i}: 1`).join('\n'),
      'schema.unknown-key',
    ],
  };
  it.each(Object.entries(bombs))('is refused in seconds: %s', async (_title, [text, code]) => {
    const started = performance.now();
    const { findings } = await manifests({ 'a.yaml': text });
    expect(findings.map((it) => it.code)).toContain(code);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe('a manifest', () => {
  it('can be one line', async () => {
    const { specs, findings } = await one('domain: Shop.EXAMPLE.com.\n');
    expect(findings).toEqual([]);
    expect(specs).toEqual([
      {
        kind: 'certificate',
        name: 'a',
        position: { file: 'certificates/a.yaml', line: 1, column: 1 },
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        names: ['shop.example.com'],
        commonName: 'shop.example.com',
        providers: ['free'],
        autoRenew: false,
        key: { kind: 'generated', algorithm: 'rsa-2048', rotate: 'always' },
        validation: { method: 'dns', per: {} },
        formats: [],
        providerOptions: {},
        preflightSkip: [],
        suspend: false,
        migrate: 'at-renewal',
        endpoints: [],
      },
    ]);
  });

  it('can say everything', async () => {
    const text = `kind: certificate
name: team-a/shop
domains: [shop.example.com, Bücher.example.com, "*.example.com"]
provider: [shop, free]
product: code-wild
term: 1y
autoRenew: true
renewBefore: 30d
reissueBefore: 20d
maxPrice: 25 USD
owner: platform-team
key: { algorithm: ecdsa-p384, rotate: never }
validation: { method: dns, solver: zone-a, per: { Shop.example.com: { method: email, approver: admin@example.com } } }
contacts: acme
formats: [p7b, pem]
providerOptions: { shop: { bundle: false } }
preflight: { skip: [caa] }
distinct: ecdsa
reissue: "2026-11-22 key rotation"
suspend: true
migrate: now
adopt: { ignore: ["912345678"] }
endpoints: ["Shop.example.com:443", "[::1]:8443"]
`;
    const { specs, findings } = await one(text);
    expect(findings).toEqual([]);
    expect(specs).toMatchObject([
      {
        name: 'team-a/shop',
        names: ['*.example.com', 'shop.example.com', 'xn--bcher-kva.example.com'],
        commonName: 'shop.example.com',
        providers: ['shop', 'free'],
        product: 'code-wild',
        term: { unit: 'year', count: 1 },
        autoRenew: true,
        renewBeforeMs: 30 * 86_400_000,
        reissueBeforeMs: 20 * 86_400_000,
        maxPrice: { amount: '25.00', currency: 'USD' },
        key: { kind: 'generated', algorithm: 'ecdsa-p384', rotate: 'never' },
        validation: {
          method: 'dns',
          solver: 'zone-a',
          per: { 'shop.example.com': { method: 'email', approver: 'admin@example.com' } },
        },
        formats: ['pem', 'p7b'],
        providerOptions: { shop: { bundle: false } },
        preflightSkip: ['caa'],
        distinct: 'ecdsa',
        reissue: '2026-11-22 key rotation',
        suspend: true,
        migrate: 'now',
        adopt: { kind: 'ignore', orders: ['912345678'] },
        endpoints: ['shop.example.com:443', '[::1]:8443'],
      },
    ]);
  });

  it('keeps its digest when it moves, and loses it when it means something else', async () => {
    const digest = async (text: string): Promise<string | undefined> => (await one(text)).specs[0]?.digest;
    const first = await digest('domain: a.example.com\nowner: x');
    expect(first).toBeDefined();
    expect(await digest('# why\n\nowner: "x"\ndomain: A.example.com')).toBe(first);
    expect(await digest('domain: a.example.com\nowner: y')).not.toBe(first);
    expect(await digest('domain: a.example.com\nowner: x\nautoRenew: true')).not.toBe(first);
  });

  it('takes variables the configuration lists, and nothing from their values but text', async () => {
    const text = `domain: "\${SITE}.example.com"`;
    expect((await one(text, { variables: { SITE: 'www' } })).specs).toMatchObject([
      { names: ['www.example.com'] },
    ]);
    const { specs, findings } = await one(text, { variables: { SITE: 'www\nsuspend: true' } });
    expect(specs).toEqual([]);
    expect(findings).toEqual(['a.yaml:1:9 variable.value The value of SITE is no text on one line.']);
  });

  it('names the variable of a customer without needing its value', async () => {
    const { specs, findings } = await one(
      `kind: sitelock\ndomain: a.example.com\nproduct: sitelock-basic\nterm: 1y\naddOns: [trueshield]\ncustomer: { email: a@example.com, password: "\${ANN_PASSWORD}" }`,
    );
    expect(findings).toEqual([]);
    expect(specs).toMatchObject([
      { kind: 'sitelock', addOns: ['trueshield'], customer: { passwordVariable: 'ANN_PASSWORD' } },
    ]);
  });

  it('takes a CSR that lies in the repository', async () => {
    const text = 'domains: [a.example.com, b.example.com]\nkey: { csr: requests/a.csr }';
    const load = (csr: string) => one(text, { repository: { 'requests/a.csr': csr } });
    const good = await load('names a.example.com b.example.com');
    expect(good.findings).toEqual([]);
    expect(good.specs).toMatchObject([
      { key: { kind: 'csr', path: 'requests/a.csr', keyHash: 'ab'.repeat(32) } },
    ]);
    const fewer = await load('names a.example.com');
    expect(fewer.findings[0]).toMatch(
      /^a.yaml:2:13 warning csr.names The CSR does not ask for b.example.com/,
    );
    expect(fewer.specs).toHaveLength(1);
    expect((await load('names c.example.com')).findings[0]).toMatch(/^a.yaml:2:13 csr.names/);
    expect((await load('what')).findings).toEqual([
      'a.yaml:2:13 csr.invalid requests/a.csr cannot be read as a PKCS#10 request.',
    ]);
  });

  it('only warns of what one of several providers lacks', async () => {
    const { specs, findings } = await one('domain: a.example.com\nprovider: [shop, free]\nterm: 5y');
    expect(findings).toEqual([
      'a.yaml:3:7 warning term.not-sold "shop" does not sell basic for 5y. → Write 1y or 2y.',
    ]);
    expect(specs).toHaveLength(1);
  });

  describe('warns of a renewal that begins too late for what vets the product', () => {
    const of = (product: string, more: string) =>
      one(
        `domain: a.example.com\nprovider: shop\nterm: 1y\ncontacts: acme\nproduct: ${product}\n${more}`,
      ).then(({ findings }) => findings);

    it.each([
      [
        'extended',
        'autoRenew: true\nrenewBefore: 6d',
        'a.yaml:7:14 warning renew-before.vetting A renewal begins too late: vetting extended (EV) may take 7 days, and the paid term ends before. → Write renewBefore: 7d or more, or remove it for the default.',
      ],
      [
        'code-extended',
        'autoRenew: true\nrenewBefore: 167h',
        expect.stringContaining('vetting extended (EV)'),
      ],
      ['organisation', 'autoRenew: true\nrenewBefore: 2d', expect.stringContaining('(OV) may take 3 days')],
    ])('%s with %j', async (product, more, finding) => {
      expect(await of(product, more)).toEqual([finding]);
    });

    it.each([
      ['extended', 'autoRenew: true\nrenewBefore: 7d'],
      ['extended', 'autoRenew: true\nrenewBefore: 168h'],
      ['extended', 'autoRenew: true'],
      ['extended', 'renewBefore: 1d'],
      ['extended', 'autoRenew: true\nrenewBefore: 1d\nkey: external'],
      ['basic', 'autoRenew: true\nrenewBefore: 1h'],
      ['extended', 'autoRenew: true\nreissueBefore: 1d'],
    ])('and not %s with %j', async (product, more) => {
      expect(await of(product, more)).toEqual([]);
    });

    it('at the default it comes from', async () => {
      const { findings } = await manifests({
        '_defaults.yaml': 'provider: shop\nterm: 1y\nautoRenew: true\nrenewBefore: 5d\n',
        'a.yaml': 'domain: a.example.com\ncontacts: acme\nproduct: extended',
      });
      expect(findings.map(line)).toEqual([
        expect.stringMatching(/^certificates\/_defaults\.yaml:4:14 warning renew-before\.vetting/),
      ]);
    });

    it('and by the slowest of several providers, also where one of them has no terms', async () => {
      const { findings } = await one(
        'domain: a.example.com\nprovider: [free, shop]\nterm: 1y\ncontacts: acme\nproduct: extended\nautoRenew: true\nrenewBefore: 2d',
      );
      expect(findings.filter((finding) => finding.includes('vetting'))).toHaveLength(1);
    });
  });

  it('needs an owner and a ceiling where a purchase can follow, and only there', async () => {
    const poor = CONFIGURATION.replace('    owner: billing\n', '').replace('perOrder', 'perDay');
    const shop = await one('domain: a.example.com\nprovider: shop\nterm: 1y', { configuration: poor });
    expect(shop.findings).toEqual([
      'a.yaml:1:1 ceiling.missing A purchase can follow, and no price is the highest. → Add maxPrice: to the manifest or to a default, or perOrder: to the policy.',
      'a.yaml:1:1 owner.missing A purchase can follow, and nobody is named who is told. → Add owner: to the manifest or to a default.',
    ]);
    expect((await one('domain: a.example.com', { configuration: poor })).findings).toEqual([]);
    const text = 'domain: a.example.com\nprovider: shop\nproduct: organisation\nterm: 1y\nowner: a\n';
    const watched = await one(`${text}key: external`, { configuration: poor });
    expect(watched.findings).toEqual([]);
    const ordered = await one(`${text}key: ecdsa-p256`, { configuration: poor });
    expect(ordered.findings.map((finding) => finding.split(' ')[1]).sort()).toEqual([
      'ceiling.missing',
      'contacts.missing',
    ]);
    const ruled = poor.replace(
      '{ spending: { perDay: 100 USD } }',
      '{ rules: [{ match: "a*", perOrder: 9 USD }] }',
    );
    const byRule = await one('domain: a.example.com\nprovider: shop\nterm: 1y\nowner: x', {
      configuration: ruled,
    });
    expect(byRule.findings).toEqual([]);
  });
});

describe('defaults', () => {
  it('come from the nearest folder, then the provider, then the configuration', async () => {
    const { specs, findings } = await manifests({
      '_defaults.yaml': 'owner: root\nterm: 1y\nproviderOptions: { bundle: true }',
      'team/_defaults.yaml': 'owner: team\nprovider: shop',
      'team/deep/x.yaml': 'domain: x.example.com',
      'y.yaml': 'domain: y.example.com',
      'teams.yaml': 'domain: z.example.com\nprovider: shop',
    });
    expect(findings.map(line)).toEqual([]);
    const byName = new Map(specs.map((it) => [it.name, it]));
    const rsa = { kind: 'generated', algorithm: 'rsa-2048', rotate: 'always' };
    expect(byName.get('team/deep/x')).toMatchObject({
      owner: 'team',
      providers: ['shop'],
      formats: ['p7b'],
      key: rsa,
      providerOptions: { shop: { bundle: true } },
    });
    expect(byName.get('y')).toMatchObject({ owner: 'root', providers: ['free'], formats: [] });
    // A folder is one by its whole name.
    expect(byName.get('teams')).toMatchObject({ owner: 'root', providers: ['shop'] });
  });

  it('from a provider win over those of the configuration', async () => {
    const configuration = CONFIGURATION.replace('defaults: {', 'defaults: { owner: everybody,');
    const shop = {
      'a.yaml': 'domain: a.example.com\nprovider: shop\nterm: 1y',
      'b.yaml': 'domain: b.example.com',
    };
    const { specs } = await manifests(shop, { configuration });
    expect(specs).toMatchObject([{ owner: 'billing' }, { owner: 'everybody' }]);
  });

  it('are blamed once, where they stand', async () => {
    const { findings, invalidNames } = await manifests({
      '_defaults.yaml': 'provider: shop\nterm: 9y',
      'a.yaml': 'domain: a.example.com',
      'b.yaml': 'domain: b.example.com',
    });
    expect(findings.map(line)).toEqual([
      'certificates/_defaults.yaml:2:7 term.not-sold "shop" does not sell basic for 9y. → Write 1y or 2y.',
    ]);
    expect(invalidNames).toEqual(['a', 'b']);
  });

  it('with errors hold everything below, and nothing beside', async () => {
    const { findings, specs, invalidNames } = await manifests({
      'team/_defaults.yaml': 'owners: x',
      'team/a.yaml': 'domain: a.example.com',
      'b.yaml': 'domain: b.example.com',
    });
    expect(findings.map(line)).toEqual([
      'certificates/team/_defaults.yaml:1:1 schema.unknown-key "owners" is no key that is known here. → Did you mean "owner"?',
    ]);
    expect(specs.map((it) => it.name)).toEqual(['b']);
    expect(invalidNames).toEqual(['team/a']);
  });

  it('are taken by all accounts of one environment where none is named', async () => {
    const configuration = CONFIGURATION.replace('provider: free, ', '').replace(
      'free: { type: free }',
      'free: { type: free, priority: 200 }\n  trial: { type: free, environment: test }',
    );
    const { specs } = await manifests({ 'a.yaml': 'domain: a.example.com\nterm: 1y' }, { configuration });
    expect(specs).toMatchObject([{ providers: ['shop', 'free'] }]);
  });
});

describe('manifests together', () => {
  const codes = async (files: Readonly<Record<string, string>>) => {
    const { findings, invalidNames } = await manifests(files);
    return { findings: findings.map(line), invalidNames };
  };

  it('cannot want the same twice, unless on purpose', async () => {
    const twice = await codes({
      'a.yaml': 'domains: [a.example.com, b.example.com]',
      'b.yaml': 'domain: B.example.com\nalternativeNames: [a.example.com]',
    });
    expect(twice).toEqual({
      findings: [
        'certificates/b.yaml:1:1 need.twice "a" (certificates/a.yaml:1) is the same: names, product and key. → Remove one of them, or give one distinct: with a label if two are wanted.',
      ],
      invalidNames: ['a', 'b'],
    });
    const same = 'domain: a.example.com\n';
    expect((await codes({ 'a.yaml': same, 'b.yaml': `${same}distinct: x` })).findings).toEqual([]);
    expect((await codes({ 'a.yaml': same, 'b.yaml': `${same}key: ecdsa-p256` })).findings).toEqual([]);
  });

  it("cannot want the same twice, one of them by the vendor's code", async () => {
    const at = 'domain: a.example.com\nprovider: shop\nterm: 1y\nowner: team\nmaxPrice: 9 USD\n';
    const { invalidNames } = await codes({
      'a.yaml': `${at}product: basic`,
      'b.yaml': `${at}product: code-basic`,
      'c.yaml': `${at}product: wild`,
    });
    expect(invalidNames).toEqual(['a', 'b']);
  });

  it('cannot share a name or lie inside each other', async () => {
    const { findings, invalidNames } = await codes({
      'a.yaml': 'domain: a.example.com',
      'a/b.yaml': 'domain: b.example.com',
      'c.yaml': 'name: a/b\ndomain: c.example.com',
      'd.yaml': 'domain: d.example.com',
    });
    expect(findings).toEqual([
      'certificates/a/b.yaml:1:1 name.collision The name "a/b" would lie inside the folder of "a". → Give one of the two another name:.',
      'certificates/c.yaml:1:7 name.collision The name "a/b" is used twice, first at certificates/a/b.yaml:1. → Give one of the two another name:.',
    ]);
    expect(invalidNames).toEqual(['a', 'a/b']);
  });

  it('are checked against their schema even where the configuration has errors', async () => {
    const { findings, specs } = await loadManifests({
      files: [
        { path: 'certificates/a.yaml', text: `domain: "\${X}.example.com"\nowenr: x\nprovider: nobody` },
      ],
      configuration: undefined,
      catalogue: catalogueOf(undefined),
      variables: {},
      readFile: () => undefined,
      inspectCsr: async () => ({ problem: 'was not expected' }),
    });
    expect(findings.map((it) => it.code)).toEqual(['schema.unknown-key']);
    expect(specs).toEqual([]);
  });
});
