// A process of its own whose listeners all throw, and that goes on after errors nobody caught; tells what it counted.
import { once } from 'node:events';
import { connect } from 'node:net';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SmartProxy, type ISmartProxyEvents } from '@dcrouter/smartproxy';

const caught = new Set<string>();
process.on('uncaughtException', (error) => caught.add(error.message));
const backend = createServer((_req, res) => res.end('ok')).listen(0, '127.0.0.1');
await once(backend, 'listening');
const proxy = new SmartProxy({
  listenAddress: '127.0.0.1',
  ephemeralPorts: true,
  routes: [
    {
      name: 'web',
      match: { ports: 8080, domains: 'a.test' },
      action: { type: 'forward', targets: [{ host: '127.0.0.1', port: (backend.address() as AddressInfo).port }] },
    },
    {
      name: 'dead',
      match: { ports: 8080, domains: 'dead.test' },
      action: { type: 'forward', targets: [{ host: '127.0.0.1', port: 1 }] },
    },
  ],
});
const names: (keyof ISmartProxyEvents)[] = [
  'listening',
  'connection-open',
  'connection-close',
  'connection-rejected',
  'request-completed',
  'request-refused',
  'upstream-error',
  'routes-updated',
  'drained',
];
for (const name of names) {
  proxy.on(name, () => {
    throw new Error(name);
  });
}
await proxy.start();

async function ask(host: string): Promise<string> {
  const socket = connect(proxy.listeningPort(8080)!, '127.0.0.1');
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  let text = '';
  for await (const bytes of socket) text += String(bytes);
  return text.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length);
}
const statuses = [await ask('a.test'), await ask('dead.test'), await ask('unknown.test'), await ask('a.test')];
await proxy.updateRoutes(proxy.getRoutes());
await proxy.stop({ drainTimeout: 5_000 });
await new Promise((resolve) => setImmediate(resolve));
backend.close();
const { totals, activeConnections, terminationReasons } = proxy.stats.snapshot();
const { connections, requests } = totals;
process.stdout.write(
  JSON.stringify({
    statuses,
    caught: names.filter((name) => caught.has(name)),
    names,
    connections,
    requests,
    activeConnections,
    ended: Object.values(terminationReasons).reduce((sum, count) => sum + count, 0),
  }),
);
