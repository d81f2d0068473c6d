/**
 * A server with every kind of answer, and mutated queries for it: for the short tests and for the long mode in
 * `bench/dns/fuzz-server.ts`.
 *
 * @module
 */
import { DnsServer, type IDnsServerOptions } from '#server';
import { makeQuery } from './ask.ts';
import { record } from './start.ts';

/** Mulberry32. */
export function randomFrom(start: number): (below: number) => number {
  let state = start >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const zoneText =
  '$TTL 60\n@ SOA ns1 h 1 1 1 1 1\n@ NS ns1\nns1 A 192.0.2.1\n*.w TXT x\nd DNAME example.test.\nsub NS ns1.sub\n';

/** Starts a server in manual mode, with handlers that answer, throw and wait, and a signed zone. */
export async function makeServer(options: IDnsServerOptions): Promise<DnsServer> {
  const server = new DnsServer({ udpPort: 0, manualUdpMode: true, dnssecZone: 'example.test', ...options });
  server.zones.load(zoneText, { origin: 'zone.test' });
  await server.zones.sign('zone.test', { algorithm: 'ED25519', denial: 'nsec' });
  await server.start();
  server.registerHandler('*.example.test', ['A', 'MX'], (question) =>
    question.type === 'A' ? record(question.name, 'A', '192.0.2.1') : null,
  );
  server.registerHandler('throws.example.test', ['TXT'], () => {
    throw new Error('broken on purpose');
  });
  server.registerHandler('later.example.test', ['AAAA'], async (question) => {
    await Promise.resolve();
    return record(question.name, 'AAAA', '2001:db8::1');
  });
  return server;
}

/** Bytes changed, cut, repeated or put in: most of what goes wrong on the way, and what attackers send. */
function mutate(packet: Buffer, below: (limit: number) => number): Buffer {
  let bytes: Buffer = Buffer.from(packet);
  for (let count = below(4); count > 0; count--) {
    const at = below(Math.max(bytes.length, 1));
    switch (below(5)) {
      case 0:
        bytes[at] = below(256);
        break;
      case 1:
        bytes = bytes.subarray(0, at);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([below(256)]), bytes.subarray(at)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes, bytes.subarray(at)]);
        break;
      default:
        bytes[at] = [0xc0, 0x0c, 0xff, 0x3f, 0x40, 0x00][below(6)]!;
    }
    bytes = Buffer.from(bytes);
  }
  return bytes;
}

const names = [
  'www.example.test',
  'throws.example.test',
  'later.example.test',
  'x.w.zone.test',
  'a.d.zone.test',
  'a.sub.zone.test',
  'zone.test',
  'localhost',
  'example.org',
  '',
];
const types = [1, 2, 5, 6, 15, 16, 28, 43, 46, 47, 48, 255];
const sources = ['udp', 'tcp', 'tls', 'https'] as const;

export interface IFuzzQuery {
  readonly packet: Buffer;
  readonly source: (typeof sources)[number];
  readonly clientIp: string;
}

/** The next query: one in five as it should be, the others mutated. */
export function nextQuery(below: (limit: number) => number): IFuzzQuery {
  const query = makeQuery({
    name: names[below(names.length)]!,
    type: [...types, below(65_536)][below(types.length + 1)]!,
    edns: below(2) === 0 ? below(65_536) : undefined,
    dnssecOk: below(2) === 0,
    ednsOptions: below(3) === 0 ? Buffer.from([0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]) : Buffer.alloc(0),
  });
  const packet = below(5) === 0 ? query : mutate(query, below);
  return { packet, source: sources[below(4)]!, clientIp: `192.0.2.${below(256)}` };
}
