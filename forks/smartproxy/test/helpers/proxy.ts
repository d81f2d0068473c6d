// A proxy on free ports with a ledger, and the backends behind it. What a test starts, it stops.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttp, type RequestListener, type Server as HttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { SmartProxy, type IRouteConfig, type ISmartProxyOptions } from '@dcrouter/smartproxy';
import { Ledger } from './ledger.ts';

export interface IRunningProxy {
  readonly proxy: SmartProxy;
  readonly ledger: Ledger;
  /** The bound port of a route's port. */
  readonly port: (routePort: number) => number;
}

/** Starts a proxy; after the test it is stopped and the laws are checked. */
export async function startProxy(
  t: TestContext,
  routes: IRouteConfig[],
  options: Partial<ISmartProxyOptions> = {},
): Promise<IRunningProxy> {
  const proxy = new SmartProxy({
    listenAddress: '127.0.0.1',
    ephemeralPorts: true,
    maxConnectionsPerIP: 0,
    ...options,
    routes,
  });
  const ledger = new Ledger(proxy);
  await proxy.start();
  t.after(async () => {
    await proxy.stop({ drainTimeout: 0 });
    await ledger.assertLaws();
  });
  return { proxy, ledger, port: (routePort) => proxy.listeningPort(routePort)! };
}

async function listen(server: Server | HttpServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** An HTTP backend on Node's own server. */
export async function startHttp(
  t: TestContext,
  listener: RequestListener,
): Promise<{ port: number; server: HttpServer }> {
  const server = createHttp(listener);
  const port = await listen(server);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port, server };
}

/** A TCP backend. */
export async function startTcp(
  t: TestContext,
  onSocket: (socket: Socket) => void,
): Promise<{ port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    onSocket(socket);
  });
  const port = await listen(server);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port, sockets };
}

/** A raw client that keeps all it got. */
export class RawClient {
  readonly socket: Socket;
  #parts: Buffer[] = [];
  ended = false;
  closed = false;
  error: Error | null = null;
  readonly #waiting = new Set<() => void>();

  constructor(port: number, socket: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })) {
    this.socket = socket;
    this.socket.on('data', (bytes: Buffer) => {
      this.#parts.push(bytes);
      this.#wake();
    });
    this.socket.on('end', () => {
      this.ended = true;
      this.#wake();
    });
    this.socket.on('error', (error) => {
      this.error = error;
    });
    this.socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  static async open(port: number): Promise<RawClient> {
    const client = new RawClient(port);
    await once(client.socket, 'connect');
    return client;
  }

  /** The same inside TLS, which is half-open as well. */
  static async openTls(port: number, servername: string): Promise<RawClient> {
    const options = { port, host: '127.0.0.1', servername, rejectUnauthorized: false, allowHalfOpen: true };
    const client = new RawClient(port, connectTls(options));
    await once(client.socket, 'secureConnect');
    return client;
  }

  /** All bytes so far; setting it starts anew. */
  get received(): Buffer {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0] ?? Buffer.alloc(0);
  }

  set received(bytes: Buffer) {
    this.#parts = [bytes];
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Waits until `met` holds; rejects when the connection is over before. */
  async until(met: (client: RawClient) => boolean): Promise<void> {
    while (!met(this)) {
      if (this.closed) throw new Error(`closed after ${JSON.stringify(this.text.slice(-500))}`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  /** Waits for text to have arrived. */
  async has(text: string): Promise<void> {
    await this.until((client) => client.text.includes(text));
  }

  /** Waits for the end of the connection, giving all that came. */
  async whole(): Promise<string> {
    await this.until((client) => client.ended || client.closed).catch(() => {});
    this.socket.destroy();
    return this.text;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}

/** A forward route on a port. */
export function forwardTo(
  port: number,
  more: Partial<IRouteConfig> = {},
  match: Partial<IRouteConfig['match']> = {},
): IRouteConfig {
  return {
    name: 'web',
    match: { ports: 8080, domains: 'a.test', ...match },
    action: { type: 'forward', targets: [{ host: '127.0.0.1', port }] },
    ...more,
  };
}

export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** Bytes that differ everywhere, the same for a seed on every machine. */
export function patterned(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let state = seed;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}
