/** EDNS: options with their own form, and what the quick reader sees of them. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import {
  QuestionReader,
  clientSubnetOption,
  cookieOption,
  decodeMessage,
  ednsOptions,
  encodeMessage,
  extendedErrorOption,
  findOption,
  keepaliveOption,
  nsidOption,
  paddingOption,
  questionOk,
  readClientSubnet,
  readCookie,
  readExtendedError,
  readKeepalive,
  responsePaddingBytes,
} from '#wire';
import type { IClientSubnet, IDnsMessage, IEdnsOption } from '#wire';

function query(options: IEdnsOption[], name = 'WWW.Example.com'): IDnsMessage {
  return {
    id: 77,
    qr: false,
    opcode: 0,
    aa: false,
    tc: false,
    rd: true,
    ra: false,
    ad: true,
    cd: true,
    rcode: 0,
    questions: [{ name, type: 'AAAA', class: 'IN' }],
    answers: [],
    authorities: [],
    additionals: [],
    edns: { udpPayloadSize: 1_232, version: 0, dnssecOk: true, options },
  };
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

test('client subnets are cut to their prefix and read back', () => {
  const cases: Array<[IClientSubnet, string, string]> = [
    [{ family: 1, sourcePrefix: 24, scopePrefix: 0, address: '192.0.2.77' }, '00011800c00002', '192.0.2.0'],
    [{ family: 1, sourcePrefix: 20, scopePrefix: 24, address: '192.0.255.77' }, '00011418c000f0', '192.0.240.0'],
    [{ family: 1, sourcePrefix: 32, scopePrefix: 0, address: '192.0.2.77' }, '00012000c000024d', '192.0.2.77'],
    [
      { family: 2, sourcePrefix: 56, scopePrefix: 0, address: '2001:db8:1:2:3::' },
      '0002380020010db8000100',
      '2001:db8:1::',
    ],
    [{ family: 1, sourcePrefix: 0, scopePrefix: 0, address: '0.0.0.0' }, '00010000', '0.0.0.0'],
    [{ family: 0, sourcePrefix: 0, scopePrefix: 0, address: '' }, '00000000', ''],
  ];
  for (const [subnet, bytes, address] of cases) {
    const { code, data } = clientSubnetOption(subnet);
    assert.equal(code, 8);
    assert.equal(data.toString('hex'), bytes);
    assert.deepEqual(readClientSubnet(data), { ...subnet, address });
  }
  const wrong = ['', '0001', '00011800c000', '00011800c0000200', '00011400c0000f', '00012100c00002ff00', '00030000'];
  wrong.push('00018100', '00000800ff');
  for (const bytes of wrong) assert.equal(readClientSubnet(hex(bytes)), null, bytes);
  assert.throws(() => clientSubnetOption({ family: 1, sourcePrefix: 33, scopePrefix: 0, address: '192.0.2.1' }));
  assert.throws(() => clientSubnetOption({ family: 2, sourcePrefix: 33, scopePrefix: 0, address: '192.0.2.1' }));
});

test('cookies have 8 or 16 to 40 bytes (RFC 7873 §4)', () => {
  for (let length = 0; length <= 50; length++) {
    const read = readCookie(Buffer.alloc(length));
    assert.equal(read !== null, length === 8 || (length >= 16 && length <= 40), String(length));
  }
  const cookie = { client: Buffer.alloc(8, 1), server: Buffer.alloc(16, 2) };
  assert.deepEqual(readCookie(cookieOption(cookie).data), cookie);
  assert.throws(() => cookieOption({ client: Buffer.alloc(7), server: null }));
});

test('keepalive, extended errors, NSID and padding', () => {
  assert.equal(readKeepalive(keepaliveOption(12_345).data), 12_300);
  assert.equal(readKeepalive(keepaliveOption(1e9).data), 6_553_500);
  assert.equal(readKeepalive(keepaliveOption().data), -1);
  assert.equal(readKeepalive(hex('01')), null);
  assert.deepEqual(readExtendedError(extendedErrorOption(15, 'gesperrt für dich').data), {
    code: 15,
    text: 'gesperrt für dich',
  });
  assert.deepEqual(readExtendedError(hex('0012410000')), { code: 18, text: 'A\0' });
  assert.equal(readExtendedError(hex('00')), null);
  assert.equal(nsidOption('ns1').data.toString(), 'ns1');
  for (let bytes = 100; bytes < 600; bytes++) {
    const { data } = paddingOption(bytes, responsePaddingBytes);
    assert.equal((bytes + 4 + data.length) % responsePaddingBytes, 0);
    assert.ok(data.every((byte) => byte === 0));
  }
});

test('options survive a message, and the quick reader points at them', () => {
  const cookie = cookieOption({ client: Buffer.alloc(8, 7), server: Buffer.alloc(16, 9) });
  const subnet = clientSubnetOption({ family: 1, sourcePrefix: 24, scopePrefix: 0, address: '192.0.2.0' });
  const packet = encodeMessage(
    query([nsidOption(), cookie, subnet, keepaliveOption(), { code: 65_001, data: hex('aa') }]),
  );
  const decoded = decodeMessage(packet);
  assert.ok(decoded.ok);
  assert.deepEqual(findOption(decoded.message.edns, ednsOptions.COOKIE), cookie);
  assert.equal(findOption(decoded.message.edns, 99), undefined);
  const reader = new QuestionReader();
  assert.equal(reader.read(packet, packet.length), questionOk);
  const { cookieOffset, cookieLength, clientSubnetOffset, clientSubnetLength } = reader;
  assert.deepEqual(packet.subarray(cookieOffset, cookieOffset + cookieLength), cookie.data);
  assert.deepEqual(packet.subarray(clientSubnetOffset, clientSubnetOffset + clientSubnetLength), subnet.data);
  assert.deepEqual(
    [reader.hasNsid, reader.hasKeepalive, reader.hasPadding, reader.otherOptions],
    [true, true, false, 1],
  );
  assert.deepEqual([reader.udpPayloadSize, reader.dnssecOk, reader.ednsVersion], [1_232, true, 0]);
});

test('the quick reader tells the header, the question and its hash, and forgets the query before', () => {
  const reader = new QuestionReader();
  const first = encodeMessage(query([cookieOption({ client: Buffer.alloc(8), server: null })]));
  assert.equal(reader.read(first, first.length), questionOk);
  assert.deepEqual(
    [reader.id, reader.qr, reader.rd, reader.ad, reader.cd, reader.opcode, reader.qdcount, reader.arcount],
    [77, false, true, true, true, 0, 1, 1],
  );
  assert.deepEqual([reader.name(), reader.qtype, reader.qclass, reader.labels], ['www.example.com', 28, 1, 3]);
  const wire = hex('03777777076578616d706c6503636f6d00');
  assert.ok(reader.nameEquals(wire));
  assert.equal(
    first.subarray(reader.nameStart, reader.nameEnd).toString('latin1').toLowerCase(),
    wire.toString('latin1'),
  );
  const copy = Buffer.alloc(wire.length);
  assert.equal(reader.copyName(copy, 0), wire.length);
  assert.deepEqual(copy, wire);
  const { nameHash } = reader;
  const hash = reader.hash();
  const plain = encodeMessage({ ...query([], 'www.EXAMPLE.com'), edns: undefined });
  assert.equal(reader.read(plain, plain.length), questionOk);
  assert.deepEqual([reader.nameHash, reader.hash()], [nameHash, hash]);
  assert.deepEqual(
    [reader.hasEdns, reader.hasCookie, reader.udpPayloadSize, reader.dnssecOk],
    [false, false, 512, false],
  );
  const root = encodeMessage(query([], '.'));
  assert.equal(reader.read(root, root.length), questionOk);
  assert.deepEqual([reader.name(), reader.labels], ['.', 0]);
  // A claim of less than 512 bytes means 512 (RFC 6891 §6.2.3).
  const small = query([]);
  small.edns!.udpPayloadSize = 100;
  const packet = encodeMessage(small);
  reader.read(packet, packet.length);
  assert.equal(reader.udpPayloadSize, 512);
});
