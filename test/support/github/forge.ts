import { onTestFinished } from 'vitest';
import { openGitHub } from '../../../src/forge/github/index.js';
import { Secret } from '../../../src/model/secret.js';
import type { Forge } from '../../../src/ports/forge.js';
import { manualClock } from '../manual-clock.js';
import { memoryLog } from '../memory-log.js';
import type { FakeGitHub, TokenOptions } from './server.js';

/** The adapter on a fake GitHub, with a token of its own; pauses between repetitions last hardly. */
export function forgeOf(
  github: FakeGitHub,
  token: TokenOptions & { readonly text?: string } = {},
  signal: AbortSignal = new AbortController().signal,
): Forge {
  const forge = openGitHub({
    repository: github.repository,
    apiUrl: github.apiUrl,
    serverUrl: 'https://github.test',
    token: new Secret(token.text ?? github.token(token)),
    userAgent: 'certwright-test',
    clock: manualClock(),
    log: memoryLog(),
    signal,
    secondMs: 1,
  });
  onTestFinished(() => forge.close());
  return forge;
}
