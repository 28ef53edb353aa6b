// CHANGELOG.md in the form of Keep a Changelog 1.1: read, checked, and turned into the notes of a release.

const KINDS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
const VERSION = /^(\d+)\.(\d+)\.(\d+)$/;

/** @returns {number} below zero where `a` is the older one */
const compareVersions = (a, b) => {
  const [x, y] = [a, b].map((version) => VERSION.exec(version).slice(1).map(Number));
  const at = x.findIndex((part, i) => part !== y[i]);
  return at < 0 ? 0 : x[at] - y[at];
};

/**
 * @typedef {{ name: string, date?: string, line: number, body: string }} Section
 * @returns {Section[]} in the order of the file; `name` is a version or `Unreleased`
 */
function sectionsOf(text) {
  const sections = [];
  for (const [i, line] of text.split('\n').entries()) {
    const heading = /^## (.*)$/.exec(line);
    if (heading) {
      const [, name = heading[1], date] = /^\[([^\]]+)\](?: - (.+))?$/.exec(heading[1]) ?? [];
      sections.push({ name, date, line: i + 1, body: '' });
    } else if (sections.length > 0 && !/^\[[^\]]+\]: /.test(line)) {
      sections.at(-1).body += `${line}\n`;
    }
  }
  return sections;
}

/** What is wrong with the file, one sentence each, with its line. */
export function changelogProblems(text) {
  const problems = [];
  const say = (line, what) => problems.push(`CHANGELOG.md:${line}: ${what}`);
  const sections = sectionsOf(text);
  if (sections[0]?.name !== 'Unreleased')
    say(sections[0]?.line ?? 1, 'the first section is `## [Unreleased]`');
  const released = sections.slice(1);
  for (const [i, { name, date, line, body }] of released.entries()) {
    if (!VERSION.test(name)) say(line, `"${name}" is no version: write \`## [1.2.3] - 2027-01-31\``);
    else if (!isDay(date)) say(line, `${name} has no date: write \`## [${name}] - 2027-01-31\``);
    if (body.trim() === '') say(line, `${name} tells of no change`);
    const next = released[i + 1];
    if (next && VERSION.test(name) && VERSION.test(next.name) && compareVersions(name, next.name) <= 0)
      say(next.line, `${next.name} stands below ${name}, which is not newer`);
  }
  for (const { name, line, body } of sections) {
    for (const [i, text] of body.split('\n').entries()) {
      const kind = /^### (.*)$/.exec(text)?.[1];
      if (kind !== undefined && !KINDS.includes(kind))
        say(line + i + 1, `"${kind}" in ${name} is none of ${KINDS.join(', ')}`);
    }
  }
  return problems;
}

const isDay = (text) => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text ?? '')) return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
};

/** Notes of a version, without its heading; undefined where there is no such section. */
export const notesOf = (text, version) =>
  sectionsOf(text)
    .find(({ name }) => name === version)
    ?.body.trim();

/** The file with what is unreleased under a version. @throws Error where there is nothing to release */
export function withRelease(text, version, day) {
  const [unreleased, last] = sectionsOf(text);
  if (unreleased?.name !== 'Unreleased' || unreleased.body.trim() === '')
    throw new Error('CHANGELOG.md has nothing under [Unreleased]: there is nothing to release');
  if (last && compareVersions(version, last.name) <= 0)
    throw new Error(`${version} is not newer than ${last.name}, the last version in CHANGELOG.md`);
  return text.replace('## [Unreleased]\n', `## [Unreleased]\n\n## [${version}] - ${day}\n`);
}

/** `major`, `minor`, `patch`, or a version that is newer. @throws Error */
export function nextVersion(current, wanted) {
  const [major, minor, patch] = VERSION.exec(current).slice(1).map(Number);
  const next = {
    major: `${major + 1}.0.0`,
    minor: `${major}.${minor + 1}.0`,
    patch: `${major}.${minor}.${patch + 1}`,
  }[wanted];
  if (next) return next;
  if (!VERSION.test(wanted))
    throw new Error(`"${wanted}" is neither major, minor, patch nor a version like 1.2.3`);
  if (compareVersions(wanted, current) < 0) throw new Error(`${wanted} is older than ${current}`);
  return wanted;
}
