import { describe, expect, it } from 'vitest';
import { CertError } from '../../../src/model/errors.js';
import { DAY_MS, MINUTE_MS } from '../../../src/model/time.js';
import type { PublishedEvent, PublishedHook } from '../../../src/ports/hook.js';
import { applyOnce, manifest, openPlace, openRunner, type Place, type Runner } from '../../support/engine.js';
import { fakeGitHub } from '../../support/github/server.js';

const HOOKS = '{ published: { run: [./deploy.sh] } }';

const open = (names: readonly string[] = ['shop'], hooks = HOOKS): Promise<Place> =>
  openPlace({
    kind: 'local-ca',
    hooks,
    manifests: Object.fromEntries(names.map((name) => [name, manifest(name)])),
  });

/** A machine whose hook is a function, and what that was told. */
async function machine(place: Place, hook: PublishedHook = async () => undefined) {
  const events: PublishedEvent[] = [];
  const runner = await openRunner(place, {
    wrap: (deps) => ({
      ...deps,
      publishedHook: () => async (event) => {
        events.push(event);
        await hook(event);
      },
    }),
  });
  return { runner, events, names: () => events.map(({ name }) => name) };
}

const refusing: PublishedHook = async () => {
  throw new CertError('hook.failed', 'hook ./deploy.sh ended with exit code 7: no such host');
};

const messages = async (place: Place, runner: Runner): Promise<readonly string[]> =>
  ((await applyOnce(place, runner)).applied?.events ?? []).map(({ action, name, message }) =>
    [action, name, message].join(' '),
  );

