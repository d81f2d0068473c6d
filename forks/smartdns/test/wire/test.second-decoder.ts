/** dns-packet, an independent codec, reads what we write and writes what we read, for the types it knows. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { decodeMessage, encodeMessage } from '#wire';
import type { IDnsMessage, IResourceRecord } from '#wire';
import { Random } from './support/random.ts';
import { randomRecord } from './support/records.ts';

interface IPeerRecord {
  name: string;
  type: string;
  class: string;
  ttl: number;
  data: unknown;
}

interface IPeerPacket {
  id?: number;
  questions: Array<{ name: string; type: string; class: string }>;
  answers: IPeerRecord[];
}

interface IPeer {
  decode(packet: Buffer): IPeerPacket;
  encode(packet: unknown): Buffer;
}

const peer = createRequire(import.meta.url)('dns-packet') as IPeer;

/** Names with escapes are left out: dns-packet has no text form for them. */
const plainName = /^(?:[a-zA-Z0-9*_-]+\.)*[a-zA-Z0-9*_-]+$/;
const types = ['A', 'AAAA', 'NS', 'CNAME', 'PTR', 'DNAME', 'SOA', 'MX', 'SRV', 'DS', 'DNSKEY', 'TLSA', 'SSHFP', 'RP'];

function message(answers: IResourceRecord[]): IDnsMessage {
  return {
    id: 4_660,
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
    answers,
    authorities: [],
    additionals: [],
  };
}

/** Field names that dns-packet spells differently. */
const peerFields: Readonly<Record<string, string>> = { publicKey: 'key', type: 'hash' };

function expected(record: IResourceRecord): unknown {
  const { data, type } = record;
  if (typeof data !== 'object' || data instanceof Buffer) return data;
  const entries = Object.entries(data).map(([name, value]) => {
    const renamed = type === 'DNSKEY' || type === 'SSHFP' ? (peerFields[name] ?? name) : name;
    return [renamed, type === 'SSHFP' && value instanceof Buffer ? value.toString('hex') : (value as unknown)] as const;
  });
  return Object.fromEntries(entries);
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return /^[0-9a-f:.]+$/.test(value) || plainName.test(value);
  if (typeof value !== 'object' || value === null || value instanceof Buffer) return true;
  return Object.values(value).every(isPlain);
}

for (const type of types) {
  test(`dns-packet agrees on ${type}`, () => {
    const random = new Random(types.indexOf(type) + 1);
    let compared = 0;
    for (let round = 0; round < 200 && compared < 40; round++) {
      const record = randomRecord(random, type);
      if (!plainName.test(record.name) || !isPlain(record.data)) continue;
      // dns-packet's table of SSHFP hashes has two entries, and it refuses other DNSKEY protocols than 3.
      if (type === 'SSHFP') record.data = { algorithm: 4, type: 2, fingerprint: random.bytes(32) };
      if (type === 'DNSKEY') record.data = { flags: 257, protocol: 3, algorithm: 13, publicKey: random.bytes(64) };
      compared++;
      const packet = encodeMessage(message([record, { ...record, ttl: 5 }]));
      const theirs = peer.decode(packet);
      assert.equal(theirs.answers.length, 2);
      const [first] = theirs.answers;
      assert.equal(first!.name, record.name);
      assert.equal(first!.ttl, record.ttl);
      const { protocol: _protocol, ...want } = { protocol: 3, ...(expected(record) as object) };
      const got = typeof record.data === 'string' ? { value: lower(first!.data) } : pickFields(first!.data, want);
      assert.deepEqual(got, typeof record.data === 'string' ? { value: lower(record.data) } : lowerAll(want));
      // And back: what dns-packet writes from its own reading, we read as the same record.
      const back = decodeMessage(peer.encode({ ...theirs, type: 'response', answers: [first] }));
      assert.ok(back.ok);
      assert.deepEqual(lowerAll(back.message.answers[0]!), lowerAll(record));
    }
    assert.ok(compared >= 20, `only ${compared} records compared`);
  });
}

function lower(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  // dns-packet shortens another run of zeros than RFC 5952 §4.2.3 does; the URL parser brings both to one form.
  return value.includes(':') ? new URL(`http://[${value}]`).hostname : value.toLowerCase();
}

/** Compression may give a name the letter case of its first occurrence. */
function lowerAll(value: object): unknown {
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      typeof field === 'object' && field !== null && !(field instanceof Buffer)
        ? lowerAll(field as object)
        : lower(field),
    ]),
  );
}

function pickFields(data: unknown, want: object): unknown {
  const fields = data as Readonly<Record<string, unknown>>;
  return lowerAll(Object.fromEntries(Object.keys(want).map((name) => [name, fields[name]])));
}
