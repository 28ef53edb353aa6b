import { describe, expect, it } from 'vitest';
import type { FileChange, Oid, PushOutcome, Repository, TreeReader } from '../../src/ports/repository.js';
import { gitStore, memoryStore, SEEN_REF, STATE_REF, type Store } from '../support/engine.js';
import { manualClock } from '../support/manual-clock.js';

const FILES = { 'certwright.yaml': 'version: 1\n', 'certificates/shop.yaml': 'domain: shop.example.com\n' };
const HEADER = { path: 'issued/_certwright.json', content: '{}\n' };
const file = (path: string, content: FileChange['content']) => ({ path: `issued/${path}`, content });

function commitOf(outcome: PushOutcome): Oid {
  if (outcome.kind !== 'pushed') throw new Error(`${outcome.kind}: ${outcome.text}`);
  return outcome.commit;
}

async function textsOf(tree: TreeReader | undefined, prefix = ''): Promise<Record<string, string>> {
  const entries = (await tree?.list(prefix)) ?? [];
  const texts = (await tree?.read(entries.map(({ blob }) => blob))) ?? [];
  return Object.fromEntries(entries.map(({ path }, i) => [path, texts[i] ?? '']));
}

interface Machine {
  readonly repository: Repository;
  /** One file below `issued/`, on what is there now. */
  write(path: string, content: FileChange['content']): Promise<PushOutcome>;
}

async function machine(store: Store): Promise<Machine> {
  const repository = await store.open({ clock: manualClock() });
  return {
    repository,
    write: async (path, content) =>
      repository.commit(await repository.observe(), [file(path, content)], `Write ${path}`),
  };
}

