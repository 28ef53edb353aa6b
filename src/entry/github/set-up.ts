import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Configuration } from '../../model/configuration.js';
import { CertError } from '../../model/errors.js';
import { version } from '../version.js';
import { CODE_OWNERS_PLACES, withCodeOwners } from './code-owners.js';
import { commentWorkflowText, secretsOf, type WorkflowWishes, workflowText } from './workflow.js';

const WORKFLOW = '.github/workflows/certwright.yml';
const COMMENT_WORKFLOW = '.github/workflows/certwright-comment.yml';

export interface GitHubWishes extends WorkflowWishes {
  /** Absent: CODEOWNERS is left alone. */
  readonly codeOwner?: string;
  /** Overwrite a workflow that is there. */
  readonly force: boolean;
}

const ACTION = /^[\w.-]+\/[\w.-]+(?:\/[\w./-]+)?@[\w./-]+$/;
const OWNER = /^(?:@[\w-]+(?:\/[\w.-]+)?|[^\s@]+@[^\s@]+)$/;

/** @throws CertError `usage` */
export function gitHubWishes(options: Readonly<Record<string, unknown>>): GitHubWishes | undefined {
  const { github, action, codeOwner, force, dashboard, forkComments } = options;
  if (!github) {
    const alone = ['action', 'codeOwner', 'force', 'dashboard', 'forkComments'].find(
      (key) => options[key] !== undefined && options[key] !== false,
    );
    if (alone === undefined) return undefined;
    throw new CertError(
      'usage',
      `--${alone.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)} goes with --github`,
    );
  }
  const uses = typeof action === 'string' ? action : `certwright/certwright@v${version}`;
  if (!ACTION.test(uses)) {
    throw new CertError('usage', `--action ${uses} names no version of an action`, {
      remedy: 'write owner/name@ref, best with the 40 digits of a commit',
    });
  }
  if (codeOwner !== undefined && !OWNER.test(String(codeOwner))) {
    throw new CertError('usage', `--code-owner ${String(codeOwner)} is nobody`, {
      remedy: 'write @user, @organisation/team or a mail address',
    });
  }
  return {
    action: uses,
    force: force === true,
    dashboard: dashboard === true,
    forkComments: forkComments === true,
    ...(codeOwner === undefined ? {} : { codeOwner: String(codeOwner) }),
  };
}

export interface GitHubFiles {
  readonly written: readonly string[];
  /** There already, different, and left alone. */
  readonly kept: readonly string[];
  /** What is left to do, in order. */
  readonly next: readonly string[];
}

/** Writes the workflows and the lines of CODEOWNERS below `root`, and says what only a person can do. */
export async function setUpGitHub(
  root: string,
  configuration: Configuration,
  wishes: GitHubWishes,
): Promise<GitHubFiles> {
  const owners = wishes.codeOwner === undefined ? [] : codeOwners(root, wishes.codeOwner);
  const workflows = [
    { path: WORKFLOW, text: workflowText(configuration, wishes) },
    ...(wishes.forkComments ? [{ path: COMMENT_WORKFLOW, text: commentWorkflowText(wishes) }] : []),
  ].map((file) => ({ ...file, before: textAt(root, file.path) }));
  const different = workflows.filter(({ text, before }) => before !== text);
  const kept = wishes.force ? [] : different.filter(({ before }) => before !== undefined);
  const files = [...different.filter((file) => !kept.includes(file)), ...owners];
  for (const { path, text } of files) {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  }
  return {
    written: files.map(({ path }) => path),
    kept: kept.map(({ path }) => path),
    next: nextSteps(configuration, wishes),
  };
}

function codeOwners(
  root: string,
  owner: string,
): readonly { readonly path: string; readonly text: string }[] {
  const path = CODE_OWNERS_PLACES.find((place) => existsSync(join(root, place))) ?? '.github/CODEOWNERS';
  const text = withCodeOwners(textAt(root, path) ?? '', owner);
  return text === undefined ? [] : [{ path, text }];
}

/** Never through a link: it may lead out of the repository. @throws CertError `usage` */
function textAt(root: string, path: string): string | undefined {
  const file = join(root, path);
  if (!existsSync(file)) return undefined;
  if (lstatSync(file).isFile()) return readFileSync(file, 'utf8');
  throw new CertError('usage', `${path} is no plain file`, { remedy: 'move it away first' });
}

function nextSteps(configuration: Configuration, { codeOwner }: GitHubWishes): readonly string[] {
  const { plan, apply, variables, identity, files } = secretsOf(configuration);
  const secrets = [...new Set([...plan, ...apply, ...(identity ? ['CERTWRIGHT_IDENTITY'] : [])])];
  const { approval, state } = configuration.branches;
  return [
    ...secrets.map((name) =>
      name === 'CERTWRIGHT_IDENTITY'
        ? `gh secret set ${name} < runner.txt   (init wrote that file)`
        : `gh secret set ${name}`,
    ),
    ...variables.map((name) => `gh variable set ${name}`),
    ...files.map((path) => `${path} is no file of GitHub's runners: take a variable instead`),
    `protect ${approval}: pull requests, reviewed${codeOwner === undefined ? '' : ' by code owners'}; merging approves`,
    `protect ${state} and certwright/seen: no force pushes, no deletion`,
    'let Actions open pull requests, for approvals (Settings, Actions, General)',
    'commit the files, and push them',
    '`certwright doctor --github` then tells what is missing',
  ];
}
