/** The command's own sandbox as a process. */
import { testEnv } from '../support/git.js';
import { type Started, start } from './stage.js';

/** `export NAME=value` lines of what the command printed. */
export const exported = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(/([A-Z_]+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]),
  );

export interface Serving {
  readonly process: Started;
  readonly printed: string;
  readonly url: string;
}

/** The command, once it has printed everything and serves. */
export async function serving(cwd: string, args: readonly string[]): Promise<Serving> {
  const process = start(args, { cwd, env: testEnv() });
  const printed = await new Promise<string>((settle, fail) => {
    let text = '';
    process.child.stdout?.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('Ctrl-C stops it.')) settle(text);
    });
    process.ended.then(({ said }) => fail(new Error(said)), fail);
  });
  return { process, printed, url: /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0] ?? '' };
}
