import { describe, expect, it, onTestFinished } from 'vitest';
import { emptyStatus } from '../../../../src/model/status.js';
import { PaidProviderControl } from '../../../support/paid-provider/control.js';
import { startPaidProvider } from '../../../support/paid-provider/server.js';
import { certificate, order } from '../../../support/state.js';
import { TOKEN } from '../shop.js';
import { act, hosted, proposed } from './act.js';

const WIKI = { 'certificates/wiki.yaml': 'domain: wiki.example.com\n' };

describe('what a pull request is planned with', () => {
  it('uses address, credentials and limits of the branch, not those of the proposal', async () => {
    const { shop, github } = await hosted();
    const text = await shop.configuration();
    const pull = await proposed(github, {
      ...WIKI,
      'certwright.yaml': text
        .replace(shop.url, 'http://127.0.0.1:9')
        .replace('perOrder: 500 USD', 'perOrder: 1 USD'),
    });
    const { code, summary } = await act(shop, github, { event: 'pull_request', pull });
    expect(code).toBe(0);
    expect(summary).toContain('1 to order');
    expect(summary).not.toContain('unknown');
    expect(summary).toContain('policy changes');
    expect(summary).toContain('provider paid changes in url');
    expect(github.checks).toMatchObject([{ conclusion: 'action_required' }]);
  });

  it('plans what the merge gives: a head that is behind deletes nothing', async () => {
    const { shop, github } = await hosted();
    const pull = await proposed(github, WIKI);
    await github.push('main', { 'certificates/later.yaml': 'domain: later.example.com\n' });
    const { summary } = await act(shop, github, { event: 'pull_request', pull });
    expect(summary).toContain('`wiki`');
    expect(summary).not.toContain('archive');
    expect(summary).not.toContain('`later`');
  });

  it('shows what one line of defaults does to all', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`certificates/c${i}.yaml`, `domain: c${i}.example.com\n`]),
    );
    const { shop, github } = await hosted({ files: many });
    const text = await shop.configuration();
    const pull = await proposed(github, {
      'certwright.yaml': text.replace('maxPrice: 100 USD', 'maxPrice: 1 USD'),
    });
    const { summary, code, commands } = await act(shop, github, { event: 'pull_request', pull });
    expect(summary).toContain('31 held');
    expect(code).toBe(3);
    expect(commands.filter((line) => line.startsWith('::error'))).toEqual([
      '::error title=certwright%3A held back::Money was refused, or the plan is unsafe as a whole; nothing of it was carried out.',
    ]);
    expect(github.checks).toMatchObject([{ conclusion: 'failure' }]);
    expect(github.checks[0]?.annotations).toHaveLength(31);
  });

  it('says who would open every key from now on, and what touches our own files', async () => {
    const { shop, github } = await hosted();
    const other = `age1${'z'.repeat(58)}`;
    const text = await shop.configuration();
    const pull = await proposed(github, {
      'certwright.yaml': text.replace('recipients: [', `recipients: [${other}, `),
      'issued/shop/key.pem.age': 'mine',
    });
    const { code } = await act(shop, github, { event: 'pull_request', pull });
    expect(code).toBe(0);
    const body = github.comments[0]?.body ?? '';
    expect(body).toContain(`the recipient ${other} is new`);
    expect(body).toContain('issued/shop/key.pem.age');
    expect(github.checks).toMatchObject([{ conclusion: 'action_required' }]);
  });

  it('reads no variable that the branch does not allow', async () => {
    const { shop, github } = await hosted();
    const text = await shop.configuration();
    const pull = await proposed(github, {
      'certwright.yaml': `${text}manifestVariables: [PAID_SECRET]\n`,
      'certificates/spy.yaml': `domain: "\${PAID_SECRET}"\n`,
    });
    const context = { env: { PAID_TOKEN: TOKEN, PAID_SECRET: 'leaked.example.com' } };
    const { code, log, summary } = await act(shop, github, { event: 'pull_request', pull }, { context });
    expect(code).toBe(1);
    const all = [log, summary, ...github.comments.map(({ body }) => body)].join('\n');
    expect(all).not.toContain('leaked');
  });

  it('never opens an account that the proposal adds', async () => {
    const { shop, github } = await hosted();
    const text = await shop.configuration();
    const seller = await startPaidProvider({ nowMs: shop.clock.now(), token: TOKEN });
    onTestFinished(() => seller.close());
    const evil = `  evil: { type: paid-test, environment: rehearsal, url: "${seller.url}", credentials: { token: "\${PAID_TOKEN}" } }\n`;
    const pull = await proposed(github, {
      'certwright.yaml': text.replace('providers:\n', `providers:\n${evil}`),
      'certificates/new.yaml': 'domain: new.example.com\nprovider: evil\n',
    });
    const { code, summary } = await act(shop, github, { event: 'pull_request', pull });
    expect(code).toBe(0);
    expect(summary).toContain('provider evil is new');
    expect(summary).toContain('price unknown');
    expect(await new PaidProviderControl(seller.url).ledger()).toEqual([]);
  });
});

