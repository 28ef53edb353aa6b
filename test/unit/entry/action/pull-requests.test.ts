import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { emptyStatus } from '../../../../src/model/status.js';
import { PaidProviderControl } from '../../../support/paid-provider/control.js';
import { startPaidProvider } from '../../../support/paid-provider/server.js';
import { certificate, order } from '../../../support/state.js';
import { TOKEN } from '../shop.js';
import { act, hosted, proposed } from './act.js';

const WIKI = { 'certificates/wiki.yaml': 'domain: wiki.example.com\n' };

describe('what a pull request is planned with', () => {
  it('is the merge: manifests, defaults and prices of the proposal, everything that opens, spends or runs of the branch', async () => {
    const { shop, github } = await hosted();
    const text = await shop.configuration();

    const elsewhere = await proposed(github, {
      ...WIKI,
      'certwright.yaml': text
        .replace(shop.url, 'http://127.0.0.1:9')
        .replace('perOrder: 500 USD', 'perOrder: 1 USD'),
    });
    const asked = await act(shop, github, { event: 'pull_request', pull: elsewhere });
    expect(asked.code).toBe(0);
    expect(asked.summary).toContain('1 to order');
    expect(asked.summary).not.toContain('unknown');
    expect(asked.summary).toContain('policy changes');
    expect(asked.summary).toContain('provider paid changes in url');
    expect(github.checks).toMatchObject([{ conclusion: 'action_required' }]);

    const other = `age1${'z'.repeat(58)}`;
    const touching = await proposed(
      github,
      {
        'certwright.yaml': text.replace('recipients: [', `recipients: [${other}, `),
        'issued/shop/key.pem.age': 'mine',
      },
      'touching',
    );
    const touched = await act(shop, github, { event: 'pull_request', pull: touching });
    expect(touched.code).toBe(0);
    expect(touched.summary).toContain(`the recipient ${other} is new`);
    expect(touched.summary).toContain('issued/shop/key.pem.age');
    expect(github.checks.at(-1)).toMatchObject({ conclusion: 'action_required' });

    const spying = await proposed(
      github,
      {
        'certwright.yaml': `${text}manifestVariables: [PAID_LOGIN]\n`,
        'certificates/spy.yaml': `domain: "\${PAID_LOGIN}"\n`,
      },
      'spying',
    );
    const context = { env: { PAID_TOKEN: TOKEN, PAID_LOGIN: 'leaked value' } };
    const spied = await act(shop, github, { event: 'pull_request', pull: spying }, { context });
    expect(spied.code).toBe(1);
    const all = [spied.log, spied.summary, ...github.comments.map(({ body }) => body)].join('\n');
    expect(all).not.toContain('leaked');
    const checked = await act(
      shop,
      github,
      { event: 'pull_request', pull: spying },
      { context, inputs: { mode: 'validate' } },
    );
    expect({ code: checked.code, mode: checked.outputs.mode }).toEqual({ code: 0, mode: 'validate' });
    expect(checked.log).not.toContain('leaked');

    const seller = await startPaidProvider({ nowMs: shop.clock.now(), token: TOKEN });
    onTestFinished(() => seller.close());
    const evil = `  evil: { type: paid-test, environment: rehearsal, url: "${seller.url}", credentials: { token: "\${PAID_TOKEN}" } }\n`;
    const adding = await proposed(
      github,
      {
        'certwright.yaml': text.replace('providers:\n', `providers:\n${evil}`),
        'certificates/new.yaml': 'domain: new.example.com\nprovider: evil\n',
      },
      'adding',
    );
    const added = await act(shop, github, { event: 'pull_request', pull: adding });
    expect(added.code).toBe(0);
    expect(added.summary).toContain('provider evil is new');
    expect(added.summary).toContain('price unknown');
    expect(await new PaidProviderControl(seller.url).ledger()).toEqual([]);
  });

  it('shows what one line of defaults does to all, and no deletion for a head that is behind', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`certificates/c${i}.yaml`, `domain: c${i}.example.com\n`]),
    );
    const { shop, github } = await hosted({ files: many });
    const text = await shop.configuration();
    const pull = await proposed(github, {
      'certwright.yaml': text.replace('maxPrice: 100 USD', 'maxPrice: 1 USD'),
    });
    await github.push('main', { 'certificates/later.yaml': 'domain: later.example.com\n' });
    const { summary, code, commands } = await act(shop, github, { event: 'pull_request', pull });
    expect(summary).toContain('32 held');
    expect(summary).not.toContain('archive');
    expect(code).toBe(3);
    expect(commands.filter((line) => line.startsWith('::error'))).toEqual([
      '::error title=certwright%3A held back::Money was refused, or the plan is unsafe as a whole; nothing of it was carried out.',
    ]);
    expect(github.checks).toMatchObject([{ conclusion: 'failure' }]);
    expect(github.checks[0]?.annotations).toHaveLength(32);
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
  it('is one, and there only where there is something to say', async () => {
    const { shop, github } = await hosted();
    const silent = await proposed(github, { 'README.md': 'hello\n' }, 'silent');
    expect((await act(shop, github, { event: 'pull_request', pull: silent })).code).toBe(0);
    expect(github.comments).toEqual([]);
    expect(github.checks).toMatchObject([{ conclusion: 'success' }]);

    const pull = await proposed(github, WIKI);
    const run = () => act(shop, github, { event: 'pull_request', pull });
    expect((await Promise.all([run(), run()])).map(({ code }) => code)).toEqual([0, 0]);
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0]?.body).toContain('<sub>run test</sub>');
    await act(shop, github, { event: 'pull_request', pull }, { context: { runId: '0badcafe' } });
    expect(github.comments[0]?.body).toContain('<sub>run test</sub>');

    github.deleteComment(github.comments[0]?.id ?? 0);
    await run();
    expect(github.comments).toHaveLength(1);

    github.deleteComment(github.comments[0]?.id ?? 0);
    github.close(pull.number);
    expect((await act(shop, github, { event: 'pull_request', pull: { ...pull, state: 'open' } })).code).toBe(
      0,
    );
    expect(github.comments).toEqual([]);
  });

  it('holds no markup, mention or link of anybody, and the log no command', async () => {
    const { shop, github } = await hosted();
    const evil = '@ann ![x](https://evil.example/x.png) <img src=x> | #1 <!-- certwright:plan -->';
    const pull = await proposed(github, {
      'certificates/evil.yaml': `domain: evil.example.com\nowner: ${JSON.stringify(evil)}\nmaxPrice: 1 USD\nreissue: "::error::x\\n::set-output name=issued::evil"\n${JSON.stringify(evil)}: 1\n`,
    });
    const { log, commands } = await act(shop, github, { event: 'pull_request', pull });
    const body = (github.comments[0]?.body ?? '').replace('<!-- certwright:plan -->', '');
    expect(body).toContain('evil');
    expect(body).not.toMatch(/@ann|<img|!\[x\]|https:\/\/evil|<!--/);
    expect(log).not.toMatch(/^::set-output/m);
    expect(commands.every((line) => /^::(add-mask::|error |warning |certwright-)/.test(line))).toBe(true);
  });

  it('and the check are missed with their permission or under a rate limit, and the run is none the worse', async () => {
    const { shop, github } = await hosted();
    const pull = await proposed(github, WIKI);
    const token = github.token({ permissions: { contents: 'write', 'pull-requests': 'read' } });
    const blind = await act(shop, github, { event: 'pull_request', pull }, { token });
    expect(blind.code).toBe(0);
    expect(blind.commands.filter((line) => line.startsWith('::warning'))).toEqual([
      expect.stringContaining('"pull-requests: write"'),
      expect.stringContaining('"checks: write"'),
    ]);
    expect(blind.summary).toContain('1 to order');

    github.fault({
      match: /comments|check-runs/,
      status: 403,
      message: 'API rate limit exceeded',
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Date.UTC(2030, 0, 1) / 1000) },
    });
    const limited = await act(shop, github, { event: 'pull_request', pull });
    expect(limited.code).toBe(0);
    expect(limited.commands.filter((line) => line.startsWith('::warning'))).toHaveLength(2);
  });
});

