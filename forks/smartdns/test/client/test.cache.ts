import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { DnsCache } from '#client';
import type { IDnsAnswer, IResolverOptions } from '#client';
import { rcodes } from '#wire';
import { answerPacket, record, soa, zoneAnswer } from './fakeserver.ts';
import type { FakeServer } from './fakeserver.ts';
import { codeOf, resolverFor, serve } from './support.ts';

/** Moves the client's clock by hand while `body` runs. */
async function withClock(body: (advanceMs: (ms: number) => void) => Promise<void>): Promise<void> {
  const real = performance.now.bind(performance);
  let offsetMs = 0;
  const mocked = mock.method(performance, 'now', () => real() + offsetMs);
  try {
    await body((ms) => {
      offsetMs += ms;
    });
  } finally {
    mocked.mock.restore();
  }
}

const zone = [record('www.test', 'A', '192.0.2.1', 100), record('www.test', 'TXT', ['a'], 0), soa('test')];

function serveZone(): Promise<FakeServer> {
  return serve({ answer: zoneAnswer(zone) });
}

test('an answer is kept for exactly its TTL, and its TTL counts down', async () => {
  const server = await serveZone();
  await withClock(async (advance) => {
    const resolver = resolverFor(server);
    assert.equal((await resolver.resolve('www.test')).cached, false);
    const first = await resolver.resolve('WWW.test.');
    assert.deepEqual([first.cached, first.ttl, first.records[0]?.ttl, first.name], [true, 100, 100, 'WWW.test']);
    advance(40_000);
    const later = await resolver.resolve('www.test');
    assert.deepEqual([later.cached, later.ttl, later.records[0]?.ttl], [true, 60, 60]);
    advance(59_000);
    assert.equal((await resolver.resolve('www.test')).ttl, 1);
    assert.equal(server.count(), 1);
    advance(1_000);
    const again = await resolver.resolve('www.test');
    assert.deepEqual([again.cached, again.ttl], [false, 100]);
    assert.equal(server.count(), 2);
    const { hits, misses, expirations, entries } = resolver.stats.getCacheStats();
    assert.deepEqual([hits, misses, expirations, entries], [3, 2, 1, 1]);
  });
});

test('TTL 0 is given on but not kept', async () => {
  const server = await serveZone();
  const resolver = resolverFor(server);
  assert.equal((await resolver.resolve('www.test', 'TXT')).ttl, 0);
  assert.equal((await resolver.resolve('www.test', 'TXT')).cached, false);
  assert.equal(server.count(), 2);
});

test('a TTL with the top bit set is a long one, and kept for the longest time only (RFC 8767 section 4)', async () => {
  const server = await serve({
    answer: (query) => {
      // The encoder refuses such a TTL, so the bit is set in the packet.
      const packet = answerPacket(query, { answers: [record(query.name, 'A', '192.0.2.1', 0x12345678)] });
      const at = packet.indexOf(Buffer.from('12345678', 'hex'));
      packet[at] = 0x92;
      return packet;
    },
  });
  await withClock(async (advance) => {
    const resolver = resolverFor(server);
    assert.equal((await resolver.resolve('www.test')).ttl, 0x7fff_ffff);
    advance(86_399_000);
    assert.equal((await resolver.resolve('www.test')).cached, true);
    advance(1_001);
    assert.equal((await resolver.resolve('www.test')).cached, false);
  });
});

test('"no such records" is kept for the lower of SOA TTL and MINIMUM, for its type only', async () => {
  const server = await serveZone();
  await withClock(async (advance) => {
    const resolver = resolverFor(server);
    await resolver.resolve('www.test', 'AAAA');
    advance(59_000);
    const cached = await resolver.resolve('www.test', 'AAAA');
    assert.deepEqual([cached.cached, cached.ttl, cached.rcode, cached.authorities[0]?.ttl], [true, 1, 'NOERROR', 541]);
    assert.equal((await resolver.resolve('www.test', 'MX')).cached, false);
    advance(1_000);
    assert.equal((await resolver.resolve('www.test', 'AAAA')).cached, false);
  });
});

