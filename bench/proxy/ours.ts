// Ours as it would run: 100 routes, header rewriting, stats on, and a listener for closed connections.
import { readFileSync } from 'node:fs';
import type { IRouteConfig, SmartProxy as TSmartProxy } from '@dcrouter/smartproxy';
import { ROUTES, type IScenario, routeHost } from './scenario.ts';

const scenario = JSON.parse(process.argv[2] ?? '{}') as IScenario;
// Another folder of the same sources: the variant of the build with counting taken out.
const sources = process.env['BENCH_PROXY_SOURCES'];
const { SmartProxy } = (await import(sources ?? '@dcrouter/smartproxy')) as { SmartProxy: typeof TSmartProxy };

const target = { host: '127.0.0.1', port: scenario.backendPort };
const tls = {
  mode: 'terminate' as const,
  certificate: { key: readFileSync(scenario.keyFile, 'utf8'), cert: readFileSync(scenario.certFile, 'utf8') },
};

function httpRoute(index: number): IRouteConfig {
  return {
    name: `route-${index}`,
    match: { ports: scenario.listenPort, domains: routeHost(index) },
    action: { type: 'forward', targets: [target], ...(scenario.kind === 'https' ? { tls } : {}) },
  };
}

/** Layer 4 has no names to route by: one route takes the port, the others stand beside it on client addresses. */
function tcpRoute(index: number): IRouteConfig {
  const match = { ports: scenario.listenPort, protocol: 'tcp' as const };
  return {
    name: `route-${index}`,
    match: index === 0 ? match : { ...match, clientIp: [`10.0.${index}.0/24`] },
    action: { type: 'forward', targets: [target] },
  };
}

const routes = Array.from({ length: ROUTES }, (_, index) =>
  scenario.kind === 'tcp' ? tcpRoute(index) : httpRoute(index),
);
const proxy = new SmartProxy({ routes, maxConnectionsPerIP: 1_000_000, connectionRateLimitPerMinute: 0 });
let closedBytes = 0;
if (process.env['BENCH_PROXY_SILENT'] === undefined) {
  proxy.on('connection-close', (event) => (closedBytes += event.bytesTransferred));
}
await proxy.start();
process.on('SIGTERM', () => {
  process.exit(closedBytes >= 0 ? 0 : 1);
});