describe('what cannot be planned', () => {
  it('reads no variable where the branch has no configuration that says which', async () => {
    const { shop, github } = await hosted();
    const text = await readFile(join(shop.clone, 'certwright.yaml'), 'utf8');
    await github.push('main', { 'certwright.yaml': null });
    const pull = await proposed(github, {
      'certwright.yaml': `${text}manifestVariables: [HOOK_ADDRESS]\n`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as a manifest has it
      'certificates/shop.yaml': 'domain: "${HOOK_ADDRESS}"\nproduct: "${HOOK_ADDRESS}"\n',
    });
    const env = { HOOK_ADDRESS: 'canary_hook_9f3c' };
    const run = await act(shop, github, { event: 'pull_request', pull }, { context: { env } });
    const told = [run.log, run.summary, JSON.stringify([run.outputs, github.comments, github.checks])];
    expect(told.join('\n')).not.toContain('canary');
    expect(told.join('\n')).not.toContain('is not set');
  });

  it('is a conflict, another branch, and pull_request_target, which would hand secrets to strangers', async () => {
    const { shop, github } = await hosted();
    await github.push('release', {});
    const pull = await proposed(github, { 'certificates/shop.yaml': 'domain: a.example.com\n' });
    const target = await act(shop, github, { event: 'pull_request_target', pull });
    expect(target.code).toBe(1);
    expect(target.commands.at(-1)).toContain('on: pull_request');
    expect(github.calls).toEqual([]);

    await github.push('main', { 'certificates/shop.yaml': 'domain: b.example.com\n' });
    const conflict = await act(shop, github, { event: 'pull_request', pull });
    expect(conflict.code).toBe(0);
    expect(conflict.summary).toContain('conflicts');
    expect(github.comments).toHaveLength(1);
    expect(github.checks).toMatchObject([{ conclusion: 'neutral' }]);

    const elsewhere = await github.openPull({ head: 'change', base: 'release' });
    const run = await act(shop, github, { event: 'pull_request', pull: elsewhere });
    expect(run.code).toBe(0);
    expect(run.commands.at(-1)).toContain('not the approval branch main');
    expect(github.comments).toHaveLength(1);
  });
});
