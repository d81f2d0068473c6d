import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateV1, generateV2, parseProxyHeader, TLV, type TProxyParse } from '#proxy/proxy-protocol/index';
import { crc32c } from '#proxy/proxy-protocol/crc32c';
import { seededRandom } from '../helpers/random.ts';

const seed = Number(process.env.SEED ?? 7);
const SIGNATURE = '0d0a0d0a000d0a515549540a';
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const line = (text: string) => Buffer.from(text, 'latin1');

function summary(result: TProxyParse): string {
  if (result.kind === 'invalid') return result.reason;
  if (result.kind !== 'header') return result.kind;
  if (!result.known) return `unknown v${result.version}`;
  return `${result.sourceIp} ${result.sourcePort} ${result.destinationIp} ${result.destinationPort} v${result.version}`;
}

test('version 1 as its specification has it', () => {
  const cases: Record<string, string> = {
    'PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n': '192.168.0.1 56324 192.168.0.11 443 v1',
    'PROXY TCP6 2001:db8::1 ::1 1 65535\r\nGET /': '2001:db8::1 1 ::1 65535 v1',
    'PROXY TCP6 ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n': 'v1-address',
    'PROXY UNKNOWN\r\n': 'unknown v1',
    'PROXY UNKNOWN ffff:: whatever 1 2\r\n': 'unknown v1',
    'PROXY UNKNOWNX\r\n': 'v1-syntax',
    'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\n': 'v1-syntax',
    'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r': 'incomplete',
    'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\rX': 'v1-syntax',
    'PROXY TCP4  10.0.0.1 10.0.0.2 1 2\r\n': 'v1-syntax',
    'PROXY TCP4 10.0.0.1 10.0.0.2 1 2 \r\n': 'v1-syntax',
    'PROXY TCP4 10.0.0.1 ::1 1 2\r\n': 'v1-address',
    'PROXY TCP6 10.0.0.1 10.0.0.2 1 2\r\n': 'v1-address',
    'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n': 'v1-address',
    'PROXY TCP4 010.0.0.1 10.0.0.2 1 2\r\n': 'v1-address',
    'PROXY TCP4 10.0.0.1 10.0.0.2 01 2\r\n': 'v1-port',
    'PROXY TCP4 10.0.0.1 10.0.0.2 65536 2\r\n': 'v1-port',
    'PROXY TCP4 10.0.0.1 10.0.0.2 -1 2\r\n': 'v1-port',
    'PROXY UDP4 10.0.0.1 10.0.0.2 1 2\r\n': 'v1-syntax',
    'PROXY': 'incomplete',
    'PROXX': 'none',
    'GET / HTTP/1.1\r\n': 'none',
    '': 'incomplete',
    [`PROXY TCP4 ${'1'.repeat(120)}`]: 'v1-too-long',
    [`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`]: 'unknown v1',
    [`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`]: 'v1-too-long',
  };
  for (const [text, expected] of Object.entries(cases)) {
    assert.equal(summary(parseProxyHeader(line(text))), expected, JSON.stringify(text));
  }
});

test('version 2 as its specification has it', () => {
  const ipv4 = `${SIGNATURE} 21 11 000c 0a000001 0a000002 1f90 01bb`;
  const cases: Record<string, string> = {
    [ipv4]: '10.0.0.1 8080 10.0.0.2 443 v2',
    [`${ipv4}4745`]: '10.0.0.1 8080 10.0.0.2 443 v2',
    [`${SIGNATURE} 21 21 0024 20010db8000000000000000000000001 00000000000000000000000000000001 0001 0002`]:
      '2001:db8::1 1 ::1 2 v2',
    [`${SIGNATURE} 21 21 0024 00000000000000000000ffff0a000001 00000000000000000000ffff0a000002 0001 0002`]:
      '10.0.0.1 1 10.0.0.2 2 v2',
    [`${SIGNATURE} 20 00 0000`]: 'unknown v2',
    [`${SIGNATURE} 20 11 0000`]: 'unknown v2',
    [`${SIGNATURE} 21 00 0000`]: 'unknown v2',
    [`${SIGNATURE} 21 12 000c 0a000001 0a000002 0001 0002`]: 'unknown v2',
    [`${SIGNATURE} 21 31 00d8 ${'61'.repeat(216)}`]: 'unknown v2',
    [`${SIGNATURE} 11 11 000c`]: 'v2-version',
    [`${SIGNATURE} 22 11 000c`]: 'v2-command',
    [`${SIGNATURE} 21 41 000c`]: 'v2-family',
    [`${SIGNATURE} 21 13 000c`]: 'v2-family',
    [`${SIGNATURE} 21 11 000b`]: 'v2-too-short',
    [`${SIGNATURE} 21 11 ffff`]: 'v2-too-long',
    [`${SIGNATURE} 21 11 000c 0a000001`]: 'incomplete',
    [`${SIGNATURE} 21 11 000e 0a000001 0a000002 0001 0002 0100`]: 'v2-tlv',
    [`${SIGNATURE} 21 11 0010 0a000001 0a000002 0001 0002 01 0002 41`]: 'v2-tlv',
    [`${SIGNATURE} 21 11 000f 0a000001 0a000002 0001 0002 04 0000`]: '10.0.0.1 1 10.0.0.2 2 v2',
    [`${SIGNATURE} 21 11 0013 0a000001 0a000002 0001 0002 03 0004 00000000`]: 'v2-checksum',
    [SIGNATURE.slice(0, 20)]: 'incomplete',
    '0d0a0d0a00ff': 'none',
    '0d0a': 'incomplete',
  };
  for (const [text, expected] of Object.entries(cases)) {
    assert.equal(summary(parseProxyHeader(hex(text))), expected, text);
  }
});