describe('a fork', () => {
  it('is planned without secrets from what was seen, and says so', async () => {
    const { shop, github } = await hosted();
    expect((await act(shop, github, { event: 'push' })).code).toBe(0);
    const fork = await github.fork();
    await github.push('wiki', { ...WIKI, 'certificates/bad.yaml': 'domian: x\n' }, fork);
    const pull = await github.openPull({ head: 'wiki', by: 'eve', fork });
    const before = await shop.control.ledger();
    const run = await act(
      shop,
      github,
      { event: 'pull_request', pull },
      {
        token: github.token({ permissions: { contents: 'read', 'pull-requests': 'read' } }),
        context: { env: { PAID_TOKEN: '' } },
      },
    );
    expect(run.code).toBe(1);
    expect(await shop.control.ledger()).toEqual(before);
    expect(run.summary).toContain('last seen on');
    expect(run.summary).toContain('the accounts were not asked');
    expect(run.summary).toMatch(/1 to order \(\d+\.\d\d USD/);
    expect(github.comments).toEqual([]);
    expect(run.commands.filter((line) => line.startsWith('::warning title=certwright'))).toEqual([]);
    expect(run.commands.some((line) => line.startsWith('::error file=certificates/bad.yaml,line=1'))).toBe(
      true,
    );
  });
});

describe('who decides', () => {
  it('are only the certificates that it changes', async () => {
    const ended = certificate('order-old', {
      names: ['old.example.com'],
      notBefore: '2026-05-01T00:00:00Z',
      notAfter: '2026-11-20T00:00:00Z',
    });
    const { shop, github } = await hosted({
      files: { 'certificates/old.yaml': 'domain: old.example.com\n', 'certificates/broken.yaml': 'x: 1\n' },
      statuses: [
        {
          ...emptyStatus('old'),
          orders: [
            order('order-old', {
              provider: 'paid',
              environment: 'rehearsal',
              names: ['old.example.com'],
              product: 'single',
            }),
          ],
          current: ended,
        },
      ],
    });
    const pull = await proposed(github, WIKI);
    const run = await act(shop, github, { event: 'pull_request', pull });
    expect(run.code).toBe(0);
    expect(run.summary).not.toContain('`old`');
    expect(run.summary).not.toContain('broken');
    const applied = await act(shop, github, { event: 'push' }, { inputs: { wait: '0s' } });
    expect(applied.code).toBe(4);
    expect(applied.commands.some((line) => line.includes('a person has to look'))).toBe(true);
    expect(JSON.parse(applied.outputs.attention ?? '')).toEqual(['old']);
  });
});

describe('the comment', () => {
  it('is not written where there is nothing to say', async () => {
    const { shop, github } = await hosted();
    const pull = await proposed(github, { 'README.md': 'hello\n' });
    expect((await act(shop, github, { event: 'pull_request', pull })).code).toBe(0);
    expect(github.comments).toEqual([]);
    expect(github.checks).toMatchObject([{ conclusion: 'success' }]);
  });

  it('holds no markup, mention or link of anybody', async () => {
    const { shop, github } = await hosted();
    const evil = '@ann ![x](https://evil.example/x.png) <img src=x> | #1 <!-- certwright:plan -->';
    const pull = await proposed(github, {
      'certificates/evil.yaml': `domain: evil.example.com\nowner: ${JSON.stringify(evil)}\nmaxPrice: 1 USD\nreissue: "::error::x\\n::set-output name=issued::evil"\n${JSON.stringify(evil)}: 1\n`,
    });
    const { log, commands } = await act(shop, github, { event: 'pull_request', pull });
    const body = (github.comments[0]?.body ?? '').replace('<!-- certwright:plan -->', '');
    expect(body).not.toMatch(/@ann|<img|!\[x\]|https:\/\/evil|<!--/);
    expect(log).not.toMatch(/^::set-output/m);
    expect(commands.every((line) => /^::(add-mask::|error |warning |certwright-)/.test(line))).toBe(true);
  });

  it('stays away from a pull request that was closed or pushed to meanwhile', async () => {
    const { shop, github } = await hosted();
    const pull = await proposed(github, WIKI);
    github.close(pull.number);
    expect((await act(shop, github, { event: 'pull_request', pull: { ...pull, state: 'open' } })).code).toBe(
      0,
    );
    expect(github.comments).toEqual([]);
  });

  it('is written anew where somebody deleted it', async () => {
    const { shop, github } = await hosted();
    const pull = await proposed(github, WIKI);
    await act(shop, github, { event: 'pull_request', pull });
    github.deleteComment(github.comments[0]?.id ?? 0);
    await act(shop, github, { event: 'pull_request', pull });
    expect(github.comments).toHaveLength(1);
  });

  it('is one, also of two runs at once', async () => {
    const { shop, github } = await hosted();
    const pull = await proposed(github, WIKI);
    const runs = await Promise.all([
      act(shop, github, { event: 'pull_request', pull }),
      act(shop, github, { event: 'pull_request', pull }),
    ]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect(github.comments).toHaveLength(1);
  });

  it('and the check are missed with the permission that is missing, and the plan stands on the page of the run', async () => {
    const { shop, github } = await hosted();
    const pull = await proposed(github, WIKI);
    const token = github.token({ permissions: { contents: 'write', 'pull-requests': 'read' } });
    const run = await act(shop, github, { event: 'pull_request', pull }, { token });
    expect(run.code).toBe(0);
    expect(run.commands.filter((line) => line.startsWith('::warning'))).toEqual([
      expect.stringContaining('"pull-requests: write"'),
      expect.stringContaining('"checks: write"'),
    ]);
    expect(run.summary).toContain('1 to order');
  });

  it('is left out under a rate limit, and the run is none the worse', async () => {
    const { shop, github } = await hosted();
    const pull = await proposed(github, WIKI);
    github.fault({
      match: /comments|check-runs/,
      status: 403,
      message: 'API rate limit exceeded',
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Date.UTC(2030, 0, 1) / 1000) },
    });
    const run = await act(shop, github, { event: 'pull_request', pull });
    expect(run.code).toBe(0);
    expect(run.commands.filter((line) => line.startsWith('::warning'))).toHaveLength(2);
  });
});

