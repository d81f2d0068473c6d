import { tap, expect } from '@git.zone/tstest/tapbundle';
import { DnsServer } from '../ts_server/index.js';

const make = () => new DnsServer({ httpsKey: '', httpsCert: '', httpsPort: 0, udpPort: 0, dnssecZone: 'example.com' });
const answered = (server, name) =>
  server['resolveQuery']({ correlationId: '1', questions: [{ name, type: 'A', class: 'IN' }], dnssecRequested: false })
    .answered;
const answer = (question) => ({ name: question.name, type: 'A', class: 'IN', ttl: 60, data: '192.0.2.1' });

tap.test('names match in any case, in the question and in the pattern', async () => {
  const server = make();
  server.registerHandler('www.example.com', ['A'], answer);
  server.registerHandler('UPPER.example.com', ['A'], answer);
  expect(answered(server, 'wWw.ExAmPlE.cOm')).toBeTrue();
  expect(answered(server, 'upper.example.com')).toBeTrue();
  expect(answered(server, 'other.example.com')).toBeFalse();
  expect(server.filterAuthorizedDomains(['API.EXAMPLE.COM', 'elsewhere.test'])).toEqual(['API.EXAMPLE.COM']);
});

tap.test('patterns mean what they meant', async () => {
  const server = make();
  server.registerHandler('*.wild.test', ['A'], answer);
  server.registerHandler('{a,b}.brace.test', ['A'], answer);
  server.registerHandler('#comment.test', ['A'], answer);
  expect(answered(server, 'x.y.wild.test')).toBeTrue();
  expect(answered(server, 'wild.test')).toBeFalse();
  expect(answered(server, 'b.brace.test')).toBeTrue();
  expect(answered(server, '#comment.test')).toBeFalse();
  expect(server.unregisterHandler('*.wild.test', ['A'])).toBeTrue();
  expect(answered(server, 'x.y.wild.test')).toBeFalse();
});

export default tap.start();