/** What the simulation and the crash sweeps run on, and what users run on: one contract. */
describe.each([
  ['on real git', gitStore],
  ['in memory', memoryStore],
] as const)('a repository %s', (_, makeStore) => {
  async function initialised() {
    const store = await makeStore(FILES);
    const one = await machine(store);
    const first = commitOf(await one.repository.initialise([HEADER], 'Set up'));
    return { store, one, first };
  }

  it('starts absent, is initialised once, and is healthy from then on', async () => {
    const store = await makeStore(FILES);
    const { repository } = await machine(store);
    const empty = await repository.observe();
    expect(empty.integrity).toEqual({ kind: 'absent' });
    expect(empty.state).toBeUndefined();
    expect(await textsOf(empty.approval)).toEqual(FILES);
    await expect(repository.commit(empty, [HEADER], 'Write')).rejects.toMatchObject({
      code: 'repository.not-initialised',
    });

    const commit = commitOf(await repository.initialise([HEADER], 'Set up'));
    expect(await store.refs()).toMatchObject({ [STATE_REF]: commit, [SEEN_REF]: commit });
    const snapshot = await repository.observe();
    expect(snapshot.integrity).toEqual({ kind: 'healthy' });
    expect(snapshot.state?.commit).toBe(commit);
    expect(snapshot.seen).toBeUndefined();
    expect((await repository.initialise([HEADER], 'Set up again')).kind).toBe('moved');
    expect((await store.refs())[STATE_REF]).toBe(commit);
  });

  it('moves state and seen together, to a child of what was read', async () => {
    const { store, one, first } = await initialised();
    const commit = commitOf(await one.write('shop/status.json', '{"a":1}\n'));
    expect(await store.refs()).toMatchObject({ [STATE_REF]: commit, [SEEN_REF]: commit });
    expect(await store.count(STATE_REF)).toBe(2);
    expect(await one.repository.isAncestor(first, commit)).toBe(true);
    expect(await one.repository.isAncestor(commit, first)).toBe(false);
    expect(await textsOf((await one.repository.observe()).state)).toEqual({
      'issued/_certwright.json': '{}\n',
      'issued/shop/status.json': '{"a":1}\n',
    });
  });

  it('lets one of two writers on the same snapshot win, and the other see what won', async () => {
    const { store, one } = await initialised();
    const two = await machine(store);
    const snapshots = [await one.repository.observe(), await two.repository.observe()] as const;
    commitOf(await one.repository.commit(snapshots[0], [file('a/status.json', 'one')], 'One'));
    const late = await two.repository.commit(snapshots[1], [file('a/status.json', 'two')], 'Two');
    expect(late.kind).toBe('moved');
    expect(await textsOf((await two.repository.observe()).state, 'issued/a')).toEqual({
      'issued/a/status.json': 'one',
    });
  });

  it('moves nothing when the same tip came back under other hands', async () => {
    const { store, one, first } = await initialised();
    const stale = await one.repository.observe();
    commitOf(await one.write('a/status.json', '1'));
    const seen = (await store.refs())[SEEN_REF];
    await store.setRef(STATE_REF, first);
    expect((await one.repository.commit(stale, [file('b/status.json', '2')], 'Late')).kind).toBe('moved');
    expect(await store.refs()).toMatchObject({ [STATE_REF]: first, [SEEN_REF]: seen });
  });

  it('reads an older tree as it was, after the branch moved on', async () => {
    const { one } = await initialised();
    commitOf(await one.write('a/status.json', '1'));
    const before = await one.repository.observe();
    commitOf(await one.write('a/status.json', '2'));
    expect(await textsOf(before.state, 'issued/a/')).toEqual({ 'issued/a/status.json': '1' });
  });

  it('writes, moves and removes files; lists sorted, by folder, with sizes in bytes', async () => {
    const { one } = await initialised();
    commitOf(await one.write('b/status.json', 'bee'));
    commitOf(await one.write('a-b/status.json', 'é'));
    const before = await one.repository.observe();
    const [entry] = (await before.state?.list('issued/b')) ?? [];
    if (!entry) throw new Error('not listed');
    const changes = [
      file('b/status.json', null),
      file('never/was.json', null),
      file('c/status.json', { blob: entry.blob }),
      file('c/certificate.der', Uint8Array.of(0x30, 0x82, 0xff)),
    ];
    commitOf(await one.repository.commit(before, changes, 'Move'));
    const after = (await one.repository.observe()).state;
    const listed = (await after?.list('issued')) ?? [];
    expect(listed.map(({ path, bytes }) => `${path} ${bytes}`)).toEqual([
      'issued/_certwright.json 3',
      'issued/a-b/status.json 2',
      'issued/c/certificate.der 3',
      'issued/c/status.json 3',
    ]);
    expect((await after?.list('issued/a')) ?? []).toEqual([]);
    expect(listed.at(-1)?.blob).toBe(entry.blob);
    await expect(after?.read(['0'.repeat(40)])).rejects.toThrow(RangeError);
    await expect(after?.readEach(['0'.repeat(40)], () => undefined)).rejects.toThrow(RangeError);
    expect([...((await after?.blobs('issued')) ?? [])]).toEqual(listed.map(({ path, blob }) => [path, blob]));
    const each: unknown[] = [];
    const blobs = listed.map(({ blob }) => blob);
    await after?.readEach(blobs, (text, index) => each.push([index, text]));
    expect(each).toEqual([...((await after?.read(blobs)) ?? []).entries()]);
    const full = () => {
      throw new Error('enough');
    };
    await expect(after?.readEach(blobs, full)).rejects.toThrow('enough');
  });

  it('writes below issued/ alone', async () => {
    const { one } = await initialised();
    const snapshot = await one.repository.observe();
    await expect(
      one.repository.commit(snapshot, [{ path: 'certwright.yaml', content: '' }], 'Write'),
    ).rejects.toMatchObject({ code: 'internal' });
  });

  it("tells somebody's commit on top from its own, shows both trees, and goes on from the head", async () => {
    const { store, one } = await initialised();
    commitOf(await one.write('a/status.json', '1'));
    const ours = (await store.refs())[STATE_REF];
    const theirs = await store.push('certwright/state', { 'issued/a/status.json': null });
    const snapshot = await one.repository.observe();
    expect(snapshot.integrity).toEqual({ kind: 'foreign-commits' });
    expect([snapshot.state?.commit, snapshot.seen?.commit]).toEqual([theirs, ours]);
    expect(await textsOf(snapshot.seen, 'issued/a')).toEqual({ 'issued/a/status.json': '1' });
    expect(await textsOf(snapshot.state, 'issued/a')).toEqual({});
    const next = commitOf(await one.repository.commit(snapshot, [file('a/status.json', '2')], 'Back'));
    expect(await store.refs()).toMatchObject({ [STATE_REF]: next, [SEEN_REF]: next });
    expect(await one.repository.isAncestor(theirs, next)).toBe(true);
  });

  it.each<[string, string, (store: Store, first: Oid) => Promise<unknown>]>([
    ['the state branch is taken back', 'taken back', (store, first) => store.setRef(STATE_REF, first)],
    ['the state branch is written anew', 'taken back', (store) => store.rewrite(STATE_REF)],
    ['the state branch is gone', 'is gone', (store) => store.setRef(STATE_REF, null)],
    ['seen is gone', 'is gone', (store) => store.setRef(SEEN_REF, null)],
    [
      'seen is ahead of the state',
      'taken back',
      (store) => store.push('certwright/seen', { 'issued/x': '' }),
    ],
  ])('calls it lost when %s, and commits nothing then', async (_title, why, damage) => {
    const { store, one, first } = await initialised();
    commitOf(await one.write('a/status.json', '1'));
    await damage(store, first);
    const snapshot = await one.repository.observe();
    expect(snapshot.integrity).toEqual({ kind: 'lost', why: expect.stringContaining(why) });
    const refs = await store.refs();
    await expect(
      one.repository.commit(snapshot, [file('a/status.json', '2')], 'Write'),
    ).rejects.toMatchObject({ code: 'repository.lost-state' });
    expect((await one.repository.initialise([HEADER], 'Set up')).kind).toBe('moved');
    expect(await store.refs()).toEqual(refs);
  });

  it('is absent again when both refs are gone', async () => {
    const { store, one } = await initialised();
    await store.setRef(STATE_REF, null);
    await store.setRef(SEEN_REF, null);
    expect((await one.repository.observe()).integrity).toEqual({ kind: 'absent' });
  });

  it('is healthy again once both refs are put back on the newest commit', async () => {
    const { store, one, first } = await initialised();
    const newest = commitOf(await one.write('a/status.json', '1'));
    await store.setRef(STATE_REF, first);
    await store.setRef(STATE_REF, newest);
    expect((await one.repository.observe()).integrity).toEqual({ kind: 'healthy' });
    commitOf(await one.write('a/status.json', '2'));
  });

  it('shows manifests at the tip of the approval branch, and knows what they descend from', async () => {
    const { store, one } = await initialised();
    const before = (await one.repository.observe()).approval.commit;
    const after = await store.push('main', { 'certificates/shop.yaml': null });
    const { approval } = await one.repository.observe();
    expect(approval.commit).toBe(after);
    expect(Object.keys(await textsOf(approval))).toEqual(['certwright.yaml']);
    expect(await one.repository.isAncestor(before, after)).toBe(true);
    const anew = await store.rewrite('refs/heads/main');
    await one.repository.observe();
    expect(await one.repository.isAncestor(after, anew)).toBe(false);
    expect(await one.repository.isAncestor('f'.repeat(40), anew)).toBe(false);
  });

  it('fails without an approval branch', async () => {
    const { store, one } = await initialised();
    await store.setRef('refs/heads/main', null);
    await expect(one.repository.observe()).rejects.toMatchObject({ code: 'repository.ref-missing' });
  });
});
