// Ours as it would run: handlers, a middleware in the chain, and listeners for both events of a query.
import { readFileSync } from 'node:fs';
import { DnsServer } from '@dcrouter/smartdns/server';
import { ready, scenario } from './node/scenario.ts';
import { ADDRESS, TTL_SECONDS, ZONE, handlerPattern } from './scenario.ts';

const server = new DnsServer({
  httpsKey: readFileSync(scenario.keyFile, 'utf8'),
  httpsCert: readFileSync(scenario.certFile, 'utf8'),
  httpsPort: scenario.httpsPort,
  udpPort: scenario.port,
  udpBindInterface: '127.0.0.1',
  httpsBindInterface: '127.0.0.1',
  dnssecZone: ZONE,
  udpBatch: scenario.batch,
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
let answeredBytes = 0;
if (scenario.observed) {
  server.use((_query, next) => next());
  server.on('query-received', () => (seen += 1));
  server.on('query-answered', (event) => (answeredBytes += event.bytes));
}

await server.start();
ready();
process.on('SIGTERM', () => {
  process.exit(seen >= 0 && answeredBytes >= 0 ? 0 : 1);
});
