/**
 * Counts the connections of a stock upstream proxy from outside.
 *
 * @module
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { IProxyStats } from '../interfaces/stats.ts';
import type { IStockRoute, IStockSmartProxy, IWrappedProxyEvents } from './interfaces.ts';
import { routeName, routeOfPort } from './routeports.ts';
import { WrappedProxyStats, type ISeenConnection } from './wrappedstats.ts';

/** Node publishes every socket that a server of this process accepts. */
const ACCEPTED = 'net.server.socket';

interface IWrappedConnection extends ISeenConnection {
  readonly connectionId: string;
  readonly clientPort: number;
  readonly startedMs: number;
}

/**
 * Gives a stock `@push.rocks/smartproxy` the fork's stats and its connection events.
 *
 * Wrap before `start()`. It hears of accepted sockets by Node's diagnostics channel and lets them be. What it cannot see:
 * - the route of a connection, unless one route alone has the port and takes whatever comes, or the connection reaches
 *   a socket handler; such connections are counted under `(none)`, and `connection-open` names what is known at accept;
 * - HTTP requests, status codes, latencies, upstreams, pools, TLS handshakes and rejections: there are no such events,
 *   and the numbers read 0, except the request count and rates that upstream's own `getMetrics()` gives;
 * - the client behind a PROXY protocol sender: the address is the sender's;
 * - why a connection ended: `closed`, or `error`;
 * - sockets of other servers of the process that listen on a port of a route on another address: they are counted too;
 * - anything but upstream's own metrics where the proxy's sockets are not in this process (22 and later), and no events.
 *
 * @example
 * const proxy = new MetricsAwareProxy(new SmartProxy({ routes }));
 * proxy.on('connection-close', ({ clientIp, bytesTransferred }) => log(clientIp, bytesTransferred));
 * await proxy.proxy.start();
 */
export class MetricsAwareProxy<
  T extends IStockSmartProxy = IStockSmartProxy,
> extends EventEmitter<IWrappedProxyEvents> {
  /** The wrapped proxy: use it as before. */
  readonly proxy: T;
  readonly #stats: WrappedProxyStats;
  readonly #updateRoutes: IStockSmartProxy['updateRoutes'];
  /** Open connections by the client's address and port, which is how a handler's socket is known again. */
  readonly #byPeer = new Map<string, IWrappedConnection>();
  readonly #watched = new WeakSet<object>();
  #routes: readonly IStockRoute[];
  #lastId = 0;

  constructor(proxy: T) {
    super();
    this.proxy = proxy;
    this.#stats = new WrappedProxyStats(() => proxy.getMetrics?.());
    this.#updateRoutes = proxy.updateRoutes.bind(proxy);
    this.#routes = proxy.settings.routes;
    for (const route of this.#routes) this.#watchRoute(route);
    proxy.updateRoutes = async (routes) => {
      for (const route of routes) this.#watchRoute(route);
      await this.#updateRoutes(routes);
      this.#routes = routes;
    };
    subscribe(ACCEPTED, this.#onAccepted);
  }

  get stats(): IProxyStats {
    return this.#stats;
  }

  getStats(): IProxyStats {
    return this.#stats;
  }

  /** Stops counting new connections; open ones are counted to their end. */
  unwrap(): void {
    unsubscribe(ACCEPTED, this.#onAccepted);
    this.proxy.updateRoutes = this.#updateRoutes;
  }

  /** Lets a route's socket handler name the route of its connection. */
  #watchRoute(route: IStockRoute): void {
    const handler = route.action.socketHandler as ((socket: Socket, ...rest: unknown[]) => unknown) | undefined;
    if (handler === undefined || this.#watched.has(handler)) return;
    const watched = (socket: Socket, ...rest: unknown[]): unknown => {
      // Node publishes a socket after the server's own listeners ran, so a handler may come first.
      const name = routeName(route);
      const connection = this.#byPeer.get(peerOf(socket));
      if (connection === undefined) this.#open(socket, name);
      else if (connection.routeName !== name) this.#stats.moveToRoute(connection, name);
      return handler(socket, ...rest);
    };
    this.#watched.add(watched);
    route.action.socketHandler = watched;
  }

  readonly #onAccepted = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    const route = routeOfPort(this.#routes, socket.localPort ?? 0);
    if (route !== undefined && !this.#byPeer.has(peerOf(socket))) this.#open(socket, route);
  };

  #open(socket: Socket, route: string): void {
    // A client that is gone already has no address any more, and nothing to count.
    if (socket.remoteAddress === undefined) return;
    const localPort = socket.localPort ?? 0;
    const connection: IWrappedConnection = {
      connectionId: `wrapped-${++this.#lastId}`,
      routeName: route,
      clientIp: socket.remoteAddress,
      clientPort: socket.remotePort ?? 0,
      startedMs: performance.now(),
      socket,
    };
    const peer = peerOf(socket);
    this.#byPeer.set(peer, connection);
    this.#stats.countOpen(connection);
    socket.once('close', (failed: boolean) => this.#close(peer, connection, failed));
    if (this.listenerCount('connection-open') > 0) {
      const { connectionId, clientIp, clientPort } = connection;
      const about = { connectionId, type: 'tcp', routeName: route, clientIp, clientPort, localPort } as const;
      this.emit('connection-open', Object.freeze({ ...about, timestamp: new Date() }));
    }
  }

  #close(peer: string, connection: IWrappedConnection, failed: boolean): void {
    this.#byPeer.delete(peer);
    const reason = failed ? 'error' : 'closed';
    this.#stats.countClose(connection, reason, failed);
    if (this.listenerCount('connection-close') === 0) return;
    const { connectionId, routeName: route, clientIp, startedMs, socket } = connection;
    const { bytesRead: bytesIn, bytesWritten: bytesOut } = socket;
    const about = { connectionId, type: 'tcp', routeName: route, clientIp, requests: 0, reason } as const;
    const bytes = { bytesIn, bytesOut, bytesTransferred: bytesIn + bytesOut };
    const duration = performance.now() - startedMs;
    this.emit('connection-close', Object.freeze({ ...about, ...bytes, duration, timestamp: new Date() }));
  }
}

const peerOf = (socket: Socket): string => `${socket.remoteAddress}|${socket.remotePort}|${socket.localPort}`;