test('CRC-32C is the one of RFC 3720', () => {
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
});

const announcements = [
  { sourceIp: '10.0.0.1', sourcePort: 1, destinationIp: '10.0.0.2', destinationPort: 65_535 },
  { sourceIp: '2001:db8::1', sourcePort: 0, destinationIp: '::1', destinationPort: 443 },
  { sourceIp: '::ffff:10.0.0.1', sourcePort: 5, destinationIp: '10.0.0.2', destinationPort: 6 },
  { sourceIp: '10.0.0.1', sourcePort: 5, destinationIp: '::1', destinationPort: 6 },
];

test('what is written is read again, byte by byte, with and without what follows', () => {
  const tlvs = [
    { type: TLV.authority, value: Buffer.from('example.com') },
    { type: TLV.noop, value: Buffer.alloc(0) },
  ];
  for (const info of announcements) {
    for (const header of [generateV1(info), generateV2(info), generateV2(info, { tlvs, checksum: true })]) {
      const bytes = Buffer.concat([header, Buffer.from('rest')]);
      for (let end = 0; end < header.length; end += 1) {
        assert.equal(parseProxyHeader(bytes, 0, end).kind, 'incomplete', `${end} of ${header.length}`);
      }
      const result = parseProxyHeader(bytes);
      assert.ok(result.kind === 'header' && result.known);
      assert.equal(result.length, header.length);
      assert.equal(result.sourceIp, info.sourceIp.replace('::ffff:', ''));
      assert.equal(result.destinationIp, info.destinationIp);
      assert.deepEqual([result.sourcePort, result.destinationPort], [info.sourcePort, info.destinationPort]);
      const shifted = Buffer.concat([Buffer.from('xx'), header]);
      assert.equal(summary(parseProxyHeader(shifted, 2)), summary(result));
    }
  }
  assert.equal(generateV1({ ...announcements[0]!, sourceIp: '?' }).toString(), 'PROXY UNKNOWN\r\n');
  assert.equal(summary(parseProxyHeader(generateV2({ ...announcements[0]!, sourceIp: '' }))), 'unknown v2');
});

test('a changed byte under a checksum is noticed', () => {
  const header = generateV2(announcements[0]!, { checksum: true });
  // Without the four-byte field's type nothing says that there is a checksum.
  const typeAt = header.length - 7;
  for (let at = 16; at < header.length; at += 1) {
    if (at === typeAt) continue;
    const changed = Buffer.from(header);
    changed[at]! ^= 1;
    assert.notEqual(parseProxyHeader(changed).kind, 'header', `byte ${at}`);
  }
});

test(`no bytes make the parser throw or promise more than is there (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const starts = [
    line('PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n'),
    line('PROXY '),
    hex(SIGNATURE),
    generateV2(announcements[1]!, { checksum: true }),
    generateV2(announcements[0]!, { tlvs: [{ type: 1, value: Buffer.from('h2') }] }),
  ];
  const seen = new Set<string>();
  for (let i = 0; i < 60_000; i += 1) {
    const start = starts[Math.floor(random() * starts.length)]!;
    const bytes = Buffer.concat([start, Buffer.alloc(Math.floor(random() * 60))]);
    for (let change = Math.floor(random() * 5); change >= 0; change -= 1) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const end = Math.floor(random() * (bytes.length + 1));
    const result = parseProxyHeader(bytes, 0, end);
    seen.add(result.kind === 'invalid' ? result.reason : result.kind);
    if (result.kind === 'header') assert.ok(result.length <= end);
    // The verdict on a prefix is never taken back by more bytes.
    const whole = parseProxyHeader(bytes, 0, bytes.length);
    if (result.kind !== 'incomplete') assert.equal(summary(whole), summary(result));
  }
  assert.ok(seen.size >= 8, `the mutations reach many outcomes: ${[...seen].join()}`);
});
