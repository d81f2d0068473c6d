import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DnsServer, type IDnsServerOptions } from '#server';
import { makeQuery } from './ask.ts';
import { burst } from './burst.ts';
import { record, startServer } from './start.ts';

const probe = new DnsServer({ udpPort: 0, bindInterface: '127.0.0.1', udpBatch: true });
await probe.start();
await probe.stop();
const skip = probe.batchUnavailable ?? false;

const secret = Buffer.from('e5e973e5a6b2a43f48e7dc849e37bfcf', 'hex');
const clientCookie = Buffer.concat([Buffer.from([0, 10, 0, 8]), Buffer.from('2464c4abcf10c957', 'hex')]);

function register(server: DnsServer): void {
  server.registerHandler('*.example.test', ['A'], ({ name }) => record(name, 'A', '192.0.2.1'));
  server.registerHandler('large.example.test', ['TXT'], ({ name }) =>
    Array.from({ length: 12 }, (_, index) => record(name, 'TXT', `${index}`.padEnd(200, '.'))),
  );
  server.registerHandler('soon.example.test', ['TXT'], async ({ name }) => record(name, 'TXT', 'soon'));
  server.registerHandler('later.example.test', ['TXT'], async ({ name }) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return record(name, 'TXT', 'later');
  });
  server.registerHandler('broken.example.test', ['TXT'], () => {
    throw new Error('a handler failed');
  });
  server.use((query, next) => (query.domain === 'dropped.example.test' ? query.drop() : void next()));
}

/** One of each kind of query that is answered another way, by turns. */
function mixed(count: number): Buffer[] {
  const shapes = [
    { name: 'plain.example.test' },
    { name: 'MiXeD.eXample.test', edns: 1_232 },
    { name: 'large.example.test', type: 'TXT' },
    { name: 'large.example.test', type: 'TXT', edns: 4_096 },
    { name: 'signed.example.test', edns: 1_232, dnssecOk: true },
    { name: 'soon.example.test', type: 'TXT' },
    { name: 'later.example.test', type: 'TXT' },
    { name: 'broken.example.test', type: 'TXT' },
    { name: 'dropped.example.test' },
    { name: 'example.org' },
    { name: 'a.b.example.test', type: 'MX', edns: 512 },
    { name: 'cookie.example.test', edns: 1_232, ednsOptions: clientCookie },
    { name: 'version.example.test', edns: 1_232, ednsVersion: 1 },
    { name: 'any.example.test', type: 'ANY' },
    { name: 'two.example.test', questions: 2 },
    { name: 'opcode.example.test', flags: 0x2000 },
    { name: 'answer.example.test', flags: 0x8000 },
  ];
  return Array.from({ length: count }, (_, id) => makeQuery({ ...shapes[id % shapes.length]!, id }));
}

const hosts = ['127.0.0.1', '::1'];
for (const host of hosts) {
  test(`both ways to receive give the same octets and the same counts, on ${host}`, { skip }, async (context) => {
    // Serials and cookies carry the time.
    context.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
    const options: IDnsServerOptions = { bindInterface: host, cookies: { secrets: [secret] }, dnssec: false };
    const plain = (await startServer(context, options, register)).server;
    const batched = (await startServer(context, { ...options, udpBatch: true }, register)).server;
    const packets = mixed(850);
    // Two kinds of the seventeen get no answer.
    const expected = 750;
    const fromPlain = await burst(plain.addresses.udp!.port, packets, expected, host);
    const fromBatched = await burst(batched.addresses.udp!.port, packets, expected, host);
    assert.equal(fromPlain.size, expected);
    for (const [id, answer] of fromPlain) {
      assert.deepEqual(fromBatched.get(id), answer, `query ${id}`);
    }
    const counts = (server: DnsServer): unknown => {
      const { totals, types, rcodes, transports, dropsByReason, errors, zones } = server.stats.snapshot();
      return { totals, types, rcodes, transports, dropsByReason, errors, zones };
    };
    assert.deepEqual(counts(batched), counts(plain));
    assert.deepEqual(batched.stats.getTopClients(2), plain.stats.getTopClients(2));
  });
}

for (const udpBatch of [false, true]) {
  const way = udpBatch ? 'batched' : 'plain';
  test(`answers over the rate are dropped or cut short, with ${way} datagrams`, { skip }, async (context) => {
    const options = { udpBatch, rateLimit: { responsesPerSecond: 5 } };
    const { server, port } = await startServer(context, options, (server) => {
      server.registerHandler('*.example.test', ['A'], ({ name }) => record(name, 'A', '192.0.2.1'));
    });
    const packets = Array.from({ length: 200 }, (_, id) => makeQuery({ name: 'plain.example.test', id }));
    // The last is another question, with a rate of its own: its answer comes behind all others.
    packets.push(makeQuery({ name: 'other.example.test', id: 999 }));
    const answers = await burst(port, packets, { id: 999 });
    const { totals, dropsByReason, errors } = server.stats.snapshot();
    const short = [...answers.values()].filter((answer) => (answer[2]! & 2) !== 0).length;
    assert.equal(totals.received, 201);
    assert.equal(totals.answered, answers.size);
    assert.equal(errors['rate-slipped'], short);
    assert.equal(dropsByReason['rate-limited'], 201 - answers.size);
    assert.ok(short > 0 && dropsByReason['rate-limited']! > 0);
  });
}
