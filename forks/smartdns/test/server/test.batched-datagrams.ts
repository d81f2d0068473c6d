import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { DnsServer } from '#server';
import { withoutIpv6 } from '../ipv6.ts';
import { askRawUdp, askTcp, askUdp, decode, makeQuery } from './ask.ts';
import { batchMissing } from './batch.ts';
import { burst } from './burst.ts';
import { assertLaws } from './laws.ts';
import { record, startServer } from './start.ts';

const skip = await batchMissing();

function register(server: DnsServer): void {
  server.registerHandler('*.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
  server.registerHandler('later.example.test', ['TXT'], async (question) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return record(question.name, 'TXT', 'later');
  });
}

for (const host of ['127.0.0.1', '::1']) {
  test(
    `a burst is answered batch by batch, each answer to its question, on ${host}`,
    { skip: skip || (host === '::1' && withoutIpv6) },
    async (context) => {
      const { server } = await startServer(context, { udpBatch: true, bindInterface: host }, register);
      const { port } = server.addresses.udp!;
      const packets = Array.from({ length: 1_000 }, (_, id) => {
        if (id % 50 === 49) {
          // No answer: it is one itself.
          return makeQuery({ name: 'a.example.test', id, flags: 0x8000 });
        }
        return id % 10 === 9
          ? makeQuery({ name: 'later.example.test', type: 'TXT', id })
          : makeQuery({ name: `N${id}.Example.test`, id, edns: id % 2 === 0 ? 1_232 : undefined });
      });
      const answers = await burst(port, packets, 980, host);
      assert.equal(answers.size, 980);
      for (const [id, answer] of answers) {
        const message = decode(answer);
        assert.equal(message.answers.length, 1, `${id}`);
        const end = 12 + message.questions[0]!.name.length + 2;
        assert.deepEqual(answer.subarray(12, end), packets[id]!.subarray(12, end));
      }
      const { received, answered, dropped } = server.stats.getTotals();
      assert.deepEqual([received, answered, dropped], [1_000, 980, 20]);
      assert.deepEqual(
        server.stats.getTopClients(2).map(({ clientIp }) => clientIp),
        [host],
      );
    },
  );
}

test(
  'what comes while the event loop does not watch the socket is answered, and so is what comes later',
  { skip },
  async (context) => {
    const { server, port } = await startServer(context, { udpBatch: true }, register);
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    context.after(() => socket.close());
    const sent = 2_000;
    let came = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const ask = (): void => socket.send(makeQuery({ name: 'a.example.test', id: came }), port, '127.0.0.1');
    // Eight outstanding: each answer is followed by the next query while the server still looks by itself.
    socket.on('message', () => {
      came++;
      if (came === sent) {
        resolve();
      } else if (came + outstanding <= sent) {
        ask();
      }
    });
    const outstanding = 8;
    for (let index = 0; index < outstanding; index++) {
      ask();
    }
    await promise;
    for (let turn = 0; turn < 3; turn++) {
      // The server had nothing to do meanwhile: the event loop watches again.
      await new Promise((done) => setImmediate(() => setImmediate(done)));
      assert.equal((await askUdp(port, { name: 'a.example.test' })).answers.length, 1);
    }
    assert.equal(server.stats.getTotals().answered, sent + 3);
  },
);

test('a listener that throws in a batch costs no later query its answer', { skip }, async (context) => {
  const { server, port } = await startServer(context, { udpBatch: true }, register);
  const packets = Array.from({ length: 300 }, (_, id) => makeQuery({ name: 'a.example.test', id }));
  const thrown: unknown[] = [];
  const collect = (error: unknown): number => thrown.push(error);
  let events = 0;
  server.on('query-answered', () => {
    events++;
    if (events % 100 === 50) {
      throw new Error('a listener failed');
    }
  });
  const [others] = [process.listeners('uncaughtException')];
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', collect);
  const answers = await burst(port, packets, packets.length);
  process.removeAllListeners('uncaughtException');
  others.forEach((listener) => process.on('uncaughtException', listener));
  assert.deepEqual([answers.size, thrown.length], [300, 3]);
});

test('one datagram, an oversized one, TCP beside it, and stopping in the middle work', { skip }, async (context) => {
  const { server, port } = await startServer(context, { udpBatch: true }, register);
  assert.equal((await askUdp(port, { name: 'a.example.test' })).answers.length, 1);
  assert.equal((await askTcp(port, { name: 'a.example.test' })).answers.length, 1);
  const oversized = Buffer.concat([makeQuery({ name: 'a.example.test' }), Buffer.alloc(20_000)]);
  assert.ok((await askRawUdp(port, oversized)) !== undefined);
  server.registerHandler('stop.example.org', ['A'], () => {
    void server.stop();
    return null;
  });
  const packets = Array.from({ length: 200 }, (_, id) =>
    makeQuery({ name: id === 100 ? 'stop.example.org' : 'a.example.test', id }),
  );
  await Promise.race([burst(port, packets, 200, '127.0.0.1'), new Promise((resolve) => setTimeout(resolve, 300))]);
  await server.stop();
  assertLaws(server);
});

test('a taken port is EADDRINUSE', { skip }, async (context) => {
  const { port } = await startServer(context, { udpBatch: true });
  const other = new DnsServer({ udpPort: port, bindInterface: '127.0.0.1', udpBatch: true });
  await assert.rejects(other.start(), { code: 'EADDRINUSE' });
  await other.stop();
});
