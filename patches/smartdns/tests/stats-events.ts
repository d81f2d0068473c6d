import { tap, expect } from '@git.zone/tstest/tapbundle';
import { DnsServer } from '../ts_server/index.js';

const make = () => {
  const server = new DnsServer({ httpsKey: '', httpsCert: '', httpsPort: 0, udpPort: 0, dnssecZone: 'example.com' });
  server.registerHandler('a.example.com', ['A'], (question) => ({
    name: question.name,
    type: 'A',
    class: 'IN',
    ttl: 60,
    data: '192.0.2.1',
  }));
  server.registerHandler('bad.example.com', ['A'], () => {
    throw new Error('broken on purpose');
  });
  const events = [];
  for (const name of ['query-received', 'query-answered', 'query-error']) {
    server.on(name, (payload) => events.push([name, payload]));
  }
  const ask = async (name, type = 'A') => {
    const questions = [{ name, type, class: 'IN' }];
    server['bridge'].emit('dnsQuery', { correlationId: '1', questions, dnssecRequested: false });
    await new Promise((resolve) => setImmediate(resolve));
  };
  server['bridge'].sendQueryResult = async () => {};
  return { server, events, ask };
};

tap.test('a query is counted once and told of twice', async () => {
  const { server, events, ask } = make();
  await ask('A.example.com');
  await ask('none.example.com', 'TXT');
  const stats = server.getStats();
  expect(events.map(([name]) => name)).toEqual([
    'query-received',
    'query-answered',
    'query-received',
    'query-answered',
  ]);
  expect(events[0][1].domain).toEqual('A.example.com');
  expect(events[0][1].clientIp).toEqual('unknown');
  expect(Object.isFrozen(events[1][1])).toBeTrue();
  expect(events[1][1].answers).toEqual(1);
  expect(stats.getTotals()).toEqual({ received: 2, answered: 2, dropped: 0, bytesIn: 0, bytesOut: 0, truncated: 0 });
  expect(stats.getQueryTypeBreakdown()).toEqual({ A: 1, TXT: 1 });
  expect(stats.getTransportBreakdown()).toEqual({ udp: 0, tcp: 0, tls: 0, https: 0, unknown: 2 });
  expect(stats.getZoneStats()).toEqual([{ zone: 'a.example.com', queries: 1, rcodes: { NOERROR: 1 } }]);
  expect(stats.getTopDomains(1)[0].domain).toEqual('a.example.com');
  expect(stats.getLatency().count).toEqual(2);
  expect(stats.getLatency().buckets.at(-1)).toEqual({ le: Infinity, count: 2 });
});

tap.test('a failing handler and a dead binary are counted by reason', async () => {
  const { server, events, ask } = make();
  await ask('bad.example.com');
  server['bridge'].sendQueryResult = async () => {
    throw new Error('the bridge is not running');
  };
  await ask('a.example.com');
  expect(events.filter(([name]) => name === 'query-error').map(([, { reason }]) => reason)).toEqual([
    'handler',
    'send',
  ]);
  expect(server.getStats().getErrors()).toEqual({ send: 1, handler: 1 });
  const { received, answered, dropped } = server.getStats().getTotals();
  expect([received, answered, dropped]).toEqual([2, 1, 1]);
});

tap.test('a listener that throws does not make a query count twice', async () => {
  const { server, ask } = make();
  server.on('query-answered', () => {
    throw new Error('broken on purpose');
  });
  await ask('a.example.com');
  expect(server.getStats().getTotals().answered).toEqual(1);
});

tap.test('a flood of names and types stays bounded', async () => {
  const { server } = make();
  const stats = server.getStats() as any;
  const query = { queryId: 1, source: 'unknown', clientIp: 'unknown', clientPort: 0, timestamp: new Date() };
  for (let index = 0; index < 20_000; index++) {
    stats.countReceived(server, { ...query, type: `TYPE${index}`, domain: `n${index}.example.com` });
    if (index % 2 === 0) stats.countReceived(server, { ...query, type: 'A', domain: 'often.example.com' });
  }
  const [first] = stats.getTopDomains(1);
  expect(first.domain).toEqual('often.example.com');
  expect(first.count - first.maxError <= 10_000 && first.count >= 10_000).toBeTrue();
  expect(stats.getTopDomains(100_000).length <= 2_000).toBeTrue();
  expect(Object.keys(stats.getQueryTypeBreakdown()).length <= 302).toBeTrue();
});

export default tap.start();
