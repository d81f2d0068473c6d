import { tap, expect } from '@git.zone/tstest/tapbundle';
import { DnsServer } from '../ts_server/index.js';

const ask = (server, name) =>
  server['resolveQuery']({ correlationId: '1', questions: [{ name, type: 'A', class: 'IN' }], dnssecRequested: false });

tap.test('a handler may return several answers, and none', async () => {
  const server = new DnsServer({ httpsKey: '', httpsCert: '', httpsPort: 0, udpPort: 0, dnssecZone: 'example.com' });
  server.registerHandler('a.example.com', ['A'], (question) =>
    ['192.0.2.1', '192.0.2.2'].map((data) => ({ name: question.name, type: 'A', class: 'IN', ttl: 60, data })),
  );
  server.registerHandler('empty.example.com', ['A'], () => []);
  expect(ask(server, 'a.example.com').answers.map((record) => record.data)).toEqual(['192.0.2.1', '192.0.2.2']);
  expect(ask(server, 'empty.example.com').answered).toBeFalse();
});

export default tap.start();
