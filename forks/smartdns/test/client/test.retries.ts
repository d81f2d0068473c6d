// Which resolver is asked, how often, and what the caller hears in the end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rcodes } from '#wire';
import { FakeServer, record } from './fakeserver.ts';
import type { IFakeQuery, TFakeReply } from './fakeserver.ts';
import { codeOf, failureOf, resolverFor, resolverWith, serve } from './support.ts';

const good = ({ name }: IFakeQuery): TFakeReply => ({ answers: [record(name, 'A', '192.0.2.1')] });

function failing(rcode: number): (query: IFakeQuery) => TFakeReply {
  return () => ({ rcode });
}

async function deadAddress(): Promise<string> {
  const server = await FakeServer.start({ answer: () => undefined, noTcp: true });
  const { address } = server;
  await server.close();
  return address;
}

test('a resolver that fails hands over to the next, and is passed over afterwards', async (context) => {
  // Being passed over ends by the clock, which must not run while a busy machine takes its time.
  const nowMs = performance.now();
  context.mock.method(performance, 'now', () => nowMs);
  const dead = await deadAddress();
  const working = await serve({ answer: good });
  const resolver = resolverWith({ upstreams: [dead, working.address], cache: false });
  for (let at = 0; at < 5; at += 1) assert.equal((await resolver.resolve('www.test')).upstream, working.address);
  const [first, second] = resolver.stats.snapshot().upstreams;
  assert.deepEqual([first!.failures, first!.passedOver, second!.answers], [1, true, 5]);
  const { attempts, attemptsFailed } = resolver.stats.getTotals();
  assert.deepEqual([attempts, attemptsFailed], [6, 1]);
});

test('a silent resolver costs one attempt time-out, then the next answers', async () => {
  const silent = await serve({ answer: () => undefined });
  const working = await serve({ answer: good });
  const resolver = resolverWith({ upstreams: [silent.address, working.address], attemptTimeoutMs: 30, cache: false });
  assert.equal((await resolver.resolve('www.test')).records.length, 1);
  assert.equal(silent.count(), 1);
});

test('REFUSED, NOTIMP and FORMERR are final for a resolver, SERVFAIL is tried once more', async () => {
  const cases: ReadonlyArray<[number, string, number]> = [
    [rcodes.REFUSED, 'EREFUSED', 1],
    [rcodes.NOTIMP, 'ENOTIMP', 1],
    [rcodes.SERVFAIL, 'ESERVFAIL', 2],
    [rcodes.YXDOMAIN, 'ERCODE', 1],
  ];
  for (const [rcode, code, asked] of cases) {
    const server = await serve({ answer: ({ message }) => ({ rcode, edns: message.edns }) });
    const error = await failureOf(resolverFor(server, { cache: false }).resolve('www.test'));
    assert.equal(error.code, code);
    assert.deepEqual([error.hostname, error.type, error.upstream], ['www.test', 'A', server.address]);
    assert.equal(server.count(), asked, code);
  }
});

test('SERVFAIL of one resolver does not hide the answer of another', async () => {
  const broken = await serve({ answer: failing(rcodes.SERVFAIL) });
  const working = await serve({ answer: good });
  const resolver = resolverWith({ upstreams: [broken.address, working.address], cache: false });
  assert.equal((await resolver.resolve('www.test')).upstream, working.address);
  const [first] = resolver.stats.snapshot().upstreams;
  assert.equal(first!.passedOver, false, 'SERVFAIL speaks about the name, not about the resolver');
});

test('attemptsMax bounds what one question can cause', async () => {
  const servers = await Promise.all(
    Array.from({ length: 3 }, () => serve({ answer: ({ packet }) => Buffer.from(packet.subarray(0, 12)) })),
  );
  const upstreams = servers.map((server) => `tcp://${server.address}`);
  const resolver = resolverWith({ upstreams, attemptsMax: 4, cache: false });
  await codeOf(resolver.resolve('www.test'));
  assert.equal(
    servers.reduce((sum, server) => sum + server.count(), 0),
    4,
  );
  assert.equal(resolver.stats.getTotals().attempts, 4);
});

