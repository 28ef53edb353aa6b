import { describe, expect, it } from 'vitest';
import { approvalPath } from '../../../../src/entry/approval-draft.js';
import {
  BRANCH_PREFIX,
  branchOf,
  keyOfBranch,
  keyOfPath,
  pathOfKey,
} from '../../../../src/entry/forge/approval-branches.js';
import type { PlanItem } from '../../../../src/model/plan.js';
import { requestedAction, requestKey, type Wish } from '../../../../src/policy/approval-wishes.js';

const licence = { role: 'add-on' } as NonNullable<PlanItem['licence']>;

const needs: Readonly<Record<string, Partial<PlanItem> & Pick<PlanItem, 'name' | 'action'>>> = {
  'a renewal': { name: 'shop', action: 'renew', product: 'sectigo-dv' },
  'names with slashes and dots': { name: 'team-a/..shop', action: 'add-names' },
  'a name that ends like another request': { name: 'shop-order-backup-5gb', action: 'order' },
  'a slot that is taken over': { name: 'shop', action: 'adopt', product: 'positivessl' },
  'a slot that gets its request': { name: 'shop', action: 'activate', product: 'positivessl' },
  'a renewal of a name that ends like another action': { name: 'x-set-auto', action: 'renew' },
  'that other action, of the shorter name': { name: 'x', action: 'set-auto-renew' },
  'automatic renewal that is switched off': { name: 'shop', action: 'set-auto-renew' },
  'an add-on of a site': { name: 'guard', action: 'order', product: 'backup-5gb', licence },
  'another one of the same site': { name: 'guard', action: 'order', product: 'dns-pro', licence },
  'a licence whose product ends in a number': {
    name: 'guard',
    action: 'order',
    product: 'sitelock-911',
    licence,
  },
};

describe('where the approval of a request lies', () => {
  it.each(Object.entries(needs))('is told from branch and file for %s', (_, need) => {
    const item = need as PlanItem;
    const key = requestKey(item.name, requestedAction(item));
    const branch = branchOf([{ kind: 'action', key, item } as Wish]);
    const path = approvalPath(item.name, requestedAction(item));
    expect(keyOfBranch(branch)).toBe(key);
    expect(keyOfBranch(`${branch}-2`)).toBe(key);
    expect(keyOfPath(path)).toBe(key);
    expect(pathOfKey(key)).toBe(path);
  });

  it('is another one for each need', () => {
    const keys = Object.values(needs).map((need) => requestKey(need.name, requestedAction(need as PlanItem)));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is nobody else’s', () => {
    expect(keyOfPath('approvals/notes.yaml')).toBeUndefined();
    expect(keyOfBranch(`${BRANCH_PREFIX}x`)).toBeUndefined();
    expect(keyOfBranch(`${BRANCH_PREFIX}%zz-order`)).toBeUndefined();
  });
});
