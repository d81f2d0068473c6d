import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askUdp, decode, makeQuery } from './ask.ts';
import { record, startServer } from './start.ts';

test('names outside our zones are asked elsewhere, with a cache, for clients that may', async (context) => {
  const far = await startServer(context, { dnssecZone: 'far.test' }, (dns) => {
    dns.registerHandler('www.far.test', ['A'], (question) => record(question.name, 'A', '198.51.100.1'));
    dns.registerHandler('alias.far.test', ['CNAME'], (question) => record(question.name, 'CNAME', 'www.far.test'));
  });
  const { server, port } = await startServer(context, { forward: { upstreams: [`127.0.0.1:${far.port}`] } }, (dns) => {
    dns.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
  });
  for (let turn = 0; turn < 3; turn++) {
    const answer = await askUdp(port, { name: 'www.far.test' });
    assert.deepEqual(
      [answer.rcode, answer.aa, answer.ra, answer.answers.map(({ data }) => data)],
      [0, false, true, ['198.51.100.1']],
    );
  }
  assert.equal(far.server.stats.getTotalQueries(), 1);
  const { hits, misses } = server.stats.getCacheStats();
  assert.deepEqual([hits, misses], [2, 1]);
  const alias = await askUdp(port, { name: 'alias.far.test' });
  assert.deepEqual(
    alias.answers.map(({ type }) => type),
    ['CNAME', 'A'],
  );
  const missing = await askUdp(port, { name: 'nope.far.test' });
  assert.deepEqual([missing.rcode, missing.authorities[0]?.type], [3, 'SOA']);
  const own = await askUdp(port, { name: 'www.example.test' });
  assert.deepEqual([own.aa, own.answers.length], [true, 1]);
  const stranger = decode(
    await server.processRawDnsPacketAsync(makeQuery({ name: 'www.far.test' }), { clientIp: '203.0.113.5' }),
  );
  assert.deepEqual([stranger.rcode, stranger.ra], [5, false]);
  assert.equal((await askUdp(port, { name: 'www.far.test', flags: 0 })).rcode, 5);
  assert.ok(server.forwardStats !== undefined);
});

test('SERVFAIL with the reason when no server gives an answer', async (context) => {
  const gone = await startServer(context);
  const { port: gonePort } = gone;
  await gone.server.stop();
  const { server, port } = await startServer(context, {
    forward: { upstreams: [`127.0.0.1:${gonePort}`], timeoutMs: 400, attemptTimeoutMs: 100 },
  });
  const answer = await askUdp(port, { name: 'www.far.test', edns: 1_232 });
  assert.equal(answer.rcode, 2);
  // RFC 8914: No Reachable Authority.
  assert.deepEqual(
    answer.edns?.options.map(({ code, data }) => [code, data.readUInt16BE(0)]),
    [[15, 22]],
  );
  assert.equal(server.stats.getErrors()['upstream'], 1);
});
