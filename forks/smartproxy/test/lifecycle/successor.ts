// A process that takes listening sockets over: its descriptors from 3 on, for the ports that its first argument names.
import { readlinkSync } from 'node:fs';
import { SmartProxy, type IRouteConfig } from '@dcrouter/smartproxy';

interface IOrder {
  /** Ports and targets of the routes; a first order starts the proxy, later ones update its routes. */
  readonly routes?: ReadonlyArray<{ port: number; target: number }>;
  readonly stop?: true;
}

const ports = JSON.parse(process.argv[2]!) as number[];
const inherited = new Map(ports.map((port, index) => [port, 3 + index]));
let proxy: SmartProxy | undefined;

/** What the inherited descriptors are now: a socket, or nothing. */
function open(): boolean[] {
  return ports.map((_, index) => {
    try {
      return readlinkSync(`/proc/self/fd/${3 + index}`).startsWith('socket:');
    } catch {
      return false;
    }
  });
}

function take(port: number): number | undefined {
  const fd = inherited.get(port);
  inherited.delete(port);
  return fd;
}

async function carryOut(order: IOrder): Promise<void> {
  if (order.stop === true) await proxy?.stop({ drainTimeout: 0 });
  if (order.routes === undefined) return;
  const routes = order.routes.map<IRouteConfig>(({ port, target }) => ({
    name: `on-${port}`,
    match: { ports: port },
    action: { type: 'forward', targets: [{ host: '127.0.0.1', port: target }] },
  }));
  if (proxy !== undefined) return await proxy.updateRoutes(routes);
  proxy = new SmartProxy({ routes, listenAddress: '127.0.0.1', takeListener: take });
  await proxy.start().catch((error: unknown) => {
    proxy = undefined;
    throw error;
  });
}

process.on('message', (order: IOrder) => {
  carryOut(order).then(
    () => process.send!({ open: open(), total: proxy?.stats.getTotalConnections() }),
    (error: unknown) => process.send!({ open: open(), error: (error as Error).message }),
  );
});
process.on('disconnect', () => process.exit());
