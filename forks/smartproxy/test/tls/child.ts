// A process of its own that terminates TLS, and tells what it holds once its garbage is collected.
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SmartProxy } from '@dcrouter/smartproxy';
import { certificate, turn } from './world.ts';

/** What a process holds. */
export interface IHeld {
  readonly descriptors: number;
  /** By kind, as Node counts them. */
  readonly resources: Record<string, number>;
  /** On and off V8's heap. */
  readonly bytes: number;
  readonly rss: number;
  readonly active: number;
  readonly opened: number;
  readonly closed: number;
}

const sockets = process.argv[2] as 'auto' | 'net' | 'ring';
const collects = process.argv[3] === 'collects';
const gc = (globalThis as unknown as { gc: () => void }).gc;
const body = Buffer.alloc(200_000, 'b');
const target = createServer((req, res) => {
  if (req.method === 'GET') res.end(body);
  else req.pipe(res);
}).listen(0, '127.0.0.1');
await once(target, 'listening');
const { port } = target.address() as AddressInfo;
const proxy = new SmartProxy({
  listenAddress: '127.0.0.1',
  ephemeralPorts: true,
  maxConnectionsPerIP: 0,
  connectionRateLimitPerMinute: 0,
  sockets,
  routes: [
    {
      name: 'web',
      match: { ports: 8443, domains: 'a.test' },
      action: { type: 'forward', targets: [{ host: '127.0.0.1', port }], tls: { mode: 'terminate', certificate } },
    },
  ],
});
let opened = 0;
let closed = 0;
proxy.on('connection-open', () => {
  opened += 1;
  // Within a callback of OpenSSL's.
  if (collects && opened % 5 === 0) gc();
});
proxy.on('connection-close', () => {
  closed += 1;
  if (collects && closed % 5 === 0) gc();
});
await proxy.start();

async function held(): Promise<IHeld> {
  while (proxy.stats.getActiveConnections() > 0) await turn();
  for (let at = 0; at < 5; at += 1) {
    gc();
    await turn();
  }
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const { heapUsed, external, rss } = process.memoryUsage();
  const descriptors = readdirSync('/proc/self/fd').length;
  const active = proxy.stats.getActiveConnections();
  return { descriptors, resources, bytes: heapUsed + external, rss, active, opened, closed };
}

process.on('message', () => void held().then((what) => process.send!(what)));
process.on('disconnect', () => process.exit(0));
process.send!(proxy.listeningPort(8443));
