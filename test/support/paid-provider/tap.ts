import type { Socket } from 'node:net';
import type { WireEntry } from './wire.js';

/** Listens in on every connection before HTTP makes anything of it. */
export interface WireTap {
  watch(socket: Socket): void;
  /** Connections of the test's own control calls are left out. */
  entries(): readonly WireEntry[];
  /** Keeps the connections as they stand now; the function it gives forgets those that came later. */
  snapshot(): () => void;
}

/** @param token  struck out, so that no ledger holds a credential */
export function tapWire(token: string): WireTap {
  const connections: { text: string }[] = [];
  return {
    watch(socket) {
      const connection = { text: '' };
      connections.push(connection);
      socket.on('data', (chunk: Buffer) => {
        connection.text += chunk.toString('latin1');
      });
    },
    entries: () =>
      connections
        .map(({ text }, i) => ({ connection: i + 1, text: text.replaceAll(token, '[token]') }))
        .filter(({ text }) => text !== '' && !/^\w+ \/_control\//.test(text)),
    snapshot() {
      const { length } = connections;
      return () => {
        connections.length = length;
      };
    },
  };
}