describe('the published hook', () => {
  it('is told once of a certificate, after it is published, with what a deployment needs to know', async () => {
    const place = await open();
    const { runner, events } = await machine(place);
    expect(await applyOnce(place, runner)).toMatchObject({ exit: 0 });
    const { current, undelivered } = await place.status('shop');
    expect(undelivered).toBeUndefined();
    expect(events).toEqual([
      expect.objectContaining({
        event: 'published',
        name: 'shop',
        serial: current?.serial,
        sha256: current?.sha256,
        names: ['shop.example.com'],
        notAfter: current?.notAfter,
        owner: 'team',
        provider: 'shop',
        environment: 'live',
        ownKey: true,
        state: expect.objectContaining({ branch: 'certwright/state', folder: 'issued/shop' }),
      }),
    ]);
    const before = await place.pushes();
    await place.advance(DAY_MS);
    expect((await applyOnce(place, runner)).exit).toBe(0);
    expect(events).toHaveLength(1);
    expect(await place.pushes()).toBe(before);
    expect(runner.illegal).toEqual([]);
  });

  it('is told of the next certificate, and which one that replaces', async () => {
    const place = await open();
    const { runner, events } = await machine(place);
    await applyOnce(place, runner);
    await place.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "new key"\n') });
    await place.advance(DAY_MS);
    await applyOnce(place, runner);
    expect(events).toHaveLength(2);
    expect(events[1]).toMatchObject({ previousSerial: events[0]?.serial });
    expect(events[1]?.serial).not.toBe(events[0]?.serial);
  });

  it('that fails is an error of the run, waits its turn, and is told again by a later run; nothing is bought twice', async () => {
    const place = await open();
    const bad = await machine(place, refusing);
    const failed = await applyOnce(place, bad.runner);
    expect(failed.exit).toBe(1);
    expect(failed.applied?.events).toContainEqual(
      expect.objectContaining({
        action: 'hook',
        outcome: 'failed',
        message: expect.stringContaining('no such host'),
      }),
    );
    expect((await place.status('shop')).undelivered?.failure).toMatchObject({
      count: 1,
      code: 'hook.failed',
    });

    const good = await machine(place);
    expect((await applyOnce(place, good.runner)).exit).toBe(0);
    expect(good.events).toEqual([]);
    await place.advance(10 * MINUTE_MS);
    expect(await messages(place, good.runner)).toEqual([
      expect.stringMatching(/^hook shop the published hook took serial /),
    ]);
    expect((await place.status('shop')).undelivered).toBeUndefined();
    expect(await place.purchases()).toBe(1);
  });

  it('that keeps failing is an alarm after a day', async () => {
    const place = await open();
    const { runner } = await machine(place, refusing);
    await applyOnce(place, runner);
    await place.advance(DAY_MS);
    expect((await applyOnce(place, runner)).exit).toBe(4);
  });

  it('that fails three times in a row is left alone for the rest of the run; what failed before comes last', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const place = await open(names);
    const bad = await machine(place, refusing);
    await applyOnce(place, bad.runner);
    expect(bad.names()).toHaveLength(3);
    await place.advance(10 * MINUTE_MS);
    const good = await machine(place);
    await applyOnce(place, good.runner);
    expect([...good.names()].sort()).toEqual(names);
    expect(
      good
        .names()
        .slice(0, 2)
        .some((name) => bad.names().includes(name)),
    ).toBe(false);
  });

  it('is told again where nobody could write down that it was told', async () => {
    const place = await open();
    const events: string[] = [];
    const runner = await openRunner(place, {
      wrap: (deps) => ({
        ...deps,
        publishedHook:
          () =>
          async ({ name }) =>
            void events.push(name),
        repository: {
          ...deps.repository,
          commit: (snapshot, changes, message) =>
            message.startsWith('hook ')
              ? Promise.resolve({ kind: 'refused', text: 'the disk is full' })
              : deps.repository.commit(snapshot, changes, message),
        },
      }),
    });
    expect(await applyOnce(place, runner)).toMatchObject({ error: { code: 'repository.refused' } });
    const next = await machine(place);
    expect((await applyOnce(place, next.runner)).exit).toBe(0);
    expect([events, next.names()]).toEqual([['shop'], ['shop']]);
  });

  it('of another machine is waited for by one that starts none', async () => {
    const place = await open();
    const without = await openRunner(place);
    expect((await applyOnce(place, without)).exit).toBe(0);
    expect((await place.status('shop')).undelivered).toBeDefined();
    const { runner, names } = await machine(place);
    await applyOnce(place, runner);
    expect(names()).toEqual(['shop']);
  });

  it('that is no longer configured is forgotten, and nobody is told of what nobody asked to hear', async () => {
    const place = await open();
    await applyOnce(place, await openRunner(place));
    const configuration = (await place.store.files('refs/heads/main'))['certwright.yaml'] ?? '';
    await place.merge({ 'certwright.yaml': String(configuration).replace(`hooks: ${HOOKS}\n`, '') });
    const { runner, names } = await machine(place);
    expect((await applyOnce(place, runner)).exit).toBe(0);
    expect((await place.status('shop')).undelivered).toBeUndefined();
    await place.merge({ 'certificates/wiki.yaml': manifest('wiki') });
    await applyOnce(place, runner);
    expect((await place.status('wiki')).undelivered).toBeUndefined();
    expect(names()).toEqual([]);
  });

  it('in the hand of somebody who ends the run is told again; those before it are not', async () => {
    const place = await open(['a', 'b']);
    let calls = 0;
    const stopped = await machine(place, async () => {
      calls += 1;
      if (calls === 2) throw new CertError('interrupted', 'stopped during hook ./deploy.sh');
    });
    expect(await applyOnce(place, stopped.runner)).toMatchObject({ error: { code: 'interrupted' } });
    const next = await machine(place);
    await applyOnce(place, next.runner);
    expect(next.names()).toEqual([stopped.names()[1]]);
  });
});

describe('workflows that wait for repository_dispatch', () => {
  it('are told of a certificate, once the token may', async () => {
    const github = await fakeGitHub();
    const env = { GITHUB_API_URL: github.apiUrl, GITHUB_REPOSITORY: github.repository };
    const place = await openPlace({ kind: 'local-ca', hooks: '{ published: { dispatch: certs } }' });
    const runner = async (permissions?: Readonly<Record<string, 'read' | 'write'>>) => {
      const token = permissions && { GITHUB_TOKEN: github.token({ permissions }) };
      return openRunner({ ...place, env: { ...place.env, ...env, ...token } });
    };
    expect((await applyOnce(place, await runner())).exit).toBe(0);
    expect((await place.status('shop')).undelivered).not.toHaveProperty('failure');

    const refused = await applyOnce(place, await runner({ contents: 'read' }));
    expect(refused.exit).toBe(1);
    expect(JSON.stringify(refused.applied?.events)).toContain('contents: write');
    expect(github.dispatches).toEqual([]);

    await place.advance(10 * MINUTE_MS);
    expect((await applyOnce(place, await runner({ contents: 'write' }))).exit).toBe(0);
    const { current } = await place.status('shop');
    expect(github.dispatches).toEqual([
      {
        event_type: 'certs',
        client_payload: expect.objectContaining({ name: 'shop', serial: current?.serial, ownKey: true }),
      },
    ]);
    expect(Object.keys(github.dispatches[0]?.client_payload ?? {}).length).toBeLessThanOrEqual(10);
  });
});
