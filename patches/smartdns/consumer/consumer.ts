import { DnsServer, type DnsAnswer, type IDnsStats, type TDnsMiddleware } from '@push.rocks/smartdns/server';

const server = new DnsServer({ httpsKey: '', httpsCert: '', httpsPort: 0, udpPort: 5353, dnssecZone: 'example.com' });

// What compiled before the series still does.
server.registerHandler('*.example.com', ['A'], (question): DnsAnswer | null => ({
  name: question.name,
  type: 'A',
  class: 'IN',
  ttl: 0,
  data: '192.0.2.1',
}));
// What the series adds.
server.registerHandler('many.example.com', ['A'], (question): DnsAnswer[] =>
  ['192.0.2.1', '192.0.2.2'].map((data) => ({ name: question.name, type: 'A', class: 'IN', ttl: 60, data })),
);
const log: TDnsMiddleware = async (query, next) => {
  const response = await next();
  response.answers.push({ name: query.domain, type: 'TXT', class: 'IN', ttl: 0, data: ['seen'] });
};
server.use(log).use((query) => (query.type === 'TXT' ? { answers: [] } : undefined));
const stats: IDnsStats = server.getStats();
export const unknown: number = stats.getTransportBreakdown().unknown + server.stats.getTotals().received;
