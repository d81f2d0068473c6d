// Upstream's server with the scenario's handlers, from the private copy whose folder the second argument names; the third
// says whether it is as published (`stock`), patched or wrapped. The last two are counted and listened to.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MetricsAwareDns } from '@dcrouter/smartdns/wrap';
import type * as upstream from '@push.rocks/smartdns/server';
import { ADDRESS, TTL_SECONDS, ZONE, handlerPattern } from '../scenario.ts';
import { ready, scenario } from './scenario.ts';

const entry = join(process.argv[3] ?? '', 'dist_ts_server', 'index.js');
const { DnsServer } = (await import(pathToFileURL(entry).href)) as typeof upstream;
const read = (file: string): string => (file === '' ? '' : readFileSync(file, 'utf8'));
const server = new DnsServer({
  udpPort: scenario.port,
  udpBindInterface: '127.0.0.1',
  httpsPort: scenario.httpsPort,
  httpsBindInterface: '127.0.0.1',
  httpsKey: scenario.httpsPort === 0 ? '' : read(scenario.keyFile),
  httpsCert: scenario.httpsPort === 0 ? '' : read(scenario.certFile),
  dnssecZone: ZONE,
});
for (let index = 0; index < scenario.handlers; index += 1) {
  server.registerHandler(handlerPattern(scenario, index), ['A'], ({ name }) => ({
    name,
    type: 'A',
    class: 'IN',
    ttl: TTL_SECONDS,
    data: ADDRESS,
  }));
}
let seen = 0;
const listen = (source: { on(name: string, listener: () => void): unknown }): void => {
  source.on('query-received', () => (seen += 1));
  source.on('query-answered', () => (seen += 1));
};
const way = process.argv[4];
if (way === 'wrapped') listen(new MetricsAwareDns(server));
if (way === 'patched') {
  const patched = server as unknown as { use(middleware: (query: unknown, next: () => unknown) => unknown): unknown };
  patched.use((_query, next) => next());
  listen(server);
}
await server.start();
process.on('SIGTERM', () => {
  void server.stop().finally(() => process.exit(seen >= 0 ? 0 : 1));
});
ready();
