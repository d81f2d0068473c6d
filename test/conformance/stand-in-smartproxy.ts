// Stands in for upstream's smartproxy, which the registry that CI uses does not carry: the documented public surface of
// its TypeScript line (21.x) that the wrapper stands on, over plain Node sockets. It is not upstream's code.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { IStockMetrics, IStockRoute, IStockSmartProxy } from '@dcrouter/smartproxy/wrap';

export interface IStandInRoute extends IStockRoute {
  match: { ports: number };
  action: {
    type: 'forward' | 'socket-handler';
    targets?: Array<{ host: string; port: number }>;
    socketHandler?: (socket: Socket, context: { routeName: string }) => unknown;
  };
}

export class StandInSmartProxy implements IStockSmartProxy {
  readonly settings: { routes: IStandInRoute[] };
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  #total = 0;

  constructor(settings: { routes: IStandInRoute[] }) {
    this.settings = settings;
  }

  async start(): Promise<void> {
    for (const port of new Set(this.settings.routes.map(({ match }) => match.ports))) {
      const server = createServer((socket) => this.#accept(socket, port)).listen(port, '127.0.0.1');
      this.#servers.push(server);
      await once(server, 'listening');
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) {
      server.close();
      await once(server, 'close');
    }
  }

  async updateRoutes(routes: IStockRoute[]): Promise<void> {
    this.settings.routes = routes as IStandInRoute[];
    await Promise.resolve();
  }

  getMetrics(): IStockMetrics {
    const none = (): Map<string, number> => new Map();
    return {
      connections: { active: () => this.#sockets.size, total: () => this.#total, byRoute: none, byIP: none },
      throughput: { recent: () => ({ in: 0, out: 0 }) },
    };
  }

  #accept(socket: Socket, port: number): void {
    this.#total++;
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
    const { name = '', action } = this.settings.routes.find(({ match }) => match.ports === port)!;
    if (action.type === 'socket-handler') {
      action.socketHandler!(socket, { routeName: name });
      return;
    }
    const target = connect(action.targets![0]!);
    target.on('error', () => socket.destroy());
    socket.pipe(target).pipe(socket);
    socket.once('close', () => target.destroy());
  }
}
