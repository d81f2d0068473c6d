import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { test } from 'node:test';
import { Resolver } from '#client';
import type { IResolverOptions } from '#client';
import { rcodes } from '#wire';
import { withoutIpv6 } from '../ipv6.ts';
import { FakeServer, answerPacket, record, soa, zoneAnswer } from './fakeserver.ts';
import { atEnd, codeOf, resolverFor, serve } from './support.ts';

test('a question over UDP brings its records, TTL, source and rcode', async () => {
  const server = await serve({ answer: zoneAnswer([record('www.test', 'A', '192.0.2.1', 77)]) });
  const resolver = resolverFor(server);
  const result = await resolver.resolve('www.test', 'A');
  assert.deepEqual(result.records, [{ name: 'www.test', type: 'A', class: 'IN', ttl: 77, data: '192.0.2.1' }]);
  assert.equal(result.rcode, 'NOERROR');
  assert.equal(result.ttl, 77);
  assert.equal(result.source, 'udp');
  assert.equal(result.upstream, server.address);
  assert.equal(result.cached, false);
  assert.equal(result.authenticated, false);
  assert.equal(server.count(), 1);
});

test('the query asks for recursion and AD, offers 1232 bytes, and sets DO and CD only when told', async () => {
  const server = await serve({ answer: zoneAnswer([record('www.test', 'A', '192.0.2.1')]) });
  const resolver = resolverFor(server, { cache: false });
  await resolver.resolve('www.test');
  await resolver.resolve('www.test', 'A', { dnssec: true, checkingDisabled: true });
  const [plain, signed] = server.queries.map((query) => query.message);
  assert.deepEqual(
    [plain!.rd, plain!.ad, plain!.cd, plain!.edns?.udpPayloadSize, plain!.edns?.dnssecOk],
    [true, true, false, 1232, false],
  );
  assert.deepEqual([signed!.cd, signed!.edns?.dnssecOk], [true, true]);
});

test('NXDOMAIN and NODATA are results, told apart', async () => {
  const server = await serve({ answer: zoneAnswer([record('www.test', 'A', '192.0.2.1')]) });
  const resolver = resolverFor(server);
  const nothing = await resolver.resolve('nothing.test');
  assert.deepEqual([nothing.rcode, nothing.records.length, nothing.ttl], ['NXDOMAIN', 0, 60]);
  const nodata = await resolver.resolve('www.test', 'AAAA');
  assert.deepEqual([nodata.rcode, nodata.records.length, nodata.ttl], ['NOERROR', 0, 60]);
});

test('every question has its own port and an id that differs', async () => {
  const server = await serve({ answer: zoneAnswer([record('www.test', 'A', '192.0.2.1')]) });
  const resolver = resolverFor(server, { cache: false });
  const questions = 40;
  for (let at = 0; at < questions; at += 1) await resolver.resolve('www.test');
  const ports = new Set(server.queries.map((query) => query.clientPort));
  const ids = new Set(server.queries.map((query) => query.message.id));
  assert.ok(ports.size > questions / 2, `${ports.size} ports`);
  assert.ok(ids.size > questions - 5, `${ids.size} ids`);
});

test('a socket pool carries many questions at once and keeps them apart', async () => {
  const server = await serve({
    answer: ({ name }) => ({ answers: [record(name, 'TXT', name.toLowerCase())] }),
  });
  const resolver = resolverFor(server, { queriesPerSocket: 1_000, cache: false });
  const names = Array.from({ length: 300 }, (_, index) => `n${index}.test`);
  const results = await Promise.all(names.map((name) => resolver.resolve(name, 'TXT')));
  assert.deepEqual(
    results.map((result) => String(result.records[0]?.data)),
    names,
  );
  const [upstream] = resolver.stats.snapshot().upstreams;
  assert.ok(upstream!.opened <= 64, `${upstream!.opened} sockets`);
});

test('the asked name travels in mixed case and comes back as asked', async () => {
  const server = await serve({
    answer: ({ name }) => ({ answers: [record(name, 'MX', { preference: 5, exchange: `mail.${name}` })] }),
  });
  const resolver = resolverFor(server, { cache: false });
  const name = 'abcdefghijklmnopqrstuvwxyz.example.test';
  const { records } = await resolver.resolve(name, 'MX');
  const [query] = server.queries;
  assert.notEqual(query!.name, name);
  assert.equal(query!.name.toLowerCase(), name);
  assert.deepEqual(records[0]?.name, name);
  assert.deepEqual(records[0]?.data, { preference: 5, exchange: `mail.${name}` });
});

test('a server that compares names byte by byte is asked in plain case, from then on at once', async () => {
  const server = await serve({
    noTcp: true,
    answer: ({ name, type }) => {
      if (name === name.toLowerCase()) return { answers: [record(name, 'A', '192.0.2.1')] };
      return { answers: type === 'SOA' ? [] : [soa(name)] };
    },
  });
  const resolver = resolverFor(server, { cache: false });
  for (const name of ['abcdefghijklmnop.test', 'qrstuvwxyzabcdef.test']) {
    assert.equal((await resolver.resolve(name)).records.length, 1);
  }
  assert.equal(server.count(), 3);
  const [upstream] = resolver.stats.snapshot().upstreams;
  assert.equal(upstream!.sent, 3);
});