test('rotate begins with another resolver every time', async () => {
  const servers = await Promise.all(Array.from({ length: 3 }, () => serve({ answer: good })));
  const resolver = resolverWith({ upstreams: servers.map((server) => server.address), rotate: true, cache: false });
  for (let at = 0; at < 9; at += 1) await resolver.resolve('www.test');
  assert.deepEqual(
    servers.map((server) => server.count()),
    [3, 3, 3],
  );
});

test('the time for a question is kept, whatever the number of resolvers', async () => {
  const silent = await Promise.all(Array.from({ length: 4 }, () => serve({ answer: () => undefined })));
  const upstreams = silent.map((server) => server.address);
  const resolver = resolverWith({ upstreams, timeoutMs: 90, attemptTimeoutMs: 40, attemptsMax: 100, cache: false });
  assert.equal(await codeOf(resolver.resolve('www.test')), 'ETIMEOUT');
  const asked = silent.reduce((sum, server) => sum + server.count(), 0);
  assert.ok(asked <= 4, `${asked} questions in 90 ms with 40 ms each`);
});

test('a caller may give up alone: the others still get the answer', async () => {
  let release: (() => void) | undefined;
  const server = await serve({
    answer: async (query) => {
      await new Promise<void>((resolve) => (release = resolve));
      return good(query);
    },
  });
  const resolver = resolverFor(server);
  const controller = new AbortController();
  const impatient = codeOf(resolver.resolve('www.test', 'A', { signal: controller.signal }));
  const patient = resolver.resolve('www.test');
  const hurried = codeOf(resolver.resolve('www.test', 'A', { timeoutMs: 20 }));
  assert.equal(await hurried, 'ETIMEOUT');
  controller.abort();
  assert.equal(await impatient, 'EABORTED');
  release!();
  assert.equal((await patient).records.length, 1);
  assert.equal(server.count(), 1);
  assert.equal(await codeOf(resolver.resolve('www.test', 'A', { signal: controller.signal })), 'EABORTED');
});

test('questions beyond the bound wait in line, and beyond the line are refused', async () => {
  const held: Array<() => void> = [];
  const server = await serve({
    answer: async (query) => {
      await new Promise<void>((resolve) => held.push(resolve));
      return good(query);
    },
  });
  const resolver = resolverFor(server, { inFlightMax: 2, waitingMax: 3, cache: false });
  const pending = ['a', 'b', 'c', 'd', 'e'].map((label) => resolver.resolve(`${label}.test`));
  assert.equal(await codeOf(resolver.resolve('f.test')), 'EBUSY');
  const { inFlight, waiting, totals } = resolver.stats.snapshot();
  assert.deepEqual([inFlight, waiting, totals.busy, totals.pending], [2, 3, 1, 5]);
  while (server.count() < 5 || held.length > 0) {
    for (const release of held.splice(0)) release();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(
    (await Promise.all(pending)).map((result) => result.records.length),
    [1, 1, 1, 1, 1],
  );
  const after = resolver.stats.snapshot();
  assert.deepEqual([after.inFlight, after.waiting], [0, 0]);
});

test('a question whose time is up while it waits in line is given up there', async () => {
  const server = await serve({ answer: () => undefined });
  const resolver = resolverFor(server, { inFlightMax: 1, cache: false, timeoutMs: 300, attemptTimeoutMs: 300 });
  const first = codeOf(resolver.resolve('a.test'));
  const second = await failureOf(resolver.resolve('b.test', 'A', { timeoutMs: 20 }));
  assert.deepEqual([second.code, second.reason, second.hostname], ['ETIMEOUT', 'queue', 'b.test']);
  assert.equal(resolver.stats.snapshot().waiting, 0);
  const third = codeOf(resolver.resolve('c.test'));
  resolver.destroy();
  assert.deepEqual([await first, await third], ['EDESTROYED', 'EDESTROYED']);
});
