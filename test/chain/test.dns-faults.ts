import { DnsServer } from '@dcrouter/smartdns/server';
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { DnsLedger } from '../laws/dns.ts';

interface IScene {
  readonly server: DnsServer;
  readonly ledger: DnsLedger;
  readonly port: number;
}

async function scene(t: TestContext): Promise<IScene> {
  const server = new DnsServer({
    udpPort: 0,
    bindInterface: '127.0.0.1',
    dnssecZone: 'example.test',
    tcpIdleTimeoutMs: 200,
  });
  server.registerHandler('www.example.test', ['A'], (question) => ({
    name: question.name,
    type: 'A',
    class: 'IN',
    ttl: 60,
    data: '192.0.2.1',
  }));
  server.registerHandler('bad.example.test', ['A'], () => {
    throw new Error('this handler is broken');
  });
  server.registerHandler('nonsense.example.test', ['A'], (question) => ({
    name: question.name,
    type: 'A',
    class: 'IN',
    ttl: 60,
    data: 'not an address',
  }));
  server.registerHandler('big.example.test', ['TXT'], (question) => ({
    name: question.name,
    type: 'TXT',
    class: 'IN',
    ttl: 60,
    data: Array.from({ length: 20 }, () => 'x'.repeat(200)),
  }));
  const ledger = new DnsLedger(server);
  await server.start();
  t.after(async () => {
    await server.stop();
    ledger.assertLaws();
  });
  return { server, ledger, port: server.addresses.udp!.port };
}

/** A query as bytes, made here and not by the codec under test. */
function query(id: number, name: string, type: number): Buffer {
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  const header = Buffer.from([id >> 8, id & 255, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([header, ...labels, Buffer.from([0, type >> 8, type & 255, 0, 1])]);
}

async function client(t: TestContext): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return socket;
}

async function ask(socket: Socket, port: number, packet: Buffer): Promise<Buffer> {
  const answer = once(socket, 'message');
  socket.send(packet, port, '127.0.0.1');
  const [message] = (await answer) as [Buffer];
  return message;
}

const rcode = (message: Buffer): number => message[3]! & 15;
const answerCount = (message: Buffer): number => message.readUInt16BE(6);

test('a handler that throws is SERVFAIL, counted, and the next query is fine', async (t) => {
  const { port, server } = await scene(t);
  const socket = await client(t);
  assert.equal(rcode(await ask(socket, port, query(1, 'bad.example.test', 1))), 2);
  assert.equal(rcode(await ask(socket, port, query(2, 'nonsense.example.test', 1))), 2);
  const good = await ask(socket, port, query(3, 'www.example.test', 1));
  assert.equal(rcode(good), 0);
  assert.equal(answerCount(good), 1);
  assert.ok(server.stats.getErrors().handler! >= 2);
  assert.equal(server.stats.getResponseCodeBreakdown().SERVFAIL, 2);
});

test('an answer that does not fit UDP is truncated there and whole over TCP', async (t) => {
  const { port, server } = await scene(t);
  const socket = await client(t);
  const short = await ask(socket, port, query(4, 'big.example.test', 16));
  assert.ok(short.length <= 512);
  assert.equal(short[2]! & 2, 2, 'TC is set');
  const packet = query(5, 'big.example.test', 16);
  const stream = connect(port, '127.0.0.1');
  stream.end(Buffer.concat([Buffer.from([packet.length >> 8, packet.length & 255]), packet]));
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const whole = Buffer.concat(chunks);
  assert.equal(whole.readUInt16BE(0), whole.length - 2);
  assert.ok(whole.length > 4_000);
  assert.equal(whole[4]! & 2, 0);
  assert.equal(server.stats.getTotals().truncated, 1);
});

test('a seeded flood of broken packets: every one is answered or dropped for a reason, none crashes', async (t) => {
  const { port, server, ledger } = await scene(t);
  const socket = await client(t);
  let seed = 20_261_121;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return (seed >>> 8) % below;
  };
  t.diagnostic('seed 20261121');
  const sent = 2_000;
  let answers = 0;
  socket.on('message', () => {
    answers += 1;
  });
  for (let index = 0; index < sent; index += 1) {
    const packet = query(
      index & 0x7fff,
      ['www.example.test', 'bad.example.test', 'nothing.test'][random(3)]!,
      random(70),
    );
    for (let flips = random(4); flips > 0; flips -= 1) packet[random(packet.length)] = random(256);
    const part = packet.subarray(0, random(4) === 0 ? random(packet.length) : packet.length);
    await new Promise<void>((resolve, reject) => {
      socket.send(part, port, '127.0.0.1', (error) => (error ? reject(error) : resolve()));
    });
    // The kernel's receive buffer is finite: let the server read before it overflows.
    while (server.stats.getTotalQueries() < index - 50) await new Promise((resolve) => setImmediate(resolve));
  }
  while (server.stats.getTotalQueries() < sent) await new Promise((resolve) => setImmediate(resolve));
  const totals = server.stats.getTotals();
  assert.equal(totals.received, sent);
  assert.equal(totals.answered + totals.dropped, sent);
  assert.ok(totals.dropped > 0 && totals.answered > 0);
  while (answers < totals.answered) await new Promise((resolve) => setImmediate(resolve));
  ledger.assertLaws();
});

test('garbage on TCP closes that connection only', async (t) => {
  const { port } = await scene(t);
  const noise = connect(port, '127.0.0.1');
  noise.on('error', () => noise.destroy());
  noise.write(Buffer.from([0, 3, 1, 2, 3]));
  await once(noise.resume(), 'close');
  const socket = await client(t);
  assert.equal(rcode(await ask(socket, port, query(9, 'www.example.test', 1))), 0);
});
