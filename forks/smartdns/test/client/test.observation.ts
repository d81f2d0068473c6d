// Statistics and events: complete, consistent, and free when nobody listens.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DnsError, Forwarder, Smartdns, dnsErrorCodes } from '#client';
import type { Resolver } from '#client';
import { rcodes } from '#wire';
import { record, soa, zoneAnswer } from './fakeserver.ts';
import type { IFakeQuery, TFakeReply } from './fakeserver.ts';
import { atEnd, codeOf, resolverFor, resolverWith, serve } from './support.ts';

const zone = [record('www.test', 'A', '192.0.2.1')];

/** A generator of numbers that is the same in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function record1(resolver: Resolver): string[] {
  const lines: string[] = [];
  resolver.on('query-sent', (event) =>
    lines.push(`sent ${event.domain} ${event.type} ${event.source} ${event.attempt}`),
  );
  resolver.on('query-retry', (event) => lines.push(`retry ${event.domain} ${event.reason}`));
  resolver.on('query-answered', (event) =>
    lines.push(`answered ${event.domain} ${event.responseCode} ${event.answers} ${event.cached ? 'cached' : 'fresh'}`),
  );
  resolver.on('query-error', (event) => lines.push(`error ${event.domain} ${event.reason}`));
  resolver.on('cache-hit', (event) => lines.push(`hit ${event.domain} ${event.type}`));
  resolver.on('cache-miss', (event) => lines.push(`miss ${event.domain} ${event.type}`));
  return lines;
}

test('events tell the way of every question, and are frozen', async () => {
  const server = await serve({
    answer: (query) => {
      if (query.name.toLowerCase() === 'broken.test') return { rcode: rcodes.SERVFAIL };
      return zoneAnswer(zone)(query);
    },
  });
  const resolver = resolverFor(server);
  const lines = record1(resolver);
  resolver.on('query-answered', (event) => assert.ok(Object.isFrozen(event)));
  await resolver.resolve('www.test');
  await resolver.resolve('www.test');
  await resolver.resolve('nothing.test', 'MX');
  await codeOf(resolver.resolve('broken.test'));
  await resolver.resolve('localhost');
  assert.deepEqual(lines, [
    'miss www.test A',
    'sent www.test A udp 1',
    'answered www.test NOERROR 1 fresh',
    'hit www.test A',
    'answered www.test NOERROR 1 cached',
    'miss nothing.test MX',
    'sent nothing.test MX udp 1',
    'answered nothing.test NXDOMAIN 0 fresh',
    'miss broken.test A',
    'sent broken.test A udp 1',
    'retry broken.test ESERVFAIL',
    'sent broken.test A udp 2',
    'retry broken.test ESERVFAIL',
    'error broken.test ESERVFAIL',
    'answered localhost NOERROR 1 fresh',
  ]);
});

test('Smartdns and Forwarder emit the same events', async () => {
  const server = await serve({ answer: zoneAnswer(zone) });
  const smartdns = new Smartdns({ strategy: 'udp', resolvers: { udp: [server.address] } });
  const forwarder = new Forwarder({ upstreams: [server.address] });
  let heard = 0;
  for (const emitter of [smartdns, forwarder]) {
    atEnd(() => emitter.destroy());
    emitter.on('query-answered', ({ bytes, upstream }) => {
      assert.ok(bytes > 0);
      assert.equal(upstream, server.address);
      heard += 1;
    });
  }
  await smartdns.getRecordsA('www.test');
  await forwarder.forward('www.test', 'A');
  assert.equal(heard, 2);
});

test('a removed listener is not called any more', async () => {
  const server = await serve({ answer: zoneAnswer(zone) });
  const resolver = resolverFor(server);
  let heard = 0;
  const listener = (): void => {
    heard += 1;
  };
  resolver.on('query-answered', listener);
  await resolver.resolve('www.test');
  resolver.off('query-answered', listener);
  await resolver.resolve('www.test');
  resolver.once('query-answered', listener);
  await resolver.resolve('www.test');
  await resolver.resolve('www.test');
  assert.equal(heard, 2);
});

test('the laws hold under faults of every kind', async () => {
  const seed = 20_240_607;
  const below = generator(seed);
  const answers: ReadonlyArray<(query: IFakeQuery) => TFakeReply> = [
    ({ name }) => ({ answers: [record(name, 'A', '192.0.2.1', 60)] }),
    ({ name }) => ({ answers: [record(name, 'A', '192.0.2.1', 0)] }),
    () => ({ authorities: [soa('test')] }),
    () => ({ rcode: rcodes.NXDOMAIN, authorities: [soa('test')] }),
    () => ({ rcode: rcodes.SERVFAIL }),
    () => ({ rcode: rcodes.REFUSED }),
    () => undefined,
    ({ packet }) => packet.subarray(0, 5),
    ({ packet }) => Buffer.concat([packet.subarray(0, 2), Buffer.from([0x84, 0]), packet.subarray(4, 20)]),
    ({ source, name }) => (source === 'udp' ? { tc: true } : { answers: [record(name, 'A', '192.0.2.1')] }),
    ({ name }) => ({ answers: [record(name, 'CNAME', 'other.test')] }),
  ];
  const server = await serve({ answer: (query) => answers[below(answers.length)]!(query) });
  const resolver = resolverWith({
    upstreams: [server.address, `tcp://${server.address}`],
    timeoutMs: 80,
    attemptTimeoutMs: 10,
    inFlightMax: 20,
    waitingMax: 10,
    cache: { entriesMax: 8, failureMs: 5 },
  });
  const heard = { answered: 0, error: 0, hit: 0, miss: 0, sent: 0, retry: 0, evict: 0 };
  resolver.on('query-answered', () => (heard.answered += 1));
  resolver.on('query-error', () => (heard.error += 1));
  resolver.on('query-sent', () => (heard.sent += 1));
  resolver.on('query-retry', () => (heard.retry += 1));
  resolver.on('cache-hit', () => (heard.hit += 1));
  resolver.on('cache-miss', () => (heard.miss += 1));
  resolver.on('cache-evict', () => (heard.evict += 1));
  let answered = 0;
  const failed: Record<string, number> = {};
  for (let round = 0; round < 12; round += 1) {
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        try {
          await resolver.resolve(`n${below(16)}.test`, ['A', 'AAAA', 'TXT'][below(3)]);
          answered += 1;
        } catch (error) {
          assert.ok(error instanceof DnsError && error.code in dnsErrorCodes, String(error));
          failed[error.code] = (failed[error.code] ?? 0) + 1;
        }
      }),
    );
  }
  const context = `seed ${seed}`;
  const {
    totals,
    cache,
    types,
    rcodes: byRcode,
    errors,
    sources,
    latency,
    inFlight,
    waiting,
  } = resolver.stats.snapshot();
  const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);
  assert.equal(totals.queries, 480, context);
  assert.deepEqual([totals.answered, totals.failed, totals.pending], [answered, sum(failed), 0], context);
  assert.deepEqual(errors, failed, context);
  assert.equal(sum(types), totals.queries, context);
  assert.equal(sum(byRcode), totals.answered, context);
  assert.equal(sum(sources) + totals.cached, totals.answered, context);
  assert.equal(latency.count, totals.queries, context);
  assert.equal(cache.hits + cache.misses, totals.queries, context);
  assert.equal(cache.hits, totals.cached + cache.failureHits, context);
  assert.deepEqual([heard.answered, heard.error], [totals.answered, totals.failed], context);
  assert.deepEqual([heard.hit, heard.miss], [cache.hits, cache.misses], context);
  assert.deepEqual([heard.sent, heard.retry], [totals.attempts, totals.attemptsFailed], context);
  assert.ok(cache.entries <= 8, context);
  assert.equal(cache.insertions - heard.evict, cache.entries, context);
  assert.deepEqual([inFlight, waiting], [0, 0], context);
});

test('counters per resolver agree with what the server saw', async () => {
  const server = await serve({
    answer: ({ source, name }) =>
      source === 'udp' && name.toLowerCase().startsWith('long')
        ? { tc: true }
        : { answers: [record(name, 'TXT', ['x'])] },
  });
  const resolver = resolverFor(server);
  for (let at = 0; at < 10; at += 1) await resolver.resolve(`${at % 2 === 0 ? 'long' : 'short'}${at}.test`, 'TXT');
  const [upstream] = resolver.stats.snapshot().upstreams;
  const bytes = server.queries.reduce((total, query) => total + query.packet.length, 0);
  assert.deepEqual(
    [upstream!.sent, upstream!.received, upstream!.bytesOut, upstream!.tcpFallbacks, upstream!.answers],
    [15, 15, bytes, 5, 10],
  );
  assert.equal(resolver.stats.getTotalQueries(), 10);
  assert.deepEqual(resolver.stats.getQueryTypeBreakdown(), { TXT: 10 });
  assert.deepEqual(resolver.stats.getResponseCodeBreakdown(), { NOERROR: 10, NXDOMAIN: 0 });
  assert.deepEqual(resolver.stats.getErrors(), {});
});

test('types are counted by name up to a bound', async () => {
  const server = await serve({ answer: ({ name, type }) => ({ answers: [record(name, type, Buffer.from([1]))] }) });
  const resolver = resolverFor(server, { cache: false });
  await Promise.all(Array.from({ length: 100 }, (_, at) => resolver.resolve('www.test', 65_300 + at)));
  const types = resolver.stats.getQueryTypeBreakdown();
  assert.equal(Object.keys(types).length, 65);
  assert.equal(types['other'], 36);
});
