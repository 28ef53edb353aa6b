import { describe, expect, it } from 'vitest';
import {
  boxesOf,
  findDashboard,
  refreshDashboard,
  retryTicked,
} from '../../../../src/entry/forge/dashboard.js';
import { openWorkplace } from '../../../../src/entry/workplace.js';
import { DAY_MS, HOUR_MS } from '../../../../src/model/time.js';
import { forgeOf } from '../../../support/github/forge.js';
import { fakeGitHub } from '../../../support/github/server.js';
import { order, status } from '../../../support/state.js';
import { openShop } from '../shop.js';

const ANN = { login: 'ann', type: 'User' } as const;

/** A certificate that failed at the seller and is tried again in a day. */
async function failing() {
  const failure = {
    code: 'provider.refused',
    message: 'the seller said @no',
    count: 4,
    lastAt: '2026-11-22T10:00:00Z',
  } as const;
  const shop = await openShop({
    statuses: [status('shop', { orders: [order('o-1')], failures: { purchase: failure } })],
  });
  const github = await fakeGitHub({ remote: shop.remote, nowMs: shop.clock.now });
  github.role('ann', 'write');
  const forge = forgeOf(github);
  const context = shop.context();
  const workplace = await openWorkplace(context, { json: false, identity: [] });
  return {
    shop,
    github,
    forge,
    workplace,
    page: () => github.topics.at(-1),
    refresh: (heeded: readonly string[] = []) =>
      refreshDashboard(context, workplace, forge, heeded, undefined),
    async tick(by: { readonly login: string; readonly type: 'User' | 'Bot' }) {
      const issue = github.topics.at(-1);
      const ticked = issue?.body.replace('- [ ]', '- [x]') ?? '';
      shop.clock.advance(HOUR_MS);
      github.edit(issue?.number ?? 0, by, ticked);
    },
    async boxes() {
      const issue = await findDashboard(forge);
      if (!issue) throw new Error('no dashboard');
      return boxesOf(forge, issue);
    },
  };
}

describe('the dashboard issue', () => {
  it('is one, and changes only when what it says does: at most once on an idle day', async () => {
    const { shop, github, refresh, page, workplace } = await failing();
    await refresh();
    expect(page()?.title).toBe('certwright: dashboard');
    expect(page()?.labels).toEqual(['certwright-dashboard']);
    expect(page()?.body).toContain('- `paid (REHEARSAL)`: 500.00 USD'.replaceAll('`', ''));
    const asked = (await shop.control.ledger()).length;
    const edits = () => page()?.edits.length;
    for (let hour = 0; hour < 11; hour++) {
      shop.clock.advance(HOUR_MS);
      await refresh();
    }
    expect(edits()).toBe(0);
    // Nobody is asked for a balance again before the next day.
    expect((await shop.control.ledger()).length).toBe(asked);
    shop.clock.advance(HOUR_MS);
    for (let hour = 0; hour < 20; hour++) {
      shop.clock.advance(HOUR_MS);
      await refresh();
    }
    expect(edits()).toBe(1);
    expect(github.topics).toHaveLength(1);
    expect(github.unknown).toEqual([]);
    await workplace.close();
  });

  it('stays closed where a person closed it', async () => {
    const { github, refresh, page, shop, workplace } = await failing();
    await refresh();
    const first = page();
    if (first) first.state = 'closed';
    shop.clock.advance(2 * DAY_MS);
    expect(await refresh()).toBeUndefined();
    expect(first?.edits).toEqual([]);
    expect(github.topics).toHaveLength(1);
    await workplace.close();
  });

  it('of a stranger is none of ours', async () => {
    const { github, refresh, workplace, forge } = await failing();
    const mallory = forgeOf(github, { login: 'mallory' });
    await mallory.issues.create('dashboard', {
      title: 'mine',
      body: 'all is well',
      labels: ['certwright-dashboard'],
    });
    await refresh();
    expect(github.topics).toHaveLength(2);
    expect((await findDashboard(forge))?.title).toBe('certwright: dashboard');
    await workplace.close();
  });

  it('names the permission that is missing', async () => {
    const { github, workplace, shop } = await failing();
    const poor = forgeOf(github, { permissions: { contents: 'write', issues: 'read' } });
    await expect(refreshDashboard(shop.context(), workplace, poor, [], undefined)).rejects.toMatchObject({
      code: 'forge.permission',
      message: expect.stringContaining('issues: write'),
    });
    await workplace.close();
  });
});

describe('a box that is ticked', () => {
  it('by somebody who may write is `certwright retry`, once', async () => {
    const { shop, refresh, tick, boxes, page, workplace } = await failing();
    await refresh();
    expect(await boxes()).toEqual({ names: [] });
    await tick(ANN);
    expect(await boxes()).toEqual({ names: ['shop'] });
    // Ticked while a run was under way: kept for the next.
    await refresh([]);
    expect(await boxes()).toEqual({ names: ['shop'] });
    expect(await retryTicked(workplace, ['shop'])).toEqual([]);
    expect((await shop.status('shop')).failures).toEqual({});
    await refresh(['shop']);
    expect(page()?.body).not.toContain('[x]');
    expect(page()?.body).not.toContain('Try `shop`');
    await workplace.close();
  });

  it('is not honoured from anybody else, nor where somebody else edited the page before', async () => {
    const { github, shop, refresh, tick, boxes, page, workplace } = await failing();
    await refresh();
    await tick({ login: 'eve', type: 'User' });
    github.role('eve', 'triage');
    expect(await boxes()).toEqual({
      names: ['shop'],
      refused: 'eve edited the page and may not write to this repository',
    });
    // Somebody with every right touches another word: the box is still eve's.
    github.edit(page()?.number ?? 0, ANN, `${page()?.body}\nhello`);
    expect((await boxes()).refused).toMatch(/^eve/);
    await refresh(['shop']);
    expect(page()?.body).not.toContain('[x]');
    expect((await shop.status('shop')).failures).not.toEqual({});
    await workplace.close();
  });

  it('for something that is not there is told', async () => {
    const { workplace } = await failing();
    expect(await retryTicked(workplace, ['nothing'])).toEqual([
      expect.stringContaining('knows no certificate'),
    ]);
    await workplace.close();
  });
});
