import { parse } from 'yaml';
import { at, isObject, textAt } from '../../config/json.js';
import type { Json, JsonObject } from '../../model/json.js';

/** A permission a job lacks, and what comes of it. */
export interface Lack {
  readonly job: string;
  /** As `permissions:` names it: `contents: write`. */
  readonly permission: string;
  readonly without: string;
  /** Nothing works without it. */
  readonly isVital: boolean;
}

/** What can be read from a workflow about the jobs that run the Action. */
export interface WorkflowReading {
  /** Jobs with a step that is the Action. */
  readonly jobs: readonly string[];
  readonly lacks: readonly Lack[];
  /** A job that carries out uses the workflow's own token, not an app's; so does what nobody knows. */
  readonly usesOwnToken: boolean;
  readonly isScheduled: boolean;
}

/** Does a run by schedule begin the days anew after which GitHub stops it? What nobody could read does not count. */
export const keepsAlive = (reading: WorkflowReading | undefined): boolean =>
  reading !== undefined &&
  reading.jobs.length > 0 &&
  !reading.lacks.some(({ permission }) => permission === 'actions: write');

/** `owner/certwright@ref`, whoever's copy it is, and the Action of the checkout itself. */
const ACTION = /(?:^|\/)certwright(?:\/[^@]*)?@|^\.\/$/;

/**
 * What `permissions:` of a workflow gives the jobs that run certwright, set against what they do.
 * @param text  the workflow; undefined is returned where it is no YAML with jobs
 * @param isPublic  schedules of public repositories need somebody who keeps them alive
 */
export function readWorkflow(text: string, isPublic: boolean): WorkflowReading | undefined {
  const workflow = parsed(text);
  const jobs = at(workflow, 'jobs');
  if (workflow === undefined || !isObject(jobs)) return undefined;
  const triggers = triggersOf(at(workflow, 'on'));
  const found = Object.entries(jobs).flatMap(([name, job]) => {
    const step = stepOf(job);
    return step === undefined ? [] : [readJob(name, job, step, workflow, triggers, isPublic)];
  });
  return {
    jobs: found.map(({ name }) => name),
    lacks: found.flatMap(({ lacks }) => lacks),
    usesOwnToken: found.length === 0 || found.some(({ applies, ownToken }) => applies && ownToken),
    isScheduled: triggers.has('schedule'),
  };
}

function parsed(text: string): Json | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function triggersOf(on: Json | undefined): ReadonlySet<string> {
  if (typeof on === 'string') return new Set([on]);
  if (Array.isArray(on)) return new Set(on.filter((one) => typeof one === 'string'));
  return new Set(isObject(on) ? Object.keys(on) : []);
}

function stepOf(job: Json): JsonObject | undefined {
  const steps = at(job, 'steps');
  if (!Array.isArray(steps)) return undefined;
  return steps.find((step): step is JsonObject => isObject(step) && ACTION.test(textAt(step, 'uses') ?? ''));
}

function readJob(
  name: string,
  job: Json,
  step: JsonObject,
  workflow: Json,
  triggers: ReadonlySet<string>,
  isPublic: boolean,
) {
  const inputs = at(step, 'with');
  const isOff = (input: string): boolean => String(at(inputs, input)) === 'false';
  const mode = textAt(inputs, 'mode') ?? 'auto';
  const onlyIf = textAt(job, 'if') ?? '';
  const plans =
    (mode === 'plan' || mode === 'auto') &&
    triggers.has('pull_request') &&
    !/!=\s*'pull_request'/.test(onlyIf);
  const applies = (mode === 'apply' || mode === 'auto') && !/==\s*'pull_request'/.test(onlyIf);
  const token = textAt(inputs, 'token');
  const ownToken = token === undefined || /github\.token|secrets\.GITHUB_TOKEN/.test(token);
  const has = granted(at(job, 'permissions') ?? at(workflow, 'permissions'));
  const lack = (permission: string, without: string, isVital = false): readonly Lack[] =>
    has(permission) ? [] : [{ job: name, permission, without, isVital }];
  const lacks = [
    ...(applies
      ? lack('contents: write', 'nothing can be ordered: the state branch cannot be pushed', true)
      : []),
    ...(plans && !applies ? lack('contents: read', 'nothing can be read', true) : []),
    ...(plans && ownToken && !isOff('comment') ? lack('pull-requests: write', 'there is no comment') : []),
    ...(plans && ownToken && !isOff('check')
      ? lack('checks: write', 'there is no check, and notes come from the log')
      : []),
    ...(applies && ownToken && !isOff('approvals')
      ? lack('pull-requests: write', 'nobody is asked for approvals')
      : []),
    ...(applies && ownToken && String(at(inputs, 'dashboard')) === 'true'
      ? lack('issues: write', 'there is no dashboard')
      : []),
    ...(applies && ownToken && isPublic && triggers.has('schedule')
      ? lack('actions: write', 'GitHub stops the schedule after 60 days without activity')
      : []),
  ];
  return { name, applies, ownToken, lacks };
}

/** https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions */
function granted(permissions: Json | undefined): (permission: string) => boolean {
  // What nobody wrote down is a setting of the repository or the organisation, and may give everything.
  if (permissions === undefined) return () => true;
  return (permission) => {
    const [name = '', level] = permission.split(': ');
    if (permissions === 'write-all') return true;
    const given = permissions === 'read-all' ? 'read' : at(permissions, name);
    return given === 'write' || (level === 'read' && given === 'read');
  };
}
