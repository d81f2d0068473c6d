import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askRawUdp, askUdp, decode, makeQuery } from './ask.ts';
import { record, startServer } from './start.ts';

test('answers and messages without a header get no answer', async (context) => {
  const { server, port } = await startServer(context);
  assert.equal(await askRawUdp(port, makeQuery({ name: 'localhost', flags: 0x8180 }), 150), undefined);
  assert.equal(await askRawUdp(port, Buffer.from([1, 2, 3]), 150), undefined);
  const { dropsByReason } = server.stats.snapshot();
  assert.deepEqual([dropsByReason['response'], dropsByReason['short']], [1, 1]);
});

test('other operations are NOTIMP with the same opcode', async (context) => {
  const { port } = await startServer(context);
  for (const opcode of [1, 2, 4, 5, 6, 15]) {
    const answer = decode(await askRawUdp(port, makeQuery({ name: 'example.test', flags: opcode << 11 })));
    assert.deepEqual([answer.rcode, answer.opcode], [4, opcode]);
  }
});

test('no question, two questions and broken ones are FORMERR', async (context) => {
  const { server, port } = await startServer(context);
  const header = (count: number): Buffer => makeQuery({ name: '', questions: count }).subarray(0, 12);
  const question = Buffer.from([1, 0x61, 0, 0, 1, 0, 1]);
  const broken: Record<string, Buffer> = {
    none: header(0),
    two: Buffer.concat([header(2), question, question]),
    cut: Buffer.concat([header(1), question.subarray(0, 4)]),
    pointer: Buffer.concat([header(1), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]),
    labelType: Buffer.concat([header(1), Buffer.from([0x41, 0x61, 0, 0, 1, 0, 1])]),
    tooLong: makeQuery({ name: Array.from({ length: 5 }, () => 'x'.repeat(60)).join('.') }),
    twoOpt: Buffer.concat([
      (() => {
        const query = makeQuery({ name: 'a', edns: 1_232 });
        query[11] = 2;
        return query;
      })(),
      makeQuery({ name: '', edns: 1_232 }).subarray(-11),
    ]),
    badOption: makeQuery({ name: 'a', edns: 1_232, ednsOptions: Buffer.from([0, 10, 0, 200, 1]) }),
  };
  for (const [label, packet] of Object.entries(broken)) {
    const answer = await askRawUdp(port, packet);
    assert.equal((answer?.[3] ?? 0) & 0x0f, 1, label);
    assert.equal(answer?.readUInt16BE(0), packet.readUInt16BE(0), label);
  }
  assert.equal(server.stats.getErrors()['malformed'], Object.keys(broken).length);
  assert.equal(server.stats.getQueryTypeBreakdown()['(none)'], Object.keys(broken).length);
});

test('EDNS: the answer has an OPT record, a later version is BADVERS, unknown options are ignored', async (context) => {
  const { port } = await startServer(context, {}, (server) => {
    server.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
  });
  const name = 'www.example.test';
  assert.equal((await askUdp(port, { name })).edns, undefined);
  const plain = await askUdp(port, { name, edns: 4_096 });
  assert.deepEqual([plain.edns?.version, plain.edns?.udpPayloadSize, plain.edns?.dnssecOk], [0, 1_232, false]);
  assert.equal((await askUdp(port, { name, edns: 4_096, dnssecOk: true })).edns?.dnssecOk, true);
  assert.equal((await askUdp(port, { name, edns: 4_096, ednsVersion: 1 })).rcode, 16);
  const option = await askUdp(port, { name, edns: 4_096, ednsOptions: Buffer.from([0xff, 0xf0, 0, 1, 7]) });
  assert.deepEqual([option.rcode, option.edns?.options.length], [0, 0]);
});

test('an answer too large for the client leaves with TC, and whole over TCP', async (context) => {
  const { server, port } = await startServer(context, {}, (dns) => {
    dns.registerHandler('big.example.test', ['A'], (question) =>
      Array.from({ length: 60 }, (_, index) => record(question.name, 'A', `192.0.2.${index}`)),
    );
  });
  const sizes: Array<[number | undefined, number]> = [
    [undefined, 512],
    [100, 512],
    [600, 600],
    [65_535, 1_232],
  ];
  for (const [edns, limit] of sizes) {
    const packet = await askRawUdp(port, makeQuery({ name: 'big.example.test', edns }));
    assert.ok(packet !== undefined && packet.length <= limit, `${edns}`);
    assert.equal(decode(packet).tc, limit < 960, `${edns}`);
  }
  const { askTcp } = await import('./ask.ts');
  const whole = await askTcp(port, { name: 'big.example.test' });
  assert.deepEqual([whole.tc, whole.answers.length], [false, 60]);
  assert.equal(server.stats.getTotals().truncated, 3);
});
