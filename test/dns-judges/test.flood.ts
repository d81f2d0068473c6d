/** A live server under mutated packets over UDP and TCP, with failing handlers and rate limiting, keeps its laws. */
import { DnsServer } from '@dcrouter/smartdns/server';
import { decodeMessage, encodeMessage } from '@dcrouter/smartdns/wire';
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { batchMissing } from '../../forks/smartdns/test/server/batch.ts';
import { makeCorpus, mutate } from '../../forks/smartdns/test/wire/support/fuzz.ts';
import { Random } from '../../forks/smartdns/test/wire/support/random.ts';
import { DnsLedger } from '../laws/dns.ts';
import { zoneText } from './zones.ts';

const seed = Number(process.env['SEED'] ?? 20_261_121);
const datagrams = 20_000;
const burst = 50;
const connections = 40;
const messagesPerConnection = 50;
const names = ['www.flood.test', 'throws.flood.test', 'rejects.flood.test', 'nope.flood.test', 'example.org'];

function query(name: string, id: number): Buffer {
  return encodeMessage({
    id,
    qr: false,
    opcode: 0,
    aa: false,
    tc: false,
    rd: false,
    ra: false,
    ad: false,
    cd: false,
    rcode: 0,
    questions: [{ name, type: 'A', class: 'IN' }],
    answers: [],
    authorities: [],
    additionals: [],
    edns: { udpPayloadSize: 1_232, version: 0, dnssecOk: true, options: [] },
  } as Parameters<typeof encodeMessage>[0]);
}

/** Mutations of our own queries, so that many get as far as a handler, and of any message at all. */
function* packets(random: Random, count: number): Generator<Buffer> {
  const corpora = [names.map((name, id) => query(name, id)), makeCorpus(random, 100)];
  const target = Buffer.alloc(8_192);
  for (let index = 0; index < count; index++) {
    if (index % 3 === 0) yield query(names[index % names.length]!, index & 0xffff);
    else yield Buffer.from(target.subarray(0, mutate(random, corpora[index % 2]!, target)));
  }
}

/** Asks over TCP and resolves to the answer's rcode: what was sent before has been read by then. */
async function ask(port: number, name: string): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.write(framed(query(name, 1)));
  let held: Buffer = Buffer.alloc(0);
  while (held.length < 2 || held.length < 2 + held.readUInt16BE(0)) {
    held = Buffer.concat([held, ((await once(socket, 'data')) as [Buffer])[0]]);
  }
  socket.destroy();
  const decoded = decodeMessage(held.subarray(2));
  assert.ok(decoded.ok);
  return decoded.message.rcode;
}

function framed(packet: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(packet.length);
  return Buffer.concat([length, packet]);
}

async function floodUdp(port: number, random: Random): Promise<void> {
  const socket = createSocket('udp4');
  socket.on('message', () => {});
  let sent = 0;
  for (const packet of packets(random, datagrams)) {
    const done = new Promise((resolve) => socket.send(packet, port, '127.0.0.1', resolve));
    if (++sent % burst === 0) {
      await done;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  socket.close();
  await once(socket, 'close');
}

async function floodTcp(port: number, random: Random): Promise<void> {
  for (let index = 0; index < connections; index++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    const closed = once(socket, 'close');
    for (const packet of packets(random, messagesPerConnection)) socket.write(framed(packet));
    // One in four lies about the length of its last message, one in four goes away without waiting.
    if (index % 4 === 0) socket.write(Buffer.from([0xff, 0xff, 0]));
    if (index % 4 === 1) socket.resetAndDestroy();
    else socket.end();
    await closed;
  }
}

for (const { path, udpBatch, skip } of [
  { path: 'plain sockets', udpBatch: false, skip: false },
  { path: 'batches', udpBatch: true, skip: await batchMissing() },
]) {
  test(
    `a flood of mutated packets by ${path} leaves the server answering and its numbers right (SEED=${seed})`,
    { skip },
    async () => {
      const server = new DnsServer({
        udpPort: 0,
        bindInterface: '127.0.0.1',
        dnssecZone: '',
        udpBatch,
        rateLimit: { responsesPerSecond: 20 },
      });
      server.zones.load(zoneText, { origin: 'flood.test' });
      await server.zones.sign('flood.test', { algorithm: 'ED25519', denial: 'nsec3' });
      server.registerHandler('throws.flood.test', ['A'], () => {
        throw new Error('broken on purpose');
      });
      server.registerHandler('rejects.flood.test', ['A'], async () => Promise.reject(new Error('broken on purpose')));
      const ledger = new DnsLedger(server);
      await server.start();
      const udpPort = server.addresses.udp!.port;
      const tcpPort = server.addresses.tcp!.port;
      await Promise.all([floodUdp(udpPort, new Random(seed)), floodTcp(tcpPort, new Random(seed + 1))]);
      assert.equal(await ask(tcpPort, 'www.flood.test'), 0);
      assert.equal(await ask(tcpPort, 'nope.flood.test'), 3);
      assert.equal(await ask(tcpPort, 'throws.flood.test'), 2);
      assert.equal(await ask(tcpPort, 'example.org'), 5);
      await server.stop();
      const { dropsByReason, transports } = server.stats.snapshot();
      assert.ok(transports.udp > 0 && transports.tcp > 4, 'both transports were flooded');
      assert.ok((dropsByReason['rate-limited'] ?? 0) > 0, 'the rate limit dropped');
      assert.ok(
        ledger.errors.some(({ reason }) => reason === 'handler'),
        'handlers failed',
      );
      assert.ok(
        ledger.errors.some(({ reason }) => reason === 'malformed'),
        'garbage was seen',
      );
      ledger.assertLaws();
    },
  );
}
