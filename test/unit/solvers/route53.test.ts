import { describe, expect, it } from 'vitest';
import { startNameServer } from '../../support/name-server.js';
import { type FakeSet, KEYS, type Route53Api, startRoute53 } from '../../support/route53-api.js';
import { cname, type SolverOptions, said, solverOf, txt } from '../../support/solver.js';

const ZONES = [
  { id: 'Z1', name: 'example.com' },
  { id: 'Z2', name: 'internal.example.com', private: true },
  { id: 'Z3', name: 'example.net' },
];

const solverAt = (api: Route53Api, more: Partial<SolverOptions> = {}) =>
  solverOf({
    type: 'route53',
    id: 'cloud',
    credentials: KEYS,
    ...more,
    options: { url: api.url, ...more.options },
  });

const shown = (api: Route53Api) =>
  api.sets.map(({ name, type, ttl, values }: FakeSet) => `${name} ${ttl} ${type} ${values.join(' ')}`).sort();

const set = (name: string, type: string, values: readonly string[], more = ''): FakeSet => ({
  zone: 'Z1',
  name: `${name}.`,
  type,
  ttl: 300,
  values,
  more,
});

describe('hosted zones at Route 53', () => {
  it('show what is published, once every server has it, and nothing after the clean-up', async () => {
    // One zone a page, and a private one that nobody outside sees.
    const api = await startRoute53(ZONES, [], 1);
    const at = await startNameServer(api.served);
    const solver = await solverAt(api, { options: { visibleAt: [at] } });
    const records = [
      txt('_dcv.shop.internal.example.com', 'token one'),
      txt('_DCV.shop.internal.example.com.', 'token two'),
      cname('_0AF3.www.example.net', 'abc.dcv.example.org.'),
    ];
    expect(said(await solver.publish(records))).toEqual(['done', 'done', 'done']);
    expect(shown(api)).toEqual([
      '_0af3.www.example.net. 60 CNAME abc.dcv.example.org.',
      '_dcv.shop.internal.example.com. 60 TXT "token one" "token two"',
    ]);
    expect(new Set(await solver.visible?.(records))).toEqual(
      new Set(
        records.map((record) => ({
          record,
          seen: 'no',
          why: 'Route 53 has not brought the change to all its servers yet (PENDING)',
        })),
      ),
    );
    api.settle();
    expect((await solver.visible?.(records))?.map(({ seen }) => seen)).toEqual(['yes', 'yes', 'yes']);
    const changes = api.calls.filter((call) => call.startsWith('POST')).length;
    expect(changes).toBe(2);
    expect(said(await solver.publish(records))).toEqual(['done', 'done', 'done']);
    expect(api.calls.filter((call) => call.startsWith('POST')).length).toBe(changes);

    // A later run knows nothing of the change: the name servers tell.
    const later = await solverAt(api, { options: { visibleAt: [at] } });
    expect(said(await later.cleanUp(records.slice(0, 1)))).toEqual(['done']);
    api.settle();
    expect((await later.visible?.(records))?.map(({ seen }) => seen)).toEqual(['no', 'yes', 'yes']);
    expect(said(await later.cleanUp(records))).toEqual(['done', 'done', 'done']);
    expect(said(await later.cleanUp(records))).toEqual(['done', 'done', 'done']);
    expect(shown(api)).toEqual([]);
  });

  it('keep values, times and sets of others', async () => {
    const theirs = '"v=spf1 \\"x\\" -all"';
    const api = await startRoute53(ZONES, [
      set('_dcv.a.example.com', 'TXT', [theirs]),
      set('_dcv.b.example.com', 'CNAME', ['elsewhere.example.org.']),
      set('_dcv.c.example.com', 'A', ['192.0.2.1']),
      set('_dcv.w.example.com', 'TXT', ['"x"'], '<SetIdentifier>one</SetIdentifier><Weight>1</Weight>'),
      set('zz.example.com', 'TXT', ['"far behind in the list"']),
    ]);
    const before = shown(api);
    const records = [
      txt('_dcv.a.example.com', 'ours "too"'),
      cname('_dcv.b.example.com', 'ours.example.org'),
      cname('_dcv.c.example.com', 'ours.example.org'),
      txt('_dcv.w.example.com', 'ours'),
    ];
    const solver = await solverAt(api);
    const inUse = 'and it is not ours; remove it if nobody needs it, or prove this name in another way';
    expect(said(await solver.publish(records))).toEqual([
      'done',
      `solver.blocked: _dcv.b.example.com is in use: a CNAME for elsewhere.example.org stands there, ${inUse}`,
      `solver.blocked: _dcv.c.example.com is in use: other records stand there (A), ${inUse}`,
      `solver.blocked: _dcv.w.example.com is in use: a TXT set with a routing policy stands there, ${inUse}`,
    ]);
    expect(shown(api)[0]).toBe(`_dcv.a.example.com. 300 TXT ${theirs} "ours \\"too\\""`);
    expect(said(await solver.cleanUp(records))).toEqual(['done', 'done', 'done', 'done']);
    expect(shown(api)).toEqual(before);
  });

  it('lose nothing that somebody else writes in between', async () => {
    const api = await startRoute53(ZONES, [set('_dcv.a.example.com', 'TXT', ['"first"'])]);
    const records = [txt('_dcv.a.example.com', 'ours'), txt('_dcv.b.example.com', 'ours')];
    const replaced = (values: readonly string[]) => () => {
      api.sets.splice(0, api.sets.length, set('_dcv.a.example.com', 'TXT', values));
    };
    api.beforeBatch(replaced(['"first"', '"second"']));
    expect(said(await (await solverAt(api)).publish(records))).toEqual(['done', 'done']);
    expect(shown(api)[0]).toBe('_dcv.a.example.com. 300 TXT "first" "second" "ours"');
    api.beforeBatch(replaced(['"third"', '"ours"']));
    expect(said(await (await solverAt(api)).cleanUp(records))).toEqual(['done', 'done']);
    expect(shown(api)).toEqual(['_dcv.a.example.com. 300 TXT "third"']);
  });

  it('follow a delegated challenge name into another zone', async () => {
    const api = await startRoute53(ZONES, [
      set('_acme-challenge.shop.example.com', 'CNAME', ['shop.challenges.example.net.']),
    ]);
    const record = txt('_acme-challenge.shop.example.com', 'token');
    expect(said(await (await solverAt(api)).publish([record]))).toEqual(['done']);
    expect(shown(api)[1]).toBe('shop.challenges.example.net. 60 TXT "token"');
    expect(said(await (await solverAt(api)).cleanUp([record]))).toEqual(['done']);
    expect(api.sets).toHaveLength(1);
  });

  it('are told apart by id where two have one name, and used alone where they are listed', async () => {
    const api = await startRoute53([...ZONES, { id: 'Z9', name: 'example.com' }]);
    const record = txt('_dcv.a.example.com', 'x');
    expect(said(await (await solverAt(api)).publish([record]))).toEqual([
      'solver.zone: Route 53 has 2 zones example.com (Z1, Z9); write the one that is delegated to under hostedZones:',
    ]);
    expect(said(await (await solverAt(api, { options: { hostedZones: ['Z9'] } })).publish([record]))).toEqual(
      ['done'],
    );
    expect(api.sets[0]?.zone).toBe('Z9');
    expect(api.calls.filter((call) => call === 'GET /hostedzone')).toHaveLength(1);
    expect(said(await (await solverAt(api, { options: { hostedZones: ['Z8'] } })).publish([record]))).toEqual(
      ['solver.zone: Route 53 has no hosted zone Z8; correct hostedZones:, which lists ids of hosted zones'],
    );
  });
});

