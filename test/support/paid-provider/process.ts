import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inject } from 'vitest';
import type { PaidProviderOptions } from './server.js';

export interface PaidProviderProcess {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  close(): Promise<void>;
}

/** The seller as a process of its own, so that it outlives whatever is killed beside it. */
export async function spawnPaidProvider(options: PaidProviderOptions = {}): Promise<PaidProviderProcess> {
  const child = spawn(process.execPath, [join(inject('packed'), 'seller.js'), JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line'), exited.then(() => undefined)]);
  const [line]: unknown[] = first ?? [];
  if (typeof line !== 'string' || child.pid === undefined) throw new Error('the seller did not start');
  const { url, token } = JSON.parse(line);
  return {
    url,
    token,
    pid: child.pid,
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
