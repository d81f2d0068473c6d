import { tap, expect } from '@git.zone/tstest/tapbundle';
import { DnsServer } from '../ts_server/index.js';

tap.test('a TTL of 0 stays 0', async () => {
  const server = new DnsServer({ httpsKey: '', httpsCert: '', httpsPort: 0, udpPort: 0, dnssecZone: 'example.com' });
  server.registerHandler('a.example.com', ['A'], (question) => ({
    name: question.name,
    type: 'A',
    class: 'IN',
    ttl: 0,
    data: '192.0.2.1',
  }));
  const { answers } = server['resolveQuery']({
    correlationId: '1',
    questions: [{ name: 'a.example.com', type: 'A', class: 'IN' }],
    dnssecRequested: false,
  });
  expect(answers[0].ttl).toEqual(0);
});

export default tap.start();
