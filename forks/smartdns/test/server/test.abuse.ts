import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askRawUdp, askTcp, askUdp, decode, makeQuery } from './ask.ts';
import { record, startServer } from './start.ts';
import type { DnsServer } from '#server';

const withHandler = (server: DnsServer): void => {
  server.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
};
const cookieOption = (data: Buffer): Buffer => Buffer.concat([Buffer.from([0, 10, 0, data.length]), data]);
const clientCookie = Buffer.from('2464c4abcf10c957', 'hex');

test('a client cookie is answered with a server cookie, which is accepted later (RFC 7873, RFC 9018)', async (context) => {
  const { port } = await startServer(context, { cookies: { enforce: true } }, withHandler);
  const ask = { name: 'www.example.test', edns: 1_232 };
  const first = await askUdp(port, { ...ask, ednsOptions: cookieOption(clientCookie) });
  assert.equal(first.rcode, 23);
  const given = first.edns!.options.find(({ code }) => code === 10)!.data;
  assert.equal(given.length, 24);
  assert.deepEqual(given.subarray(0, 8), clientCookie);
  for (let turn = 0; turn < 4; turn++) {
    const answer = await askUdp(port, { ...ask, ednsOptions: cookieOption(given) });
    assert.deepEqual([answer.rcode, answer.answers.length], [0, 1]);
    assert.deepEqual(answer.edns!.options.find(({ code }) => code === 10)!.data, given);
  }
  const forged = Buffer.from(given);
  forged[20]! ^= 1;
  assert.equal((await askUdp(port, { ...ask, ednsOptions: cookieOption(forged) })).rcode, 23);
  assert.equal((await askTcp(port, { ...ask, ednsOptions: cookieOption(forged) })).rcode, 0);
  assert.equal((await askUdp(port, { name: 'www.example.test' })).rcode, 0);
});

test('a cookie of impossible length is FORMERR, cookies can be turned off', async (context) => {
  const { port } = await startServer(context, {}, withHandler);
  const ask = { name: 'www.example.test', edns: 1_232 };
  for (const bytes of [1, 7, 9, 15, 41]) {
    const packet = await askRawUdp(port, makeQuery({ ...ask, ednsOptions: cookieOption(Buffer.alloc(bytes)) }));
    assert.equal(packet![3]! & 15, 1, `${bytes}`);
  }
  const off = await startServer(context, { cookies: false }, withHandler);
  const answer = await askUdp(off.port, { ...ask, ednsOptions: cookieOption(clientCookie) });
  assert.equal(answer.edns!.options.length, 0);
});

test('a cookie made with a shared secret is the one of RFC 9018, appendix A', async (context) => {
  const secret = Buffer.from('e5e973e5a6b2a43f48e7dc849e37bfcf', 'hex');
  const { server } = await startServer(context, { cookies: { secrets: [secret] } }, withHandler);
  const packet = makeQuery({ name: 'www.example.test', edns: 1_232, ednsOptions: cookieOption(clientCookie) });
  context.mock.timers.enable({ apis: ['Date'], now: 1_559_731_985_000 });
  const answer = decode(server.processRawDnsPacket(packet, { clientIp: '198.51.100.100' }));
  context.mock.timers.reset();
  assert.equal(answer.edns!.options[0]!.data.toString('hex'), '2464c4abcf10c957010000005cf79f111f8130c3eee29480');
});

test('answers over the rate are dropped, every second one is cut short; a cookie exempts', async (context) => {
  const { server } = await startServer(context, { rateLimit: { responsesPerSecond: 5 } }, withHandler);
  const ask = (packet: Buffer, clientIp: string): Buffer | undefined => {
    try {
      return server.processRawDnsPacket(packet, { clientIp });
    } catch {
      return undefined;
    }
  };
  const packet = makeQuery({ name: 'www.example.test', edns: 1_232 });
  const answers = Array.from({ length: 45 }, () => ask(packet, '198.51.100.7'));
  const whole = answers.filter((answer) => answer !== undefined && decode(answer).answers.length === 1);
  const short = answers.filter((answer) => answer !== undefined && decode(answer).tc);
  assert.deepEqual([whole.length, short.length], [5, 20]);
  assert.ok(short.every((answer) => answer!.length <= packet.length));
  // Another network, and another question, have rates of their own.
  assert.equal(decode(ask(packet, '198.51.101.7')).answers.length, 1);
  assert.equal(decode(ask(makeQuery({ name: 'other.example.test' }), '198.51.100.7')).rcode, 3);
  const cookied = makeQuery({ name: 'www.example.test', edns: 1_232, ednsOptions: cookieOption(clientCookie) });
  const given = decode(ask(cookied, '198.51.102.7')).edns!.options[0]!.data;
  const trusted = makeQuery({ name: 'www.example.test', edns: 1_232, ednsOptions: cookieOption(given) });
  for (let turn = 0; turn < 30; turn++) {
    assert.equal(decode(ask(trusted, '198.51.102.7')).answers.length, 1);
  }
  const { dropsByReason, errors } = server.stats.snapshot();
  assert.deepEqual([dropsByReason['rate-limited'], errors['rate-slipped']], [20, 20]);
});

test('a flood of names that do not exist shares one rate', async (context) => {
  const { server } = await startServer(context, { rateLimit: { responsesPerSecond: 5, slip: 0 } });
  let answered = 0;
  for (let index = 0; index < 50; index++) {
    try {
      server.processRawDnsPacket(makeQuery({ name: `x${index}.example.test` }), { clientIp: '2001:db8:1:2::1' });
      answered++;
    } catch {
      // Dropped.
    }
  }
  assert.equal(answered, 5);
});

test('queries of one client over its limit get no answer by UDP, REFUSED otherwise', async (context) => {
  const { server } = await startServer(context, { queryLimit: { queriesPerSecond: 2, burst: 3 } }, withHandler);
  const packet = makeQuery({ name: 'www.example.test' });
  for (let turn = 0; turn < 3; turn++) {
    assert.equal(decode(server.processRawDnsPacket(packet, { clientIp: '192.0.2.9' })).rcode, 0);
  }
  assert.throws(() => server.processRawDnsPacket(packet, { clientIp: '192.0.2.9' }));
  assert.equal(server.processRawDnsPacket(packet, { clientIp: '192.0.2.9', source: 'tcp' })[3]! & 15, 5);
  assert.equal(decode(server.processRawDnsPacket(packet, { clientIp: '192.0.2.10' })).rcode, 0);
  assert.equal(server.stats.snapshot().dropsByReason['query-limit'], 1);
});
