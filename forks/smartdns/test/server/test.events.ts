import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askRawUdp, askUdp, makeQuery } from './ask.ts';
import { record, startServer } from './start.ts';
import type {
  DnsServer,
  IDnsQueryCompletedEvent,
  IQueryAnsweredEvent,
  IQueryErrorEvent,
  IQueryReceivedEvent,
} from '#server';

const withHandlers = (server: DnsServer): void => {
  server.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
  server.registerHandler('throws.example.test', ['A'], () => {
    throw new Error('broken on purpose');
  });
};

test('each query has one query-received and one query-answered with the same id, image or not', async (context) => {
  const received: IQueryReceivedEvent[] = [];
  const answered: IQueryAnsweredEvent[] = [];
  const { server, port } = await startServer(context, {}, withHandlers);
  server.on('query-received', (event) => received.push(event));
  server.on('query-answered', (event) => answered.push(event));
  let bytes = 0;
  for (let turn = 0; turn < 5; turn++) {
    bytes += (await askRawUdp(port, makeQuery({ name: 'WWW.example.test' })))!.length;
  }
  bytes += (await askRawUdp(port, makeQuery({ name: 'nope.example.test', type: 'TXT' })))!.length;
  assert.deepEqual(
    received.map(({ queryId }) => queryId),
    [1, 2, 3, 4, 5, 6],
  );
  assert.deepEqual(
    answered.map(({ queryId }) => queryId),
    [1, 2, 3, 4, 5, 6],
  );
  const { timestamp, clientPort, ...first } = received[0]!;
  assert.ok(timestamp instanceof Date && clientPort > 0);
  assert.deepEqual(first, {
    queryId: 1,
    type: 'A',
    domain: 'www.example.test',
    class: 'IN',
    source: 'udp',
    clientIp: '127.0.0.1',
  });
  for (const event of [answered[0]!, answered[4]!]) {
    const { responseTime, bytes: size, queryId, ...rest } = event;
    assert.ok(responseTime >= 0 && size > 12 && queryId > 0);
    assert.deepEqual(rest, {
      domain: 'www.example.test',
      type: 'A',
      source: 'udp',
      clientIp: '127.0.0.1',
      cached: false,
      responseCode: 'NOERROR',
      answers: 1,
      truncated: false,
      dnssec: false,
    });
  }
  assert.equal(answered[5]?.responseCode, 'NXDOMAIN');
  assert.equal(
    answered.reduce((sum, event) => sum + event.bytes, 0),
    bytes,
  );
  assert.equal(server.stats.getTotals().bytesOut, bytes);
  assert.ok(Object.isFrozen(received[0]) && Object.isFrozen(answered[0]));
});

test('failures are told with their reason', async (context) => {
  const errors: IQueryErrorEvent[] = [];
  const { server, port } = await startServer(context, {}, withHandlers);
  server.on('query-error', (event) => errors.push(event));
  await askUdp(port, { name: 'throws.example.test' });
  await askUdp(port, { name: 'example.org' });
  await askRawUdp(port, makeQuery({ name: 'a', questions: 2 }));
  await askRawUdp(port, makeQuery({ name: 'a', flags: 0x8000 }), 50);
  assert.deepEqual(
    errors.map(({ reason, error, queryId }) => [queryId, reason, error]),
    [
      [1, 'handler', 'broken on purpose'],
      [2, 'refused', 'example.org is in none of our zones'],
      [3, 'malformed', undefined],
      [4, 'response', undefined],
    ],
  );
});

test("upstream's query event is kept", async (context) => {
  const events: IDnsQueryCompletedEvent[] = [];
  const { server, port } = await startServer(context, {}, withHandlers);
  server.on('query', (event) => events.push(event));
  for (let turn = 0; turn < 3; turn++) {
    await askUdp(port, { name: 'www.example.test' });
  }
  await askUdp(port, { name: 'nope.example.test' });
  assert.deepEqual(
    events.map(({ questions, answered }) => [questions[0]?.name, answered]),
    [
      ['www.example.test', true],
      ['www.example.test', true],
      ['www.example.test', true],
      ['nope.example.test', false],
    ],
  );
  assert.equal(typeof events[0]?.timestamp, 'number');
});

test('listeners can come and go; removing them all stops the events', async (context) => {
  const { server, port } = await startServer(context, {}, withHandlers);
  let count = 0;
  const listener = (): void => {
    count++;
  };
  server.once('query-answered', listener);
  await askUdp(port, { name: 'www.example.test' });
  await askUdp(port, { name: 'www.example.test' });
  assert.equal(count, 1);
  server.on('query-answered', listener);
  await askUdp(port, { name: 'www.example.test' });
  server.removeAllListeners();
  await askUdp(port, { name: 'www.example.test' });
  assert.equal(count, 2);
});

test('top names, top clients, types and rates are readable at any time', async (context) => {
  const { server, port } = await startServer(context, {}, withHandlers);
  for (let turn = 0; turn < 4; turn++) {
    await askUdp(port, { name: 'www.EXAMPLE.test' });
  }
  await askUdp(port, { name: 'nope.example.test', type: 65_280 });
  const { stats } = server;
  assert.deepEqual(stats.getTopDomains(1), [{ domain: 'www.example.test', count: 4, maxError: 0 }]);
  assert.deepEqual(stats.getTopClients(1), [{ clientIp: '127.0.0.1', count: 5, maxError: 0 }]);
  assert.deepEqual(stats.getQueryTypeBreakdown(), { A: 4, TYPE65280: 1 });
  assert.deepEqual(stats.getResponseCodeBreakdown(), { NOERROR: 4, NXDOMAIN: 1 });
  assert.deepEqual(
    stats.getZoneStats().filter(({ queries }) => queries > 0),
    [
      { zone: 'www.example.test', queries: 4, rcodes: { NOERROR: 4 } },
      { zone: 'example.test', queries: 1, rcodes: { NXDOMAIN: 1 } },
    ],
  );
  const latency = stats.getLatency();
  assert.equal(latency.count, 5);
  assert.ok(latency.p50Ms > 0 && latency.maxMs >= latency.p99Ms);
  assert.deepEqual(latency.buckets.at(-1), { le: Infinity, count: 5 });
  assert.equal(server.getStats(), stats);
});