describe('what cannot be planned', () => {
  it('is a conflict, said once', async () => {
    const { shop, github } = await hosted();
    const pull = await proposed(github, { 'certificates/shop.yaml': 'domain: a.example.com\n' });
    await github.push('main', { 'certificates/shop.yaml': 'domain: b.example.com\n' });
    const run = await act(shop, github, { event: 'pull_request', pull });
    expect(run.code).toBe(0);
    expect(run.summary).toContain('conflicts');
    expect(github.comments).toHaveLength(1);
    expect(github.checks).toMatchObject([{ conclusion: 'neutral' }]);
  });

  it('is pull_request_target, which would hand secrets to strangers', async () => {
    const { shop, github } = await hosted();
    const pull = await proposed(github, WIKI);
    const run = await act(shop, github, { event: 'pull_request_target', pull });
    expect(run.code).toBe(1);
    expect(run.commands.at(-1)).toContain('on: pull_request');
    expect(github.calls).toEqual([]);
  });

  it('is a pull request into another branch', async () => {
    const { shop, github } = await hosted();
    await github.push('release', {});
    await github.push('change', WIKI);
    const pull = await github.openPull({ head: 'change', base: 'release' });
    const run = await act(shop, github, { event: 'pull_request', pull });
    expect(run.code).toBe(0);
    expect(run.commands.at(-1)).toContain('not the approval branch main');
    expect(github.comments).toEqual([]);
  });
});
