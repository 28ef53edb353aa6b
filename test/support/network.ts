import dgram from 'node:dgram';
import net from 'node:net';
import { MockAgent, setGlobalDispatcher } from 'undici';
import { afterEach } from 'vitest';

/**
 * Setup file: nothing leaves the machine. undici's global dispatcher refuses fetch and plain requests by name; clients
 * and agents of their own, http and bare sockets pass it by, so the socket itself refuses them.
 */
const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;

/** For single faults: `mockAgent.get(origin).intercept(…)`. A mock nobody used fails its test. */
export const mockAgent = new MockAgent();
mockAgent.disableNetConnect();
mockAgent.enableNetConnect(LOOPBACK);
setGlobalDispatcher(mockAgent);

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '::1']);

/** The host a `connect(…)` call is for, in each of its forms; undefined for a unix socket. */
function hostOf(first: unknown): string | undefined {
  // net.connect() and tls.connect() hand their normalised arguments over as one array.
  const options: unknown = Array.isArray(first) ? first[0] : first;
  if (typeof options !== 'object' || options === null) return undefined;
  if ('path' in options && typeof options.path === 'string') return undefined;
  return 'host' in options && typeof options.host === 'string' ? options.host : 'localhost';
}

function shutSockets(): void {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function guarded(this: net.Socket, ...args: unknown[]): net.Socket {
    const [first, second] = args;
    const host =
      typeof first === 'number' ? (typeof second === 'string' ? second : 'localhost') : hostOf(first);
    if (host !== undefined && !LOOPBACK_HOSTS.has(host)) {
      process.nextTick(() => this.destroy(new Error(`the network is shut in tests: ${host}`)));
      return this;
    }
    return Reflect.apply(connect, this, args);
  };

  const datagrams = dgram.Socket.prototype.connect;
  dgram.Socket.prototype.connect = function guarded(this: dgram.Socket, ...args: unknown[]): void {
    const [, host] = args;
    if (typeof host === 'string' && !LOOPBACK_HOSTS.has(host)) {
      process.nextTick(() => this.emit('error', new Error(`the network is shut in tests: ${host}`)));
      return;
    }
    Reflect.apply(datagrams, this, args);
  };
}

// Files may share a process, and this file is loaded for each of them.
const SHUT = Symbol.for('certwright.network.shut');
if (!(SHUT in globalThis)) {
  Object.assign(globalThis, { [SHUT]: true });
  shutSockets();
}

// Children (git, curl) inherit a proxy that refuses everything.
const REFUSING = 'http://127.0.0.1:9';
Object.assign(process.env, {
  http_proxy: REFUSING,
  https_proxy: REFUSING,
  all_proxy: REFUSING,
  no_proxy: '127.0.0.1,localhost,::1',
});

afterEach(() => {
  mockAgent.assertNoPendingInterceptors();
});
