import { devNull } from 'node:os';

/** One line of git configuration: `section.subsection.key` and its value. */
export type Setting = readonly [key: string, value: string];

/** Variables that would point git at another repository, or make it write traffic and credentials to stderr. */
const DROPPED = new Set([
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_CONFIG',
  'GIT_GRAFT_FILE',
  'GIT_SHALLOW_FILE',
  'GIT_QUARANTINE_PATH',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_REPLACE_REF_BASE',
  'GIT_CURL_VERBOSE',
]);

const isDropped = (name: string): boolean =>
  DROPPED.has(name) || name.startsWith('GIT_TRACE') || /^GIT_CONFIG_(COUNT|KEY_\d+|VALUE_\d+)$/.test(name);

/** Settings that the caller's own environment brings by `GIT_CONFIG_COUNT`. */
function ambientSettings(ambient: NodeJS.ProcessEnv): readonly Setting[] {
  const count = Number(ambient.GIT_CONFIG_COUNT ?? 0);
  if (!Number.isSafeInteger(count)) return [];
  return Array.from({ length: count }, (_, index): Setting => {
    const key = ambient[`GIT_CONFIG_KEY_${index}`] ?? '';
    return [key, ambient[`GIT_CONFIG_VALUE_${index}`] ?? ''];
  }).filter(([key]) => key !== '');
}

/** What our own clone insists on, whatever a person's configuration says. */
const OURS: readonly Setting[] = [
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['core.hooksPath', devNull],
  ['fetch.recurseSubmodules', 'false'],
  ['push.recurseSubmodules', 'no'],
  ['push.gpgSign', 'false'],
  ['push.followTags', 'false'],
];

/**
 * Environment of every git process: the caller's without what would redirect it, one language, no prompts, and
 * `settings` by `GIT_CONFIG_COUNT`, so that credentials stand in no argument list.
 */
export function gitEnvironment(
  ambient: NodeJS.ProcessEnv,
  settings: readonly Setting[] = [],
): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(ambient)) if (!isDropped(name)) env[name] = value;
  const all = [...settings, ...ambientSettings(ambient), ...OURS];
  all.forEach(([key, value], index) => {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return {
    ...env,
    GIT_CONFIG_COUNT: String(all.length),
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    LC_ALL: 'C',
    LANGUAGE: 'C',
  };
}
