import { tap, expect } from '@git.zone/tstest/tapbundle';
import { DnsServer } from '../ts_server/index.js';

tap.test('a handler that throws leaves the answers of the others', async () => {
  const server = new DnsServer({ httpsKey: '', httpsCert: '', httpsPort: 0, udpPort: 0, dnssecZone: 'example.com' });
  const answer = (question, data) => ({ name: question.name, type: 'A', class: 'IN', ttl: 60, data });
  server.registerHandler('a.example.com', ['A'], (question) => answer(question, '192.0.2.1'));
  server.registerHandler('*.example.com', ['A'], () => {
    throw new Error('broken on purpose');
  });
  server.registerHandler('a.example.com', ['A'], (question) => answer(question, '192.0.2.2'));
  const { answers, answered } = server['resolveQuery']({
    correlationId: '1',
    questions: [{ name: 'a.example.com', type: 'A', class: 'IN' }],
    dnssecRequested: false,
  });
  expect(answered).toBeTrue();
  expect(answers.map((record) => record.data)).toEqual(['192.0.2.1', '192.0.2.2']);
});

export default tap.start();
