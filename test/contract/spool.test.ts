import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Spool, SpoolEntry } from '../../src/ports/spool.js';
import { fileSpool } from '../../src/repository/file-spool.js';
import { tempFolder } from '../support/git.js';
import { memorySpool } from '../support/memory-spool.js';

const entry = (nonce: string, more: Partial<SpoolEntry> = {}): SpoolEntry => ({
  repositoryId: 'k3v9x2',
  certificate: 'team/shop',
  intentId: 'i1',
  nonce,
  step: 'buy',
  at: '2026-11-22T12:00:00Z',
  outcome: { kind: 'done', outcome: { result: { orderId: 'S-1' }, orderId: 'S-1' } },
  ...more,
});

/** The same spool, as another process on this machine opens it. */
const SPOOLS: Readonly<Record<string, () => Promise<() => Spool>>> = {
  'in files': async () => {
    const folder = join(await tempFolder(), 'spool');
    return () => fileSpool(folder);
  },
  'in memory': async () => {
    const spool = memorySpool();
    return () => spool;
  },
};

describe.each(Object.entries(SPOOLS))('a spool %s', (_, makeSpool) => {
  it('is empty at first', async () => {
    const open = await makeSpool();
    expect(await open().list()).toEqual([]);
  });

  it('gives every entry back to another process, whole, in the order of nonces', async () => {
    const open = await makeSpool();
    await open().write(entry('b'));
    await open().write(entry('a', { outcome: { kind: 'not-sent', message: 'too late' } }));
    expect(await open().list()).toEqual([
      entry('a', { outcome: { kind: 'not-sent', message: 'too late' } }),
      entry('b'),
    ]);
  });

  it('keeps one entry for each step of a nonce, the last one written', async () => {
    const open = await makeSpool();
    await open().write(entry('a'));
    await open().write(entry('a', { step: 'activate' }));
    await open().write(entry('a', { at: '2026-11-22T12:00:01Z' }));
    expect((await open().list()).map(({ step, at }) => `${step} ${at}`)).toEqual([
      'activate 2026-11-22T12:00:00Z',
      'buy 2026-11-22T12:00:01Z',
    ]);
  });

  it('removes one entry, and nothing where nothing is', async () => {
    const open = await makeSpool();
    await open().write(entry('a'));
    await open().write(entry('b'));
    await open().remove(entry('a'));
    await open().remove(entry('a'));
    expect(await open().list()).toEqual([entry('b')]);
  });
});
