/** What is left out when a message is too large, and what is refused when it is written. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { WireEncodeError, WireWriter, decodeMessage, encodeMessage, encodeMessageInto, encodeRecordData } from '#wire';
import type { IDnsMessage, IResourceRecord, TRecordData } from '#wire';

function record(name: string, type: string, data: TRecordData): IResourceRecord {
  return { name, type, class: 'IN', ttl: 300, data };
}

function answer(parts: Partial<IDnsMessage>): IDnsMessage {
  return {
    id: 9,
    qr: true,
    opcode: 0,
    aa: true,
    tc: false,
    rd: true,
    ra: false,
    ad: false,
    cd: false,
    rcode: 0,
    questions: [{ name: 'www.example.com', type: 'A', class: 'IN' }],
    answers: [],
    authorities: [],
    additionals: [],
    ...parts,
  };
}

function reread(message: IDnsMessage, maxBytes?: number): IDnsMessage {
  const packet = encodeMessage(message, maxBytes === undefined ? {} : { maxBytes });
  if (maxBytes !== undefined) assert.ok(packet.length <= maxBytes, `${packet.length} > ${maxBytes}`);
  const result = decodeMessage(packet);
  assert.ok(result.ok);
  return result.message;
}

function addresses(name: string, count: number): IResourceRecord[] {
  return Array.from({ length: count }, (_, index) => record(name, 'A', `192.0.2.${index}`));
}

const edns = { udpPayloadSize: 1_232, version: 0, dnssecOk: false, options: [] };

test('an RRset is sent whole or not at all, and TC tells (RFC 2181 §9)', () => {
  const message = answer({ answers: [...addresses('www.example.com', 10), ...addresses('b.example.com', 30)], edns });
  const read = reread(message, 512);
  assert.equal(read.answers.length, 10);
  assert.equal(read.tc, true);
  assert.ok(read.edns !== undefined);
  assert.equal(reread(message).tc, false);
});

test('signatures go with the records they cover', () => {
  const signature = record('b.example.com', 'RRSIG', {
    typeCovered: 'A',
    algorithm: 13,
    labels: 3,
    originalTtl: 300,
    expiration: 2,
    inception: 1,
    keyTag: 1,
    signerName: 'example.com',
    signature: Buffer.alloc(64),
  });
  const answers = [...addresses('a.example.com', 10), ...addresses('b.example.com', 10), signature];
  for (let size = 100; size < 600; size++) {
    const read = reread(answer({ answers }), size);
    assert.ok([0, 10, 21].includes(read.answers.length), `${size}: ${read.answers.length}`);
    assert.equal(read.tc, read.answers.length < 21);
  }
});

test('additional records are left out without TC', () => {
  const message = answer({
    answers: [record('www.example.com', 'MX', { preference: 1, exchange: 'mx.example.com' })],
    additionals: addresses('mx.example.com', 60),
  });
  const read = reread(message, 512);
  assert.equal(read.additionals.length, 0);
  assert.equal(read.tc, false);
});

test('glue that a referral needs sets TC when it is left out (RFC 9471 §3.1)', () => {
  const authorities = [record('sub.example.com', 'NS', 'ns.sub.example.com')];
  const inDomain = answer({ aa: false, authorities, additionals: addresses('ns.sub.example.com', 60) });
  assert.equal(reread(inDomain, 512).tc, true);
  const sibling = answer({ aa: false, authorities, additionals: addresses('ns.other.example.com', 60) });
  assert.equal(reread(sibling, 512).tc, false);
});

test('what does not fit into 64 KiB is truncated', () => {
  const text = record('www.example.com', 'TXT', 'x'.repeat(30_000));
  const read = reread(
    answer({ answers: [text, { ...text, name: 'b.example.com' }, { ...text, name: 'c.example.com' }] }),
  );
  assert.equal(read.answers.length, 2);
  assert.equal(read.tc, true);
});

test('a TSIG record stays and stays last', () => {
  const data = {
    algorithm: 'hmac-sha256',
    timeSigned: 2 ** 40,
    fudge: 300,
    mac: Buffer.alloc(32),
    originalId: 9,
    error: 0,
    otherData: Buffer.alloc(0),
  };
  const tsig = { name: 'key.example', type: 'TSIG', class: 'ANY', ttl: 0, data };
  const message = answer({ answers: addresses('www.example.com', 60), additionals: [tsig], edns });
  const packet = encodeMessage(message, { maxBytes: 512 });
  const read = decodeMessage(packet);
  assert.ok(read.ok);
  assert.deepEqual(read.message.additionals, [tsig]);
  assert.equal(read.message.tc, true);
  assert.ok(packet.length <= 512);
});

test('a TTL is capped at 2^31-1 and may be 0 (RFC 2181 §8)', () => {
  const [zero, high] = reread(
    answer({
      answers: [
        { ...record('a.example', 'A', '192.0.2.1'), ttl: 0 },
        { ...record('b.example', 'A', '192.0.2.1'), ttl: 4_294_967_295 },
      ],
    }),
  ).answers;
  assert.equal(zero!.ttl, 0);
  assert.equal(high!.ttl, 2_147_483_647);
});

test('an rcode above 15 needs EDNS', () => {
  assert.throws(() => encodeMessage(answer({ rcode: 16 })), reasonIs('rcode-needs-edns'));
  assert.equal(reread(answer({ rcode: 23, edns })).rcode, 23);
});

test('text longer than a character-string becomes several, cut between characters', () => {
  const read = reread(answer({ answers: [record('t.example', 'TXT', 'ü'.repeat(300))] }));
  const strings = read.answers[0]!.data as string[];
  assert.ok(strings.every((part) => typeof part === 'string' && Buffer.byteLength(part) <= 255));
  assert.equal(strings.join(''), 'ü'.repeat(300));
});

test('names beyond the reach of pointers are written in full (RFC 1035 §4.1.4)', () => {
  const answers = [record('text.example.com', 'TXT', Array<string>(70).fill('x'.repeat(250)))];
  for (let index = 0; index < 50; index++) {
    answers.push(record(`x.late${index % 3}.example.org`, 'NS', `y.late${index % 5}.example.org`));
  }
  assert.deepEqual(reread(answer({ answers })).answers, answers);
});

test('several messages fit into one buffer', () => {
  const writer = new WireWriter(Buffer.alloc(2_000));
  const message = answer({ answers: addresses('www.example.com', 3) });
  const first = encodeMessageInto(writer, message, 0);
  const second = encodeMessageInto(writer, message, first);
  const buffer = writer.target as Buffer;
  assert.deepEqual(buffer.subarray(0, first), buffer.subarray(first, second));
  assert.deepEqual(buffer.subarray(0, first), encodeMessage(message));
});

const impossible: ReadonlyArray<readonly [type: string, data: unknown, reason: string]> = [
  ['A', 'not-an-ip', 'bad-ipv4'],
  ['A', '192.0.2.256', 'bad-ipv4'],
  ['A', '192.0.2.01', 'bad-ipv4'],
  ['A', undefined, 'missing-field'],
  ['AAAA', '2001:db8::1::2', 'bad-ipv6'],
  ['AAAA', '1:2:3:4:5:6:7:8:9', 'bad-ipv6'],
  ['AAAA', 'fe80::1%eth0', 'bad-ipv6'],
  ['AAAA', '::192.0.2.1:1', 'bad-ipv6'],
  ['MX', '10 mail.test', 'bad-data'],
  ['MX', { preference: 70_000, exchange: 'a.test' }, 'bad-number'],
  ['MX', { exchange: 'a.test' }, 'bad-number'],
  ['CNAME', 'a..b', 'bad-name'],
  ['CNAME', 5, 'bad-string'],
  ['TXT', [], 'bad-string'],
  ['TXT', [1], 'bad-string'],
  ['HINFO', { cpu: 'x'.repeat(256), os: '' }, 'bad-string'],
  ['DS', { keyTag: 1, algorithm: 13, digestType: 2, digest: 'xyz' }, 'bad-bytes'],
  ['SOA', { mname: 'a', rname: 'b', serial: -1, refresh: 1, retry: 1, expire: 1, minimum: 1 }, 'bad-number'],
  ['HTTPS', { priority: 1, target: '.', params: { nonsense: 'x' } }, 'bad-data'],
  ['HTTPS', { priority: 1, target: '.', params: { 'no-default-alpn': true } }, 'bad-data'],
  ['HTTPS', { priority: 1, target: '.', params: { mandatory: ['port'] } }, 'bad-data'],
  ['TYPE65280', 'text', 'bad-bytes'],
  ['NOSUCHTYPE', 'x', 'unknown-type'],
  ['TYPE65536', 'x', 'unknown-type'],
  ['TXT', Array.from({ length: 300 }, () => 'x'.repeat(255)), 'too-large'],
];

for (const [type, data, reason] of impossible) {
  test(`${type} data ${JSON.stringify(data)?.slice(0, 60)} is refused as ${reason}`, () => {
    assert.throws(() => encodeRecordData(type, data), reasonIs(reason));
  });
}

function reasonIs(reason: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof WireEncodeError);
    assert.equal(error.reason, reason, error.message);
    return true;
  };
}
