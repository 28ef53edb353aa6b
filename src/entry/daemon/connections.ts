import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** As many as a web server in front of the daemon ever needs. */
export const MOST_CONNECTIONS = 64;

/**
 * Keeps connections few without turning anybody away: where there are too many, the one that has been open longest goes.
 * Whoever opens many and says nothing on them pushes out their own, and health checks are answered.
 */
export function limitConnections(server: Server, most = MOST_CONNECTIONS): void {
  // The oldest first.
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    if (open.size <= most) return;
    for (const oldest of open) {
      oldest.destroy();
      open.delete(oldest);
      break;
    }
  });
}