test('"no such name" is kept for every type of that name', async () => {
  const server = await serveZone();
  const resolver = resolverFor(server);
  await resolver.resolve('nothing.test', 'A');
  const other = await resolver.resolve('nothing.test', 'MX');
  assert.deepEqual([other.cached, other.rcode, other.type], [true, 'NXDOMAIN', 'MX']);
  assert.equal(server.count(), 1);
});

test('a negative answer without SOA is not kept', async () => {
  const server = await serve({ answer: () => ({ rcode: rcodes.NXDOMAIN }) });
  const resolver = resolverFor(server);
  await resolver.resolve('nothing.test');
  assert.equal((await resolver.resolve('nothing.test')).cached, false);
});

test('long TTLs are cut to the configured bounds', async () => {
  const server = await serve({
    answer: ({ name, type }) =>
      type === 'A'
        ? { answers: [record(name, 'A', '192.0.2.1', 604_800)] }
        : { authorities: [soa('test', 604_800, 604_800)] },
  });
  await withClock(async (advance) => {
    const resolver = resolverFor(server, { cache: { ttlMaxSeconds: 50, negativeTtlMaxSeconds: 20 } });
    await resolver.resolve('www.test', 'A');
    await resolver.resolve('www.test', 'MX');
    advance(20_000);
    assert.equal((await resolver.resolve('www.test', 'A')).cached, true);
    assert.equal((await resolver.resolve('www.test', 'MX')).cached, false);
    advance(30_000);
    assert.equal((await resolver.resolve('www.test', 'A')).cached, false);
  });
});

test('a failure is remembered for a moment, so that a broken name costs one question', async () => {
  const server = await serve({ answer: () => ({ rcode: rcodes.SERVFAIL }) });
  await withClock(async (advance) => {
    const resolver = resolverFor(server);
    assert.equal(await codeOf(resolver.resolve('broken.test')), 'ESERVFAIL');
    const asked = server.count();
    assert.equal(await codeOf(resolver.resolve('broken.test')), 'ESERVFAIL');
    assert.equal(server.count(), asked);
    assert.equal(resolver.stats.getCacheStats().failureHits, 1);
    advance(1_001);
    assert.equal(await codeOf(resolver.resolve('broken.test')), 'ESERVFAIL');
    assert.ok(server.count() > asked);
  });
});

test('with staleSeconds an answer outlives its TTL while no resolver answers', async () => {
  let broken = false;
  const server = await serve({
    answer: (query) => (broken ? { rcode: rcodes.SERVFAIL } : zoneAnswer(zone)(query)),
  });
  await withClock(async (advance) => {
    const resolver = resolverFor(server, { cache: { staleSeconds: 600 } });
    await resolver.resolve('www.test');
    broken = true;
    advance(101_000);
    const stale = await resolver.resolve('www.test');
    assert.deepEqual(
      [stale.stale, stale.ttl, stale.records[0]?.ttl, stale.records[0]?.data],
      [true, 30, 30, '192.0.2.1'],
    );
    const asked = server.count();
    assert.equal((await resolver.resolve('www.test')).stale, true);
    assert.equal(server.count(), asked, 'it does not ask again right away (RFC 8767 section 5)');
    broken = false;
    advance(30_001);
    assert.deepEqual([(await resolver.resolve('www.test')).stale, server.count()], [false, asked + 1]);
    broken = true;
    advance(100_000 + 600_001);
    assert.equal(await codeOf(resolver.resolve('www.test')), 'ESERVFAIL');
    assert.equal(resolver.stats.getCacheStats().staleHits, 2);
  });
});