test('a reply in the wrong letter case is not believed: the question goes on over TCP', async () => {
  const server = await serve({
    answer: (query) => {
      const answers = [record('abcdefghijklmnop.test', 'A', query.source === 'udp' ? '192.0.2.66' : '192.0.2.1')];
      const questions = [{ name: 'abcdefghijklmnop.test', type: 'A', class: 'IN' }];
      return { answers, questions };
    },
  });
  const resolver = resolverFor(server);
  const result = await resolver.resolve('abcdefghijklmnop.test');
  assert.equal(result.records[0]?.data, '192.0.2.1');
  assert.equal(result.fromTcp, true);
  const [upstream] = resolver.stats.snapshot().upstreams;
  assert.equal(upstream!.bogusReplies['case'], 1);
  assert.equal(upstream!.tcpFallbacks, 1);
});

test('replies with another id, question, or without the response bit are skipped, the right one is taken', async () => {
  const server = await serve({
    noTcp: true,
    answer: (query) => {
      const good = answerPacket(query, { answers: [record(query.name, 'A', '192.0.2.1')] });
      const evil = { answers: [record(query.name, 'A', '192.0.2.66')] };
      const otherId = answerPacket(query, { ...evil, id: (query.message.id + 1) & 0xffff });
      const otherName = answerPacket(query, { ...evil, questions: [{ name: 'evil.test', type: 'A', class: 'IN' }] });
      const otherType = answerPacket(query, { ...evil, questions: [{ name: query.name, type: 'AAAA', class: 'IN' }] });
      const noQuestion = answerPacket(query, { ...evil, questions: [] });
      const notResponse = answerPacket(query, { ...evil, qr: false });
      const otherOpcode = answerPacket(query, { ...evil, opcode: 4 });
      return [Buffer.from([1, 2, 3]), otherId, otherName, otherType, noQuestion, notResponse, otherOpcode, good];
    },
  });
  const resolver = resolverFor(server);
  const result = await resolver.resolve('www.test');
  assert.equal(result.records[0]?.data, '192.0.2.1');
  const { bogusReplies } = resolver.stats.snapshot().upstreams[0]!;
  assert.deepEqual(bogusReplies, {
    'short': 1,
    'source': 0,
    'id': 1,
    'response-bit': 2,
    'question': 3,
    'case': 0,
    'cookie': 0,
  });
});

test('a reply from another address or port never reaches the question', async () => {
  const stranger = createSocket('udp4');
  atEnd(() => stranger.close());
  stranger.bind(0, '127.0.0.1');
  const server = await serve({
    answer: async (query) => {
      const forged = answerPacket(query, { answers: [record(query.name, 'A', '192.0.2.66')] });
      await new Promise((resolve) => stranger.send(forged, query.clientPort, '127.0.0.1', resolve));
      return { answers: [record(query.name, 'A', '192.0.2.1')] };
    },
  });
  const result = await resolverFor(server).resolve('www.test');
  assert.equal(result.records[0]?.data, '192.0.2.1');
});

test('a flood of guesses sends the question over TCP', async () => {
  const server = await serve({
    answer: (query) => {
      if (query.source === 'tcp') return { answers: [record(query.name, 'A', '192.0.2.1')] };
      return Array.from({ length: 64 }, (_, at) =>
        answerPacket(query, {
          id: (query.message.id + 1 + at) & 0xffff,
          answers: [record(query.name, 'A', '192.0.2.66')],
        }),
      );
    },
  });
  const result = await resolverFor(server).resolve('www.test');
  assert.equal(result.records[0]?.data, '192.0.2.1');
  assert.equal(result.source, 'tcp');
});

test('a truncated reply is asked for again over TCP', async () => {
  const texts = Array.from({ length: 40 }, (_, at) => `text number ${at} ${'x'.repeat(60)}`);
  const server = await serve({
    answer: ({ source, name }) =>
      source === 'udp' ? { tc: true } : { answers: texts.map((text) => record(name, 'TXT', text)) },
  });
  const resolver = resolverFor(server);
  const result = await resolver.resolve('long.test', 'TXT');
  assert.deepEqual(
    result.records.map((entry) => String(entry.data)),
    texts,
  );
  assert.equal(result.fromTcp, true);
  assert.deepEqual([server.count('udp'), server.count('tcp')], [1, 1]);
});

test('a malformed reply is asked for again over TCP', async () => {
  const server = await serve({
    answer: (query) => {
      const packet = answerPacket(query, { answers: [record(query.name, 'A', '192.0.2.1')] });
      return query.source === 'udp' ? packet.subarray(0, packet.length - 8) : packet;
    },
  });
  const result = await resolverFor(server).resolve('www.test');
  assert.equal(result.records[0]?.data, '192.0.2.1');
  assert.equal(result.fromTcp, true);
});

