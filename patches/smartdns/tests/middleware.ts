import { tap, expect } from '@git.zone/tstest/tapbundle';
import { DnsServer } from '../ts_server/index.js';

const record = (name, data) => ({ name, type: 'A', class: 'IN', ttl: 60, data });

const make = () => {
  const server = new DnsServer({ httpsKey: '', httpsCert: '', httpsPort: 0, udpPort: 0, dnssecZone: 'example.com' });
  server.registerHandler('*.example.com', ['A'], (question) => record(question.name, '192.0.2.1'));
  const waiting = [];
  server['bridge'].sendQueryResult = async (_id, answers, answered) => waiting.shift()({ answers, answered });
  const ask = (name) =>
    new Promise<any>((resolve) => {
      waiting.push(resolve);
      const questions = [{ name, type: 'A', class: 'IN' }];
      server['bridge'].emit('dnsQuery', { correlationId: '1', questions, dnssecRequested: false });
    });
  return { server, ask };
};

tap.test('middlewares run from the outermost in, and out again', async () => {
  const { server, ask } = make();
  const order = [];
  for (const name of ['outer', 'inner']) {
    server.use(async (query, next) => {
      order.push(`${name} in ${query.domain}`);
      await next();
      order.push(`${name} out`);
    });
  }
  const { answers } = await ask('a.example.com');
  expect(answers[0].data).toEqual('192.0.2.1');
  expect(order).toEqual(['outer in a.example.com', 'inner in a.example.com', 'inner out', 'outer out']);
});

tap.test('a middleware answers instead of the handlers, and changes an answer on its way out', async () => {
  const { server, ask } = make();
  server.use((query, next) => {
    if (query.domain === 'own.example.com') return { answers: [record(query.domain, '192.0.2.9')] };
    next((response) => {
      response.answers.push(record(query.domain, '192.0.2.2'));
    });
  });
  expect((await ask('own.example.com')).answers.map((answer) => answer.data)).toEqual(['192.0.2.9']);
  expect((await ask('b.example.com')).answers.map((answer) => answer.data)).toEqual(['192.0.2.1', '192.0.2.2']);
});

tap.test('a middleware that fails, or that forgets next(), gives the empty answer', async () => {
  const { server, ask } = make();
  let mode = 'throw';
  server.use(() => {
    if (mode === 'throw') throw new Error('broken on purpose');
  });
  expect((await ask('a.example.com')).answered).toBeFalse();
  mode = 'forget';
  expect((await ask('a.example.com')).answered).toBeFalse();
});

export default tap.start();
