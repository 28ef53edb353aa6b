import { fileURLToPath } from 'node:url';

/** Setup file: every test sees the same surroundings, whatever the machine and the shell it was started from. */
for (const name of Object.keys(process.env)) {
  const ours = name.startsWith('CERTWRIGHT_') && name !== 'CERTWRIGHT_REQUIRE_SYSTEM';
  // A test run from a git hook must not work on the repository that runs the hook.
  if (ours || name.startsWith('GIT_')) delete process.env[name];
}

Object.assign(process.env, {
  TZ: 'UTC',
  LC_ALL: 'C',
  NO_COLOR: '1',
  GIT_CONFIG_GLOBAL: fileURLToPath(new URL('gitconfig', import.meta.url)),
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Test Author',
  GIT_AUTHOR_EMAIL: 'author@example.com',
  GIT_COMMITTER_NAME: 'Test Committer',
  GIT_COMMITTER_EMAIL: 'committer@example.com',
});
delete process.env.FORCE_COLOR;
