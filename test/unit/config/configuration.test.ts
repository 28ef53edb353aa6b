import { describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../../src/config/load.js';
import { solverDefinitions } from '../../../src/solvers/index.js';
import { CONFIGURATION, configurationOf, definitions, line, RECIPIENT } from './support.js';

const load = (text: string) =>
  loadConfiguration({ path: 'certwright.yaml', text }, definitions, solverDefinitions);
const findings = (text: string): readonly string[] =>
  load(text).findings.map((it) => line(it).replace('certwright.yaml:', ''));

const minimal = (more: string, provider = 'free: { type: free }'): string =>
  `version: 1\nid: k3v9x2\nkeys: { recipients: [${RECIPIENT}] }\nproviders:\n  ${provider}\n${more}\n`;

describe('a configuration', () => {
  it('can be four lines, with defaults that spend nothing unasked', () => {
    const { configuration, findings: found } = load(minimal(''));
    expect(found).toEqual([]);
    expect(configuration).toMatchObject({
      version: 1,
      id: 'k3v9x2',
      branches: { approval: 'main', state: 'certwright/state' },
      keys: { recipients: [RECIPIENT], runnerRecipients: [] },
      providers: {
        free: { id: 'free', type: 'free', environment: 'live', priority: 100, prices: {}, options: {} },
      },
      policy: {
        approval: { order: 'merge', renew: 'auto', free: 'auto', revoke: 'pull-request' },
        spending: {},
        rules: [],
        requests: { group: 'each', perRun: 10, open: 20 },
      },
      endpoints: { off: false, servedWithinMs: 86_400_000 },
      manifestVariables: [],
    });
  });

  it('can say everything', () => {
    const text = minimal(
      `branches: { approval: trunk, state: main }
solvers:
  zone-a: { type: rfc2136, zones: [Example.com], server: 192.0.2.53, key: "\${TSIG_KEY}" }
  edge: { type: cloudflare, apiToken: "\${CF_TOKEN}", url: "https://proxy.example.com/cloudflare" }
policy:
  approval: { order: pull-request }
  spending: { perOrder: 100 USD, perDay: 500 USD, perMonth: 2000 USD }
  rules: [{ match: "team-a/**", perMonth: 300 USD, approval: { renew: never } }]
  requests: { group: owner, perRun: 3, open: 7 }
contacts:
  acme: { organization: { name: Acme, country: US, duns: "\${DUNS}" }, admin: { email: "\${MAIL}", firstName: Ann } }
notifications: [{ type: webhook, url: "\${SLACK_WEBHOOK}", on: [attention, waiting] }]
hooks: { published: { run: [./deploy.sh], timeout: 90s } }
endpoints: { servedWithin: 36h, off: true }
manifestVariables: [SITE]`,
      `shop:
    type: shop
    environment: rehearsal
    credentials: { loginName: "\${SHOP_LOGIN}", loginPassword: "\${file:/run/secrets/shop}" }
    url: http://127.0.0.1:8080/api
    currency: USD
    tax: 20%
    priority: 10
    owner: billing
    formats: [p7b]
    minimumBalance: 50 USD
    prices: { basic: { 1y: { base: 25 USD, names: 3, perName: 6.5 USD } } }
    profile: fancy`,
    );
    expect(findings(text)).toEqual([]);
    expect(configurationOf(text)).toMatchObject({
      branches: { approval: 'trunk', state: 'main' },
      providers: {
        shop: {
          environment: 'rehearsal',
          credentials: {
            loginName: { kind: 'variable', name: 'SHOP_LOGIN' },
            loginPassword: { kind: 'file', path: '/run/secrets/shop' },
          },
          url: 'http://127.0.0.1:8080/api',
          tax: '20',
          priority: 10,
          minimumBalance: { amount: '50.00', currency: 'USD' },
          prices: {
            basic: {
              '1y': {
                base: { amount: '25.00', currency: 'USD' },
                names: 3,
                perName: { amount: '6.50', currency: 'USD' },
              },
            },
          },
          options: { profile: 'fancy' },
        },
      },
      solvers: {
        'zone-a': {
          zones: ['example.com'],
          credentials: { key: { kind: 'variable', name: 'TSIG_KEY' } },
          options: { server: '192.0.2.53' },
        },
        edge: {
          credentials: { apiToken: { kind: 'variable', name: 'CF_TOKEN' } },
          options: { url: 'https://proxy.example.com/cloudflare' },
        },
      },
      policy: {
        approval: { order: 'pull-request', renew: 'auto' },
        requests: { group: 'owner', perRun: 3, open: 7 },
        rules: [
          {
            match: 'team-a/**',
            perMonth: { amount: '300.00', currency: 'USD' },
            approval: { renew: 'never' },
          },
        ],
      },
      contacts: {
        acme: {
          organization: { name: 'Acme', duns: { kind: 'variable', name: 'DUNS' } },
          admin: { email: { kind: 'variable', name: 'MAIL' }, firstName: 'Ann' },
        },
      },
      notifications: [
        {
          type: 'webhook',
          name: 'webhook',
          on: ['attention', 'waiting'],
          match: [],
          owner: [],
          digest: 'weekly',
          url: { name: 'SLACK_WEBHOOK' },
        },
      ],
      hooks: { published: { run: ['./deploy.sh'], timeoutMs: 90_000 } },
      endpoints: { off: true, servedWithinMs: 129_600_000 },
      manifestVariables: ['SITE'],
    });
  });

  const broken: Readonly<Record<string, readonly [text: string, ...findings: string[]]>> = {
    'nothing at all': [
      '',
      '1:1 config.empty The configuration is empty. → Run certwright init, which writes one.',
    ],
    'two documents': [
      `${minimal('')}---\nversion: 1`,
      '8:1 config.documents A configuration is one document. → Remove the "---" and everything below it.',
    ],
    'a type there is not': [
      minimal('', 'free: { type: fre }'),
      '5:17 provider.type Type "fre" is not one this version serves: shop, free. → Did you mean "free"?',
    ],
    'missing and misspelt credentials': [
      minimal('', `shop: { type: shop, credentials: { loginNam: "\${A}" } }`),
      `5:23 credential.missing The credential "loginPassword" of type shop is missing. → Add loginPassword: "\${…}" to credentials:.`,
      '5:38 credential.unknown "loginNam" is no credential of type shop. → Did you mean "loginName"?',
    ],
    'credentials where there are none': [
      minimal('', `free: { type: free, credentials: { token: "\${A}" } }`),
      '5:38 credential.unknown "token" is no credential of type free. → Remove it.',
    ],
    'a key the type does not have': [
      minimal('', 'free: { type: free, profle: plain, enviroment: test }'),
      '5:23 schema.unknown-key "profle" is no key that is known here. → Did you mean "profile"?',
      '5:38 schema.unknown-key "enviroment" is no key that is known here. → Did you mean "environment"?',
    ],
    'a variable in an option': [
      minimal('', `free: { type: free, days: "\${DAYS}" }`),
      '5:29 schema.type "days" must be a whole number.',
      '5:29 variable.place Only credentials and contacts can come from variables. → Write the value itself, or move the key into credentials:.',
    ],
    'credentials in clear over the network': [
      minimal('', 'free: { type: free, url: "http://ca.example.com" }'),
      '5:28 provider.url "url" would send credentials in clear. → Write https:// instead of http://.',
    ],
    'a sandbox that would count as live': [
      minimal('', 'free: { type: free, url: "http://[::1]:80/" }'),
      '5:28 provider.url A server on this machine is not the real provider. → Write environment: rehearsal, which never counts as live.',
    ],
    'a password in a URL': [
      minimal('', 'free: { type: free, url: "https://ann:hunter2@ca.example.com" }'),
      '5:28 provider.url "url" holds a user name or password. → Move it into credentials:, and replace the secret if it was real.',
    ],
    'an environment there is not': [
      minimal('', 'free: { type: free, environment: prod }'),
      '5:36 schema.value "environment" is none of the values there are. → Write live, test or rehearsal.',
    ],
    'what a number cannot say': [
      minimal('', 'free: { type: free, tax: 20, minimumBalance: 50 }'),
      '5:28 schema.type "tax" must be a text. → Put quotes round it.',
      '5:48 schema.type "minimumBalance" must be a text. → Put quotes round it.',
    ],
    'a recipient that is none, and one that is a secret': [
      `version: 1\nid: k3v9x2\nkeys: { recipients: [ssh-ed25519 AAAA, AGE-SECRET-KEY-1QQQ] }\nproviders: { free: { type: free } }`,
      '3:22 schema.form "recipients[0]" is not in the form it needs. → Write an age recipient; it starts with age1.',
      '3:40 recipient.secret This is the secret half of an identity, not a recipient. → Make a new identity, and write its recipient (age1…) here.',
    ],
    'a glob that leaves, one that does not close, and a rule that does nothing': [
      minimal('policy: { rules: [{ match: "../**", perDay: 1 USD }, { match: "{a,b", perDay: 1 USD }] }'),
      '6:28 policy.glob "match" is no glob over certificate names. → Write for example team-a/** for everything of one folder.',
      '6:63 policy.glob "match" is no glob over certificate names. → Write for example team-a/** for everything of one folder.',
    ],
    'a hook that starts nothing': [
      minimal('hooks: { published: { timeout: 5s } }'),
      '6:21 hook.kind Nothing says what is to be started. → Write run: [./deploy.sh] or dispatch: certwright-published.',
    ],
    'a hook that starts two things': [
      minimal('hooks: { published: { run: [./a], dispatch: b } }'),
      '6:21 hook.kind A hook starts a program or sends an event, not both. → Write run: [./deploy.sh] or dispatch: certwright-published.',
    ],
    'a credential that manifests could read': [
      minimal(
        'manifestVariables: [SITE, LOGIN]',
        `shop: { type: shop, credentials: { loginName: "\${LOGIN}", loginPassword: "\${P}" } }`,
      ),
      '6:27 variable.credential LOGIN holds a credential of this configuration, which a manifest must not be able to read. → Remove it from manifestVariables:.',
    ],
    'a webhook address in clear': [
      minimal(
        'notifications: [{ type: webhook, url: "https://hooks.example.com/T0/hunter2", on: [attention] }]',
      ),
      `6:39 credential.literal "url" must name where the secret is, not hold it. → Write "\${URL}" or "\${file:/path}", and replace the secret if it was real.`,
    ],
    'solvers of types there are not': [
      minimal('solvers:\n  a: { type: cloudflair }\n  b: { type: gandi }\n  c: { type: "" }'),
      '7:14 solver.type Type "cloudflair" is not one this version has: rfc2136, cloudflare, route53, exec, http-file, http-server, manual. → Did you mean "cloudflare"?',
      '8:14 solver.type Type "gandi" is not one this version has: rfc2136, cloudflare, route53, exec, http-file, http-server, manual. → Write rfc2136, cloudflare, route53, exec, http-file, http-server or manual.',
      '9:14 schema.empty "type" is empty.',
      '9:14 solver.type Type "" is not one this version has: rfc2136, cloudflare, route53, exec, http-file, http-server, manual. → Write rfc2136, cloudflare, route53, exec, http-file, http-server or manual.',
    ],
    'solvers of services with what they do not take': [
      minimal(
        `solvers:\n  a: { type: cloudflare, zones: [example.com], ttl: 5, apiTokn: "\${T}" }\n  b: { type: route53, zones: [example.org], accessKeyId: AKIA0123, hostedZones: [example.org] }\n  c: { type: http-server, port: 99999, address: localhost }`,
      ),
      `7:3 credential.missing "apiToken" is missing: a solver of type cloudflare needs it. → Add apiToken: "\${…}".`,
      '7:53 schema.value "ttl" must be >= 60. → Write seconds, from 60 to 86400.',
      '7:56 schema.unknown-key "apiTokn" is no key that is known here. → Did you mean "apiToken"?',
      '7:65 variable.place "apiTokn" of a solver cannot come from a variable. → Write the value itself.',
      `8:58 credential.literal "accessKeyId" must name where the secret is, not hold it. → Write "\${ACCESS_KEY_ID}" or "\${file:/path}", and replace the secret if it was real.`,
      '8:82 schema.form "hostedZones[0]" is not in the form it needs. → Write the id of a hosted zone, such as Z0123456789ABCDEFGHIJ.',
      '9:33 schema.value "port" must be <= 65535. → Write a port, from 1 to 65535.',
      '9:49 schema.form "address" is not in the form it needs. → Write an IP address of this machine.',
    ],
    'addresses of services with something in them, and from a variable': [
      minimal(
        `solvers:\n  a: { type: cloudflare, zones: [example.com], apiToken: "\${T}", url: "https://ann:hunter2@proxy.example.com" }\n  b: { type: route53, url: "\${URL}" }`,
      ),
      '7:71 schema.form "url" is not in the form it needs. → Write https://host/path, without user name and query.',
      '8:28 variable.place "url" of a solver cannot come from a variable. → Write the value itself.',
    ],
    'solvers with keys missing, misspelt, in clear and from variables': [
      minimal(
        `solvers:\n  a: { type: rfc2136, server: "\${NS}", zons: [example.com] }\n  b: { type: rfc2136, zones: [example.org], server: 192.0.2.1, key: hunter2 }\n  c: { type: exec, zones: [example.net], run: ./hook.sh }\n  d: { type: http-file, zones: [example.info], rot: /srv }`,
      ),
      `7:3 credential.missing "key" is missing: a solver of type rfc2136 needs it. → Add key: "\${…}".`,
      '7:3 solver.zones "zones" is missing: a solver of type rfc2136 changes only zones it is told. → Add zones: [example.com].',
      '7:31 variable.place "server" of a solver cannot come from a variable. → Write the value itself.',
      '7:40 schema.unknown-key "zons" is no key that is known here. → Did you mean "zones"?',
      `8:69 credential.literal "key" must name where the secret is, not hold it. → Write "\${KEY}" or "\${file:/path}", and replace the secret if it was real.`,
      '9:47 schema.type "run" must be a list. → Write it as a list: [a, b].',
      '10:3 schema.missing-key "root" is missing in "d". → Add root: …',
      '10:48 schema.unknown-key "rot" is no key that is known here. → Did you mean "root"?',
    ],
    'zones that two solvers serve': [
      minimal(
        `solvers:\n  a: { type: exec, run: [a], zones: [example.com] }\n  b: { type: rfc2136, server: a, key: "\${K}", zones: [shop.example.com, Example.com] }\n  c: { type: http-file, root: /srv }\n  d: { type: manual }`,
      ),
      '8:73 solver.overlap example.com is served by "a" too, and nothing tells which of them is meant. → Give each zone to one solver.',
      '10:6 solver.overlap "d" and "c" both serve every name, and nothing tells which of them is meant. → Give each zone to one solver.',
    ],
    'half a variable in a contact': [
      minimal(`contacts: { acme: { admin: { firstName: "Ann \${LAST}" } } }`),
      `6:41 variable.form A variable must be the whole value. → Write "\${NAME}" and nothing else.`,
    ],
    'names of providers that could be paths': [
      minimal('', '../x: { type: free }'),
      '5:3 schema.key "../x" cannot be used as a name here. → Use lower-case letters, digits and hyphens, at most 32.',
    ],
    'a branch that Git does not allow': [
      minimal('branches: { state: "a..b" }'),
      '6:20 schema.form "state" is not in the form it needs. → Write a branch name that Git allows.',
    ],
    'an id that would not fit a reference': [
      minimal('').replace('k3v9x2', 'K3-much-too-long'),
      '2:5 schema.form "id" is not in the form it needs. → Write 4 to 10 lower-case letters and digits, as init does.',
    ],
    'nobody to seal keys to': [
      'version: 1\nid: k3v9x2\nkeys: {}\nproviders: {}',
      '3:1 schema.missing-key "recipients" is missing in "keys". → Add recipients: …',
      '4:12 schema.empty "providers" is empty.',
    ],
  };
  it.each(Object.entries(broken))(
    'with errors says exactly what is wrong: %s',
    (_title, [text, ...expected]) => {
      expect(findings(text)).toEqual(expected);
      expect(load(text).configuration).toBeUndefined();
    },
  );

  const CANARY = 'hunter2-canary';
  const leaks: Readonly<Record<string, string>> = {
    'as a literal': CANARY,
    'in quotes': `"${CANARY}"`,
    'with a variable beside it': `"\${X}${CANARY}"`,
    'starting like an alias': `*${CANARY}`,
    'starting like a tag': `!${CANARY}`,
    'starting like an anchor': `&${CANARY}`,
    'starting with a reserved character': `@${CANARY}`,
    'looking like a mapping': `a: ${CANARY}`,
    'in a block': `|\n        ${CANARY}`,
    'in a list': `[${CANARY}]`,
    'without end': `"${CANARY}`,
    'with an escape': `"\\q${CANARY}"`,
    'in a file form that is none': `"\${file:${CANARY}}"`,
  };
  it.each(Object.entries(leaks))('never repeats a password %s', (_title, written) => {
    for (const text of [
      CONFIGURATION.replace(`"\${file:/run/secrets/shop}" }`, 'x }').replace(
        `credentials: { loginName: "\${SHOP_LOGIN}", loginPassword: x }`,
        `credentials:\n      loginName: "\${SHOP_LOGIN}"\n      loginPassword: ${written}`,
      ),
      CONFIGURATION.replace('    owner: billing', `    owner: billing\n    url: ${written}`),
      CONFIGURATION.replace('    owner: billing', `    owner: billing\n    profile: ${written}`),
      CONFIGURATION.replace('    owner: billing', `    environment: ${written}`),
      CONFIGURATION.replace(
        'manifestVariables:',
        `notifications:\n  - type: webhook\n    on: [attention]\n    url: ${written}\nmanifestVariables:`,
      ),
    ]) {
      expect(text).not.toBe(CONFIGURATION);
      const result = load(text);
      expect(result.findings.length).toBeGreaterThan(0);
      expect(JSON.stringify(result.findings)).not.toContain(CANARY);
    }
  });
});
