/** Packets made to break decoders: each is refused for its reason, and none takes long. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { QuestionReader, decodeMessage, encodeMessage, questionErrorReasons } from '#wire';
import type { IDnsMessage, TWireErrorReason } from '#wire';

function header(counts: readonly [number, number, number, number], flags = 0x0100): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16BE(0xbeef, 0);
  bytes.writeUInt16BE(flags, 2);
  for (const [index, count] of counts.entries()) bytes.writeUInt16BE(count, 4 + index * 2);
  return bytes;
}

const question = Buffer.from('03777777076578616d706c6503636f6d0000010001', 'hex');
const rootOpt = Buffer.from('00002904d0000000000000', 'hex');

function packet(counts: readonly [number, number, number, number], ...parts: Array<Buffer | string>): Buffer {
  return Buffer.concat([
    header(counts),
    ...parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)),
  ]);
}

const tsig = '0000fa00ff0000000000100161000000000000012c00000000000000';

const cases: ReadonlyArray<readonly [name: string, bytes: Buffer, reason: TWireErrorReason, quick?: 'accepts']> = [
  ['an empty packet', Buffer.alloc(0), 'short-header'],
  ['eleven bytes', header([1, 0, 0, 0]).subarray(0, 11), 'short-header'],
  ['a question that is not there', packet([1, 0, 0, 0]), 'truncated'],
  ['a question cut inside its name', packet([1, 0, 0, 0], '0377777707657861'), 'truncated'],
  ['a question cut before its class', packet([1, 0, 0, 0], question.subarray(0, 19)), 'truncated'],
  ['a pointer to itself', packet([1, 0, 0, 0], 'c00c00010001'), 'pointer'],
  ['a pointer forwards', packet([1, 0, 0, 0], 'c0200001000103777777000000000000000000'), 'pointer'],
  ['a pointer into the header', packet([1, 1, 0, 0], question, 'c00400010001000000000004c0000201'), 'pointer'],
  ['two pointers at each other', packet([1, 1, 0, 0], question, 'c023c02100010001000000000004c0000201'), 'pointer'],
  [
    'a label that leads back into itself',
    packet([1, 1, 0, 0], question, '0161c021000100010000000000040a000001'),
    'pointer',
  ],
  ['label type 01', packet([1, 0, 0, 0], '41610000010001'), 'label-type'],
  ['label type 10', packet([1, 0, 0, 0], '81610000010001'), 'label-type'],
  ['a name of 256 bytes', packet([1, 0, 0, 0], `${'0161'.repeat(127)}01610000010001`), 'name-too-long'],
  ['an answer that is not there', packet([1, 1, 0, 0], question), 'truncated'],
  [
    'record data that runs past the end',
    packet([1, 1, 0, 0], question, 'c00c000100010000000000ffc0000201'),
    'truncated',
  ],
  [
    'an A record of five bytes',
    packet([1, 1, 0, 0], question, 'c00c000100010000000000050102030405'),
    'bad-rdata',
    'accepts',
  ],
  [
    'an A record of three bytes',
    packet([1, 1, 0, 0], question, 'c00c00010001000000000003010203'),
    'bad-rdata',
    'accepts',
  ],
  [
    'a name that leaves its record data',
    packet([1, 1, 0, 0], question, 'c00c000500010000000000020361'),
    'truncated',
    'accepts',
  ],
  ['a TXT record without strings', packet([1, 1, 0, 0], question, 'c00c00100001000000000000'), 'bad-rdata', 'accepts'],
  [
    'a TXT string longer than its record',
    packet([1, 1, 0, 0], question, 'c00c001000010000000000020561'),
    'truncated',
    'accepts',
  ],
  ['65,535 questions', packet([65_535, 0, 0, 0], question), 'too-many'],
  ['65,535 answers', packet([1, 65_535, 0, 0], question), 'too-many'],
  ['two OPT records', packet([1, 0, 0, 2], question, rootOpt, rootOpt), 'multiple-opt'],
  ['an OPT record in the answer section', packet([1, 1, 0, 0], question, rootOpt), 'bad-opt'],
  ['an OPT record that has an owner', packet([1, 0, 0, 1], question, 'c00c002904d0000000000000'), 'bad-opt'],
  [
    'an OPT option that runs past its record',
    packet([1, 0, 0, 1], question, '00002904d0000000000005000a000801'),
    'bad-opt',
  ],
  ['an OPT option cut inside its head', packet([1, 0, 0, 1], question, '00002904d0000000000003000a00'), 'bad-opt'],
  ['an OPT record that runs past the end', packet([1, 0, 0, 1], question, '00002904d0000000000040'), 'truncated'],
  ['a TSIG record that is not the last', packet([1, 0, 0, 2], question, tsig, rootOpt), 'bad-tsig'],
  [
    'a type bitmap with a window twice',
    packet([1, 1, 0, 0], question, 'c00c002f00010000000000070000014000014000'),
    'bad-rdata',
    'accepts',
  ],
];

for (const [name, bytes, reason, quick] of cases) {
  test(`${name} is refused as ${reason}`, () => {
    const result = decodeMessage(bytes);
    assert.ok(!result.ok);
    assert.equal(result.reason, reason);
    assert.equal(result.id, bytes.length >= 2 ? 0xbeef : null);
    const code = new QuestionReader().read(bytes, bytes.length);
    // The quick reader stops at the counts that the packet has no room for.
    const expected = quick === 'accepts' ? null : reason === 'too-many' ? 'truncated' : reason;
    assert.equal(questionErrorReasons[code], expected);
  });
}

test('one byte is too few for an id', () => {
  const result = decodeMessage(Buffer.of(1));
  assert.ok(!result.ok);
  assert.equal(result.id, null);
});

test('bytes after the message are tolerated and their start is told', () => {
  const result = decodeMessage(packet([1, 0, 0, 0], question, 'ffff'));
  assert.ok(result.ok);
  assert.equal(result.end, 33);
});

test('a message inside a larger buffer is read by its own bounds', () => {
  const inner = packet([1, 0, 0, 1], question, rootOpt);
  const outer = Buffer.concat([Buffer.alloc(7, 0xc0), inner, Buffer.alloc(9, 0xc0)]);
  const result = decodeMessage(outer, 7, 7 + inner.length);
  assert.ok(result.ok);
  assert.equal(result.end, 7 + inner.length);
  const reader = new QuestionReader();
  assert.equal(reader.read(outer, inner.length, 7), 0);
  assert.equal(reader.name(), 'www.example.com');
  assert.equal(reader.udpPayloadSize, 1232);
  assert.ok(!decodeMessage(outer, 7, 6 + inner.length).ok);
});

test('a pointer chain through every label of a long name stays within the limits', () => {
  // Each record's owner is one more label before the one before: the shape that makes careless decoders quadratic.
  const message: IDnsMessage = {
    ...emptyAnswer,
    answers: Array.from({ length: 120 }, (_, index) => ({
      name: `${'a.'.repeat(index)}example`,
      type: 'A',
      class: 'IN',
      ttl: 1,
      data: '192.0.2.1',
    })),
  };
  const result = decodeMessage(encodeMessage(message));
  assert.ok(result.ok);
  assert.deepEqual(result.message.answers, message.answers);
});

test('64 KiB of pointers to one long chain are refused before they cost time', () => {
  // The data of the first record is a chain: each piece is one label and a pointer to the piece before.
  const pieces = ['010000'];
  const chainStart = 23;
  for (let index = 1, last = chainStart; index < 126; index++) {
    pieces.push(`0100${(0xc000 | last).toString(16)}`);
    last += index === 1 ? 3 : 4;
  }
  const chain = Buffer.from(pieces.join(''), 'hex');
  const end = (0xc000 | (chainStart + chain.length - 4)).toString(16);
  const first = Buffer.concat([
    Buffer.from(`00000a000100000000${chain.length.toString(16).padStart(4, '0')}`, 'hex'),
    chain,
  ]);
  const ns = Buffer.from(`${end}00020001000000000002${end}0000`.slice(0, 28), 'hex');
  const answers = (count: number): Buffer => {
    const records = Array.from({ length: count }, () => ns);
    return packet([0, count + 1, 0, 0], first, ...records);
  };
  const few = decodeMessage(answers(700));
  assert.ok(few.ok);
  assert.equal(few.message.answers.at(-1)!.name.length, 126 * 5 - 1);
  const many = decodeMessage(answers(4_600));
  assert.ok(!many.ok);
  assert.equal(many.reason, 'too-many');
});

const emptyAnswer: IDnsMessage = {
  id: 1,
  qr: true,
  opcode: 0,
  aa: true,
  tc: false,
  rd: false,
  ra: false,
  ad: false,
  cd: false,
  rcode: 0,
  questions: [{ name: 'example', type: 'A', class: 'IN' }],
  answers: [],
  authorities: [],
  additionals: [],
};
