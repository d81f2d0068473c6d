// Upstream's server with the scenario's handlers, from the private copy whose folder the second argument names.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
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
await server.start();
process.on('SIGTERM', () => {
  void server.stop().finally(() => process.exit(0));
});
ready();
