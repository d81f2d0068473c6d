import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { askUdp } from './ask.ts';
import { record, startServer } from './start.ts';

test('a cached handler is called once per name and type, hits and misses are counted', async (context) => {
  let calls = 0;
  const events: string[] = [];
  const { server, port } = await startServer(context, {}, (dns) => {
    dns.registerHandler(
      '*.example.test',
      ['A', 'TXT'],
      (question) => {
        calls++;
        return question.type === 'A' ? record(question.name, 'A', '192.0.2.1') : null;
      },
      { cache: {} },
    );
    dns.on('cache-hit', ({ domain, type }) => events.push(`hit ${domain} ${type}`));
    dns.on('cache-miss', ({ domain, type }) => events.push(`miss ${domain} ${type}`));
  });
  const cached: boolean[] = [];
  server.on('query-answered', (event) => cached.push(event.cached));
  for (let turn = 0; turn < 6; turn++) {
    assert.equal((await askUdp(port, { name: 'a.example.test' })).answers.length, 1);
    assert.equal((await askUdp(port, { name: 'a.example.test', type: 'TXT' })).answers.length, 0);
  }
  assert.equal(calls, 2);
  const { hits, misses, hitRate } = server.stats.getCacheStats();
  assert.deepEqual([hits, misses, hitRate], [10, 2, 10 / 12]);
  assert.deepEqual(cached, [false, false, ...Array.from({ length: 10 }, () => true)]);
  assert.equal(events.filter((event) => event.startsWith('hit')).length, 10);
  assert.deepEqual(events.slice(0, 2), ['miss a.example.test A', 'miss a.example.test TXT']);
});

test('concurrent misses call an asynchronous handler once', async (context) => {
  let calls = 0;
  const gate = Promise.withResolvers<void>();
  const { port } = await startServer(context, {}, (dns) => {
    dns.registerHandler(
      'slow.example.test',
      ['A'],
      async (question) => {
        calls++;
        await gate.promise;
        return record(question.name, 'A', '192.0.2.1');
      },
      { cache: { ttlSeconds: 10 } },
    );
  });
  const answers = Array.from({ length: 8 }, async () => await askUdp(port, { name: 'slow.example.test' }));
  await sleep(50);
  gate.resolve();
  for (const answer of await Promise.all(answers)) {
    assert.equal(answer.answers.length, 1);
  }
  assert.equal(calls, 1);
});

test('an expired answer is given while the next one is fetched', async (context) => {
  let value = 1;
  let calls = 0;
  const { port } = await startServer(context, {}, (dns) => {
    dns.registerHandler(
      's.example.test',
      ['A'],
      async (question) => {
        calls++;
        await Promise.resolve();
        return record(question.name, 'A', `192.0.2.${value}`);
      },
      { cache: { ttlSeconds: 10, staleSeconds: 60 } },
    );
  });
  const ask = async (): Promise<unknown> => (await askUdp(port, { name: 's.example.test' })).answers[0]?.data;
  assert.equal(await ask(), '192.0.2.1');
  value = 2;
  const now = performance.now.bind(performance);
  context.mock.method(performance, 'now', () => now() + 20_000);
  assert.equal(await ask(), '192.0.2.1');
  assert.equal(await ask(), '192.0.2.2');
  assert.equal(calls, 2);
});

test('the cache is bounded and says what it lets go', async (context) => {
  const evicted: string[] = [];
  const { port } = await startServer(context, {}, (dns) => {
    dns.registerHandler('*.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'), {
      cache: { entriesMax: 2 },
    });
    dns.on('cache-evict', ({ domain }) => evicted.push(domain));
  });
  for (const name of ['a', 'b', 'a', 'c', 'd']) {
    await askUdp(port, { name: `${name}.example.test` });
  }
  assert.deepEqual(evicted, ['b.example.test', 'a.example.test']);
});

test('a failure is not kept', async (context) => {
  let calls = 0;
  const { port } = await startServer(context, {}, (dns) => {
    dns.registerHandler(
      'f.example.test',
      ['A'],
      (question) => {
        calls++;
        if (calls === 1) {
          throw new Error('once');
        }
        return record(question.name, 'A', '192.0.2.1');
      },
      { cache: {} },
    );
  });
  assert.equal((await askUdp(port, { name: 'f.example.test' })).rcode, 2);
  assert.equal((await askUdp(port, { name: 'f.example.test' })).rcode, 0);
});
