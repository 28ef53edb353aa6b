import type { createServer, IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { CertError } from '../../model/errors.js';
import type { WireReply } from './definition.js';
import type { FaultRule } from './faults.js';

const MAX_BODY_BYTES = 1_000_000;
const broken = (status: number, body: string): WireReply => ({ status, type: 'text/html', body });

/** What became of a call on its way to the shop and back. @param closing  aborted when the sandbox stops */
export async function onTheLine(
  fault: FaultRule | undefined,
  act: () => Promise<WireReply>,
  closing: AbortSignal,
): Promise<WireReply | 'cut'> {
  switch (fault?.name) {
    case 'drop-before':
      return 'cut';
    case 'drop-after':
      await act();
      return 'cut';
    case 'slow': {
      const reply = await act();
      // A slow reply does not keep a sandbox alive that is told to stop.
      return pause(Number(fault.value), reply, { signal: closing }).catch(() => 'cut' as const);
    }
    case 'status':
      return broken(Number(fault.value), '<html>try again later</html>\n');
    case 'status-after':
      await act();
      return broken(Number(fault.value), '<html>try again later</html>\n');
    case 'garbage':
      await act();
      return broken(200, '<html><title>Maintenance</title></html>\n');
    default:
      return act();
  }
}

/** undefined: longer than any provider takes. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** `%21` and `!` are one path; a path that does not decode is taken as it stands. */
export function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** On loopback and nowhere else. @throws CertError when the port cannot be had */
export function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const busy = error.code === 'EADDRINUSE';
      const why = busy ? `Port ${port} is in use` : `Port ${port} cannot be opened: ${error.message}`;
      reject(new CertError('usage', `${why}; name another with --port.`, { cause: error }));
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(address === null || typeof address === 'string' ? port : address.port);
    });
  });
}
