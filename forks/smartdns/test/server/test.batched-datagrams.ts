import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { DnsServer } from '#server';
import { withoutIpv6 } from '../ipv6.ts';
import { askRawUdp, askTcp, askUdp, decode, makeQuery } from './ask.ts';
import { assertLaws } from './laws.ts';
import { record, startServer } from './start.ts';

const probe = new DnsServer({ udpPort: 0, bindInterface: '127.0.0.1', udpBatch: true });
await probe.start();
await probe.stop();
const skip = probe.batchUnavailable ?? false;

function register(server: DnsServer): void {
  server.registerHandler('*.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
  server.registerHandler('later.example.test', ['TXT'], async (question) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return record(question.name, 'TXT', 'later');
  });
}

/** Sends all packets at once from one socket; resolves with the answers by id. */
async function burst(port: number, packets: Buffer[], expected: number, host: string): Promise<Map<number, Buffer>> {
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4_000_000 }).bind(0, host);
  await once(socket, 'listening');
  const answers = new Map<number, Buffer>();
  const { promise, resolve } = Promise.withResolvers<void>();
  const late = setTimeout(resolve, 5_000);
  socket.on('message', (message) => {
    answers.set(message.readUInt16BE(0), message);
    if (answers.size === expected) {
      resolve();
    }
  });
  for (const [at, packet] of packets.entries()) {
    socket.send(packet, port, host);
    // The kernel of a machine with small buffers drops what one turn has no room for.
    if (at % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
  }
  await promise;
  clearTimeout(late);
  socket.close();
  return answers;
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
