import { describe, expect, it } from 'vitest';
import { emptyStatus, type Status } from '../../../src/model/status.js';
import { changedStatuses } from '../../../src/reconcile/run.js';
import type { StateView } from '../../../src/reconcile/state.js';

const shop: Status = { ...emptyStatus('shop'), reissueText: 'as it was' };
const view: StateView = {
  snapshot: {
    remote: 'git.example.com/team/certificates',
    approval: {
      commit: 'a'.repeat(40),
      list: async () => [],
      blobs: async () => new Map(),
      read: async () => [],
      readEach: async () => undefined,
    },
    integrity: { kind: 'healthy' },
  },
  manifestsId: 'a'.repeat(40),
  statuses: new Map([['shop', shop]]),
  files: new Map(),
  toRestore: [],
};
const saying = (reissueText: string) => ({
  name: 'shop',
  apply: (status: Status): Status => ({ ...status, reissueText }),
});

describe('what changes of a certificate', () => {
  it('is one status, however many found something', () => {
    const changed = changedStatuses(view, [saying('one'), saying('two')]);
    expect(changed).toEqual([{ ...shop, reissueText: 'two' }]);
  });

  it('is nothing where the second takes back what the first said', () => {
    expect(changedStatuses(view, [saying('one'), saying('as it was')])).toEqual([]);
  });
});