test('a closed port fails at once with ECONNECT, a silent server with ETIMEOUT', async () => {
  const gone = await FakeServer.start({ answer: () => undefined, noTcp: true });
  const address = gone.address;
  await gone.close();
  const refused = new Resolver({ upstreams: [address], attemptsMax: 2, cache: false });
  atEnd(() => refused.destroy());
  assert.equal(await codeOf(refused.resolve('www.test')), 'ECONNECT');
  const silent = await serve({ answer: () => undefined });
  const waiting = resolverFor(silent, { attemptsMax: 2, attemptTimeoutMs: 30, cache: false });
  assert.equal(await codeOf(waiting.resolve('www.test')), 'ETIMEOUT');
  assert.equal(silent.count(), 2, 'it asked again');
});

test('a server without EDNS is asked again without it, and remembered', async () => {
  const server = await serve({
    answer: ({ message, name }) =>
      message.edns === undefined
        ? { answers: [record(name, 'A', '192.0.2.1')] }
        : { rcode: rcodes.FORMERR, edns: undefined },
  });
  const resolver = resolverFor(server, { cache: false });
  for (const name of ['one.test', 'two.test']) {
    const result = await resolver.resolve(name);
    assert.equal(result.records[0]?.data, '192.0.2.1');
  }
  assert.deepEqual(
    server.queries.map((query) => query.message.edns !== undefined),
    [true, false, false],
  );
});

test('IPv6 resolvers are asked over IPv6', { skip: withoutIpv6 }, async () => {
  const server = await serve({ host: '::1', answer: zoneAnswer([record('www.test', 'AAAA', '2001:db8::1')]) });
  const result = await resolverFor(server).resolve('www.test', 'AAAA');
  assert.equal(result.records[0]?.data, '2001:db8::1');
});

test('types without mnemonic, binary names and the root can be asked for', async () => {
  const server = await serve({
    answer: ({ name, type }) => ({
      answers: [record(name, type, type === 'NS' ? 'ns.test' : Buffer.from('ab01', 'hex'))],
    }),
  });
  const resolver = resolverFor(server);
  const unknown = await resolver.resolve('www.test', 'TYPE65280');
  assert.deepEqual(unknown.records[0]?.data, Buffer.from('ab01', 'hex'));
  assert.equal((await resolver.resolve('www.test', 65280)).type, 'TYPE65280');
  const root = await resolver.resolve('.', 'NS');
  assert.deepEqual([root.name, root.records[0]?.data], ['.', 'ns.test']);
  const binary = await resolver.resolve('a\\.b\\000c.test', 'TYPE65280');
  assert.equal(binary.name, 'a\\.b\\000c.test');
});

test('mistakes of the caller have their own codes and send nothing', async () => {
  const server = await serve({ answer: () => ({ authorities: [soa('test')] }) });
  const resolver = resolverFor(server);
  assert.equal(await codeOf(resolver.resolve('a..b')), 'EBADNAME');
  assert.equal(await codeOf(resolver.resolve(`${'x'.repeat(64)}.test`)), 'EBADNAME');
  assert.equal(await codeOf(resolver.resolve('a.test', 'NOSUCHTYPE')), 'EBADTYPE');
  assert.equal(await codeOf(resolver.resolve('a.test', 'AXFR')), 'EBADTYPE');
  assert.equal(await codeOf(resolver.resolve('a.test', 'OPT')), 'EBADTYPE');
  assert.equal(server.count(), 0);
  assert.throws(() => new Resolver({ upstreams: [] }), { code: 'ENOUPSTREAM' });
  for (const upstream of ['udp://resolver.example', '1.1.1.1:0', 'tls://', 'udp://1.1.1.1/path', 'nonsense here']) {
    assert.throws(() => new Resolver({ upstreams: [upstream] }), { code: 'EBADOPTION' }, upstream);
  }
});

test('options that make no sense are named', async () => {
  const bad: ReadonlyArray<[IResolverOptions, RegExp]> = [
    [{ timeoutMs: 0 }, /timeoutMs is 0/],
    [{ attemptsMax: Number.NaN }, /attemptsMax is NaN/],
    [{ queriesPerSocket: -1 }, /queriesPerSocket/],
    [{ cache: { entriesMax: -5 } }, /cache\.entriesMax/],
    [{ cache: { staleSeconds: '60' as unknown as number } }, /cache\.staleSeconds/],
  ];
  for (const [options, message] of bad) assert.throws(() => new Resolver(options), { code: 'EBADOPTION', message });
  const resolver = resolverFor(await serve({ answer: () => undefined }));
  assert.equal(await codeOf(resolver.resolve('www.test', 'A', { timeoutMs: -1 })), 'EBADOPTION');
});

test('destroy() rejects what is under way and what comes later', async () => {
  const server = await serve({ answer: () => undefined });
  const resolver = resolverFor(server);
  const pending = codeOf(resolver.resolve('www.test'));
  await new Promise((resolve) => setImmediate(resolve));
  resolver.destroy();
  assert.equal(await pending, 'EDESTROYED');
  assert.equal(await codeOf(resolver.resolve('www.test')), 'EDESTROYED');
});