describe('what Route 53 refuses', () => {
  const record = txt('_dcv.a.example.com', 'x');
  const tell = async (api: Route53Api, more?: Partial<SolverOptions>) =>
    said(await (await solverAt(api, more)).publish([record])).join();

  it('names the permission that is missing', async () => {
    const api = await startRoute53(ZONES);
    const allow = (action: string) =>
      `allow route53:${action} in the policy of the user or role the keys belong to`;
    api.fail(/^GET \/hostedzone$/, { status: 403, code: 'AccessDenied' });
    expect(await tell(api)).toBe(
      `solver.refused: Route 53 does not allow route53:ListHostedZones; ${allow('ListHostedZones')}`,
    );
    api.fail(/^GET .*rrset$/, { status: 403, code: 'AccessDenied' });
    expect(await tell(api)).toBe(
      `solver.refused: Route 53 does not allow route53:ListResourceRecordSets on example.com; ${allow('ListResourceRecordSets')}`,
    );
    api.fail(/^POST/, { status: 403, code: 'AccessDenied' });
    expect(await tell(api)).toBe(
      `solver.refused: Route 53 does not allow route53:ChangeResourceRecordSets on example.com; ${allow('ChangeResourceRecordSets')}`,
    );
    expect(await tell(api, { credentials: { ...KEYS, accessKeyId: 'AKIAWRONG' } })).toBe(
      'solver.refused: Route 53 says InvalidClientTokenId: The security token included in the request is invalid.; the keys are wrong, over, or belong to another partition; and this clock has to be right',
    );
    // Whoever may not ask how far a change is, asks the name servers alone.
    const at = await startNameServer(api.served);
    const solver = await solverAt(api, { options: { visibleAt: [at] } });
    api.fail(/^GET \/change/, { status: 403, code: 'AccessDenied' });
    expect(said(await solver.publish([record]))).toEqual(['done']);
    expect((await solver.visible?.([record]))?.map(({ seen }) => seen)).toEqual(['yes']);
  });

  it('is tried again when it is busy, and left for later when it stays so', async () => {
    const api = await startRoute53(ZONES);
    api.fail(/^POST/, { status: 400, code: 'PriorRequestNotComplete' });
    expect(await tell(api)).toBe('done');
    api.fail(/^GET \/hostedzone$/, { status: 400, code: 'Throttling' }, 9);
    const told = said(await (await solverAt(api)).cleanUp([record])).join();
    expect(told).toMatch(/^solver\.failed: Route 53 says Throttling: .*; it is called too often/);
    for (const secret of Object.values(KEYS)) expect(told).not.toContain(secret);
  });

  it('needs keys: of the configuration, or in the variables every AWS tool reads', async () => {
    const api = await startRoute53(ZONES);
    const variables = {
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
      AWS_SESSION_TOKEN: KEYS.sessionToken,
    };
    expect(await tell(api, { credentials: {}, variables })).toBe('done');
    await expect(solverAt(api, { credentials: {}, variables: {} })).rejects.toThrow(
      'solver cloud has no keys for Route 53',
    );
    await expect(solverAt(api, { credentials: { accessKeyId: 'x' }, variables })).rejects.toThrow(
      'solver cloud has no keys for Route 53',
    );
    await expect(solverAt(api, { options: { url: 'http://192.0.2.1/' } })).rejects.toThrow(/not encrypted/);
  });
});