test('refresh asks and stores, bypass leaves the cache alone, ANY is never kept, DO and CD have answers of their own', async () => {
  let address = 1;
  const server = await serve({ answer: ({ name }) => ({ answers: [record(name, 'A', `192.0.2.${address++}`)] }) });
  const resolver = resolverFor(server);
  const ask = async (options: Parameters<typeof resolver.resolve>[2] = {}): Promise<unknown> =>
    (await resolver.resolve('www.test', 'A', options)).records[0]?.data;
  assert.equal(await ask(), '192.0.2.1');
  assert.equal(await ask({ cache: 'bypass' }), '192.0.2.2');
  assert.equal(await ask(), '192.0.2.1');
  assert.equal(await ask({ cache: 'refresh' }), '192.0.2.3');
  assert.equal(await ask(), '192.0.2.3');
  assert.equal(await ask({ dnssec: true }), '192.0.2.4');
  assert.equal(await ask({ checkingDisabled: true }), '192.0.2.5');
  await resolver.resolve('www.test', 'ANY');
  await resolver.resolve('www.test', 'ANY');
  assert.equal(server.count(), 7);
  resolver.flushCache('WWW.test');
  assert.equal(await ask(), '192.0.2.8');
  const off: IResolverOptions = { cache: false };
  const uncached = resolverFor(server, off);
  await uncached.resolve('www.test');
  assert.equal((await uncached.resolve('www.test')).cached, false);
  assert.deepEqual(uncached.stats.getCacheStats().misses, 0);
});

test('records from the cache cannot be changed by a caller', async () => {
  const server = await serveZone();
  const resolver = resolverFor(server);
  const { records } = await resolver.resolve('www.test');
  assert.throws(() => ((records as unknown[])[0] = 1), TypeError);
  assert.throws(() => Object.assign(records[0]!, { ttl: 1 }), TypeError);
});

test('the least recently used entry goes when the cache is full, and evictions are counted and told', async () => {
  const server = await serve({ answer: ({ name }) => ({ answers: [record(name, 'A', '192.0.2.1')] }) });
  const resolver = resolverFor(server, { cache: { entriesMax: 3 } });
  const evicted: string[] = [];
  resolver.on('cache-evict', ({ domain, type, reason }) => evicted.push(`${domain} ${type} ${reason}`));
  for (const name of ['a.test', 'b.test', 'c.test', 'a.test', 'd.test', 'e.test']) await resolver.resolve(name);
  assert.deepEqual(evicted, ['b.test A capacity', 'c.test A capacity']);
  assert.equal((await resolver.resolve('a.test')).cached, true);
  const { entries, evictions, insertions } = resolver.stats.getCacheStats();
  assert.deepEqual([entries, evictions, insertions], [3, 2, 5]);
});

test('the cache stays within its bytes whatever is put in', () => {
  const answer: IDnsAnswer = {
    rcode: 'NOERROR',
    negative: false,
    authenticated: false,
    answers: [],
    authorities: [],
    canonicalName: 'x',
    ttl: 100,
    bytes: 1_488,
    source: 'udp',
    upstream: 'x',
  };
  let bytes = 0;
  const cache = new DnsCache({ bytesMax: 10_000 }, (entry) => {
    bytes -= entry.bytes;
  });
  for (let at = 0; at < 1_000; at += 1) {
    cache.storeAnswer(`k${at % 37}`, 'x', 'A', answer, at);
    bytes += 2_000;
    assert.ok(cache.stats().bytes <= 10_000);
    assert.equal(cache.stats().bytes, bytes);
  }
  assert.equal(cache.stats().entries, 5);
  cache.storeAnswer('huge', 'x', 'A', { ...answer, bytes: 20_000 }, 0);
  assert.equal(cache.stats().entries, 5, 'an answer larger than the cache is not kept');
  cache.flush();
  assert.deepEqual([cache.stats().entries, cache.stats().bytes], [0, 0]);
});

test('equal questions at the same time are asked once; unlike ones are not joined', async () => {
  const server = await serve({ answer: ({ name }) => ({ answers: [record(name, 'A', '192.0.2.1')] }) });
  const resolver = resolverFor(server);
  const results = await Promise.all([
    ...Array.from({ length: 20 }, () => resolver.resolve('www.test')),
    resolver.resolve('WWW.TEST'),
    resolver.resolve('www.test', 'A', { dnssec: true }),
  ]);
  assert.equal(server.count(), 2);
  assert.equal(results[20]?.name, 'WWW.TEST');
  const { queries, answered, coalesced } = resolver.stats.getTotals();
  assert.deepEqual([queries, answered, coalesced], [22, 22, 20]);
});
