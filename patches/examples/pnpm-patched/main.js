// Uses what the series adds to the published package. Nothing is started, so that it runs where the binary does not.
import { DnsServer } from '@push.rocks/smartdns/server';

const server = new DnsServer({ httpsKey: '', httpsCert: '', httpsPort: 0, udpPort: 0, dnssecZone: 'example.com' });
server.use(async (query, next) => {
  await next();
});
server.on('query-answered', ({ domain, responseTime }) => console.log(domain, responseTime));
console.log(JSON.stringify(server.getStats().getTotals()));
