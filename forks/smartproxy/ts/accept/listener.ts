/**
 * A listening port. Accepted handles become our sockets directly, without Node making sockets of its own first.
 *
 * @module
 */
import net from 'node:net';
import { limits } from '../limits/limits.ts';
import { takeHandle } from '../connection/netsocket.ts';
import type { IProxySocket } from '../connection/socket.ts';
import { acceptedSocket } from '../connection/sockets.ts';
import type { ISocketSettings } from '../connection/sockets.ts';
import { ProxyError } from '../errors.ts';

/** Takes an accepted socket, which is not read from before `startReading`; the listener's own port is known to the owner. */
export type TAccept = (socket: IProxySocket, listener: Listener) => void;

/** Node's own object of a listening socket: it goes over an IPC channel, its descriptor into a child's `stdio`. */
export interface IListenerHandle {
  /** Still the listener's: it closes it. Valid until the port is closed. */
  readonly fd: number;
}

interface IServerHandle {
  readonly fd?: number;
  onconnection: ((status: number, handle: unknown) => void) | undefined;
}

/** A port that is open, here or in worker processes. */
export interface IListener {
  /** Port as the routes name it. */
  readonly port: number;
  /** Port that the system bound. */
  readonly boundPort: number;
  /** Null where there is none to hand on: closed, in worker processes, or on a runtime that does not show it. */
  readonly handle: IListenerHandle | null;
  close(): Promise<void>;
}

export class Listener implements IListener {
  /** Port as the routes name it. */
  readonly port: number;
  /** Port that the system bound. */
  boundPort = 0;
  readonly #server: net.Server;
  readonly #settings: ISocketSettings;
  readonly #accept: TAccept;

  constructor(port: number, settings: ISocketSettings, accept: TAccept) {
    this.port = port;
    this.#settings = settings;
    this.#accept = accept;
    this.#server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
  }

  /**
   * @param shared with the other workers of this proxy: the system spreads connections over them (SO_REUSEPORT)
   * @throws ProxyError `PROXY_LISTEN_FAILED` naming the port
   */
  async listen(bindPort: number, host: string | undefined, shared = false): Promise<void> {
    // Elsewhere than on Linux node:cluster hands connections out, which costs the primary some work for each.
    const reusePort = shared && process.platform === 'linux';
    await this.#open({ port: bindPort, host, reusePort }, `port ${bindPort}`);
  }

  /**
   * Accepts on a socket that listens already, and closes it in the end.
   *
   * @throws ProxyError `PROXY_LISTEN_FAILED` naming port and descriptor
   */
  async adopt(fd: number): Promise<void> {
    await this.#open({ fd }, `port ${this.port}: the inherited descriptor ${fd}`);
  }

  get handle(): IListenerHandle | null {
    const { fd } = this.#handle ?? {};
    return fd === undefined || fd < 0 ? null : (this.#handle as IListenerHandle);
  }

  /** Stops accepting; open connections are not touched. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  get #handle(): IServerHandle | null {
    return (this.#server as unknown as { _handle: IServerHandle | null })._handle;
  }

  async #open(where: net.ListenOptions | { readonly fd: number }, what: string): Promise<void> {
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const why =
          error.code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${error.code ?? error.message})`;
        reject(new ProxyError('PROXY_LISTEN_FAILED', `${what} ${why}`, error));
      });
      server.listen({ ...where, backlog: limits.backlog }, resolve);
    });
    server.removeAllListeners('error');
    // Accept errors (no descriptors left) must not end the process; the kernel keeps the connection queued.
    server.on('error', () => {});
    const address = server.address();
    if (address === null || typeof address === 'string') {
      await this.close();
      throw new ProxyError('PROXY_LISTEN_FAILED', `${what} is no TCP socket`);
    }
    this.boundPort = address.port;
    this.#takeHandles();
  }

  /**
   * Node's server builds a stream per connection before it says 'connection'. We replace the callback of its handle,
   * so that our socket, with its shared read buffer, is the only one. Where a runtime has no such callback, the
   * handle is taken out of Node's socket, which costs one socket more and nothing else.
   */
  #takeHandles(): void {
    const handle = this.#handle;
    if (handle !== null && typeof handle.onconnection === 'function') {
      handle.onconnection = (status, client) => {
        if (status === 0) this.#take(client);
      };
      return;
    }
    this.#server.on('connection', (socket) => {
      this.#take(takeHandle(socket));
    });
  }

  #take(client: unknown): void {
    const socket = acceptedSocket(client, this.#settings);
    this.#accept(socket, this);
  }
}
