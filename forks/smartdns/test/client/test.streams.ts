// TCP, TLS and HTTPS: connections are shared, closed when idle, replaced when lost, and never trusted blindly.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IResolverOptions, IUpstreamOptions, Resolver } from '#client';
import { answerPacket, record, zoneAnswer } from './fakeserver.ts';
import type { FakeServer, IFakeHttp, TFakeSource } from './fakeserver.ts';
import { codeOf, failureOf, resolverWith, serve, testCertificate } from './support.ts';

const tls = testCertificate();
const otherTls = testCertificate();
const zone = [record('www.test', 'A', '192.0.2.1')];

type TStream = Exclude<TFakeSource, 'udp'>;

function upstreamOf(server: FakeServer, source: TStream, parts: Partial<IUpstreamOptions> = {}): IUpstreamOptions {
  const port = { tcp: server.port, tls: server.tlsPort, https: server.httpsPort }[source];
  return { protocol: source, host: '127.0.0.1', port, ca: tls.cert, ...parts };
}

function resolverOver(server: FakeServer, source: TStream, options: IResolverOptions = {}): Resolver {
  return resolverWith({ upstreams: [upstreamOf(server, source)], cache: false, ...options });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

for (const source of ['tcp', 'tls', 'https'] as const) {
  test(`${source}: questions share one connection`, async () => {
    const server = await serve({ tls, answer: ({ name }) => ({ answers: [record(name, 'TXT', [name])] }) });
    const resolver = resolverOver(server, source);
    const names = Array.from({ length: 100 }, (_, at) => `n${at}.test`);
    const results = await Promise.all(names.map((name) => resolver.resolve(name, 'TXT')));
    assert.deepEqual(
      results.map((result) => String(result.records[0]?.data)),
      names,
    );
    assert.equal(results[0]!.source, source);
    assert.equal(results[0]!.fromTcp, source === 'tcp');
    assert.equal(server.connections, 1);
  });

  test(`${source}: a thousand questions at once need no more connections than allowed`, async () => {
    const server = await serve({ tls, answer: ({ name }) => ({ answers: [record(name, 'TXT', [name])] }) });
    const resolver = resolverOver(server, source, { timeoutMs: 20_000, attemptTimeoutMs: 20_000 });
    for (let round = 0; round < 2; round += 1) {
      const names = Array.from({ length: 1_000 }, (_, at) => `n${at}.test`);
      const results = await Promise.all(names.map((name) => resolver.resolve(name, 'TXT')));
      assert.ok(results.every((result, at) => String(result.records[0]?.data) === names[at]));
    }
    assert.ok(server.connections <= 2, `${server.connections} connections`);
  });

  test(`${source}: replies may come in any order`, async () => {
    const held: Array<() => void> = [];
    const server = await serve({
      tls,
      answer: async ({ name }) => {
        await new Promise<void>((resolve) => {
          held.push(resolve);
          if (held.length === 5) for (const release of held.reverse()) setImmediate(release);
        });
        return { answers: [record(name, 'TXT', [name])] };
      },
    });
    const resolver = resolverOver(server, source);
    const names = ['a.test', 'b.test', 'c.test', 'd.test', 'e.test'];
    const results = await Promise.all(names.map((name) => resolver.resolve(name, 'TXT')));
    assert.deepEqual(
      results.map((result) => String(result.records[0]?.data)),
      names,
    );
  });

  test(`${source}: a connection that the server has closed is replaced without an error`, async () => {
    const server = await serve({ tls, answer: zoneAnswer(zone) });
    const resolver = resolverOver(server, source, { attemptsMax: 1 });
    await resolver.resolve('www.test');
    server.cut();
    assert.equal((await resolver.resolve('www.test')).records.length, 1);
    assert.equal(server.connections, 2);
  });

  test(`${source}: a question that dies with its connection is asked again`, async () => {
    const server = await serve({
      tls,
      answer: (query) => {
        if (query.number > 1) return zoneAnswer(zone)(query);
        server.cut();
        return undefined;
      },
    });
    const resolver = resolverOver(server, source);
    assert.equal((await resolver.resolve('www.test')).records.length, 1);
    assert.equal(server.count(), 2);
  });

  test(`${source}: an unused connection is closed after the idle time`, async () => {
    const server = await serve({ tls, answer: zoneAnswer(zone) });
    const resolver = resolverOver(server, source, { idleMs: 30 });
    await resolver.resolve('www.test');
    assert.equal(server.openConnections, 1);
    await until(() => server.openConnections === 0);
    assert.equal((await resolver.resolve('www.test')).records.length, 1);
  });

  test(`${source}: a connection over which nothing comes back is given up`, async () => {
    let silent = false;
    const server = await serve({ tls, answer: (query) => (silent ? undefined : zoneAnswer(zone)(query)) });
    const resolver = resolverOver(server, source);
    await resolver.resolve('www.test');
    silent = true;
    assert.equal(await codeOf(resolver.resolve('www.test', 'A', { timeoutMs: 150 })), 'ETIMEOUT');
    await until(() => server.openConnections === 0);
    silent = false;
    assert.equal((await resolver.resolve('www.test')).records.length, 1);
    assert.equal(server.connections, 2);
  });

  test(`${source}: a reply to another question is an error, not an answer`, async () => {
    const server = await serve({
      tls,
      answer: (query) =>
        answerPacket(query, {
          questions: [{ name: 'evil.test', type: 'A', class: 'IN' }],
          answers: [record('www.test', 'A', '192.0.2.66')],
        }),
    });
    const error = await failureOf(resolverOver(server, source, { attemptsMax: 1 }).resolve('www.test'));
    assert.deepEqual([error.code, error.reason], ['EBADRESP', 'question']);
  });

  test(`${source}: destroy() rejects what is under way and closes the connection`, async () => {
    const server = await serve({ tls, answer: () => undefined });
    const resolver = resolverOver(server, source);
    const pending = codeOf(resolver.resolve('www.test'));
    await until(() => server.count() === 1);
    resolver.destroy();
    assert.equal(await pending, 'EDESTROYED');
    await until(() => server.openConnections === 0);
  });
}

for (const source of ['tls', 'https'] as const) {
  test(`${source}: a certificate of a stranger, or for another name, is refused`, async () => {
    const server = await serve({ tls, answer: zoneAnswer(zone) });
    const bad: Array<Partial<IUpstreamOptions>> = [
      { ca: undefined },
      { ca: otherTls.cert },
      { servername: 'somebody.test' },
    ];
    for (const parts of bad) {
      const resolver = resolverWith({ upstreams: [upstreamOf(server, source, parts)], attemptsMax: 1, cache: false });
      assert.equal(await codeOf(resolver.resolve('www.test')), 'ETLS', JSON.stringify(Object.keys(parts)));
    }
    assert.equal(server.count(), 0, 'nothing was asked over such a connection');
    const named = upstreamOf(server, source, { servername: 'resolver.test' });
    assert.equal((await resolverWith({ upstreams: [named] }).resolve('www.test')).records.length, 1);
    const loose = upstreamOf(server, source, { ca: undefined, rejectUnauthorized: false });
    assert.equal((await resolverWith({ upstreams: [loose] }).resolve('www.test')).records.length, 1);
  });

  test(`${source}: the second connection resumes the TLS session of the first`, async () => {
    const server = await serve({ tls, answer: zoneAnswer(zone) });
    const resolver = resolverOver(server, source);
    await resolver.resolve('www.test');
    server.cut();
    await resolver.resolve('www.test');
    assert.deepEqual([server.connections, server.resumed], [2, 1]);
  });

  test(`${source}: a host name is reached at its configured addresses`, async () => {
    const server = await serve({ tls, answer: zoneAnswer(zone) });
    const upstream = upstreamOf(server, source, { host: 'resolver.test', addresses: ['127.0.0.1'] });
    assert.equal((await resolverWith({ upstreams: [upstream] }).resolve('www.test')).records.length, 1);
  });

  test(`${source}: queries are padded to 128 bytes, unless told not to`, async () => {
    const server = await serve({ tls, answer: zoneAnswer(zone) });
    await resolverOver(server, source).resolve('www.test');
    await resolverOver(server, source, { padding: false }).resolve('www.test');
    const [padded, plain] = server.queries.map((query) => query.packet.length);
    assert.deepEqual([padded! % 128, plain! < 60], [0, true]);
  });
}

test('https: HTTP/2 where the server has it, POST by default, GET when told, id 0', async () => {
  const server = await serve({ tls, answer: zoneAnswer(zone) });
  await resolverOver(server, 'https').resolve('www.test');
  const get = resolverWith({ upstreams: [upstreamOf(server, 'https', { method: 'GET', path: '/q?x=1' })] });
  await get.resolve('www.test');
  assert.deepEqual(server.httpRequests, ['2.0 POST', '2.0 GET']);
  assert.deepEqual(
    server.queries.map((query) => query.message.id),
    [0, 0],
  );
});

test('https: a session that the server wants to end takes no more questions, and those under way are finished', async () => {
  let release: (() => void) | undefined;
  const server = await serve({
    tls,
    answer: async (query) => {
      if (query.number === 1) await new Promise<void>((resolve) => (release = resolve));
      return zoneAnswer(zone)(query);
    },
  });
  const resolver = resolverOver(server, 'https', { attemptsMax: 1 });
  const first = resolver.resolve('www.test');
  await until(() => server.count() === 1);
  server.endSessions();
  await until(() => server.sessionsEnding > 0);
  const second = await resolver.resolve('www.test', 'AAAA');
  assert.equal(second.rcode, 'NOERROR');
  assert.equal(server.connections, 2);
  release!();
  assert.equal((await first).records.length, 1);
});

test('https: HTTP/1.1 where the server has nothing better, over few connections', async () => {
  const server = await serve({ tls, http2: false, answer: ({ name }) => ({ answers: [record(name, 'TXT', [name])] }) });
  const resolver = resolverOver(server, 'https', { idleMs: 50 });
  const names = Array.from({ length: 30 }, (_, at) => `n${at}.test`);
  const results = await Promise.all(names.map((name) => resolver.resolve(name, 'TXT')));
  assert.deepEqual(
    results.map((result) => String(result.records[0]?.data)),
    names,
  );
  assert.equal(server.httpRequests[0], '1.1 POST');
  assert.ok(server.connections <= 4, `${server.connections} connections`);
  await until(() => server.openConnections === 0);
  assert.equal((await resolver.resolve('again.test', 'TXT')).records.length, 1);
});

test('https: the Age field shortens TTLs', async () => {
  const server = await serve({ tls, answer: zoneAnswer(zone), http: () => ({ headers: { age: '100' } }) });
  const result = await resolverOver(server, 'https').resolve('www.test');
  assert.deepEqual([result.ttl, result.records[0]?.ttl], [200, 200]);
});

test('https: what is no DNS message is EHTTP', async () => {
  const shapes: IFakeHttp[] = [
    { status: 404 },
    { status: 302, headers: { location: '/elsewhere' } },
    { headers: { 'content-type': 'text/html' } },
    { body: Buffer.alloc(70_000) },
  ];
  for (const shape of shapes) {
    const server = await serve({ tls, answer: zoneAnswer(zone), http: () => shape });
    const resolver = resolverOver(server, 'https', { attemptsMax: 1 });
    assert.equal(await codeOf(resolver.resolve('www.test')), 'EHTTP', JSON.stringify(shape).slice(0, 60));
  }
  const empty = await serve({ tls, answer: zoneAnswer(zone), http: () => ({ body: Buffer.alloc(0) }) });
  assert.equal(await codeOf(resolverOver(empty, 'https', { attemptsMax: 1 }).resolve('www.test')), 'EBADRESP');
});

test('a server that is not there is ECONNECT over every kind of connection', async () => {
  const gone = await serve({ tls, answer: () => undefined });
  const upstreams = (['tcp', 'tls', 'https'] as const).map((source) => upstreamOf(gone, source));
  await gone.close();
  for (const upstream of upstreams) {
    const resolver = resolverWith({ upstreams: [upstream], attemptsMax: 1, cache: false });
    assert.equal(await codeOf(resolver.resolve('www.test')), 'ECONNECT', upstream.protocol);
  }
});
