/**
 * Random records and messages of every type that has a layout.
 *
 * @module
 */
import type { IDnsMessage, IResourceRecord, TFieldKind, TLayout, TRecordData } from '#wire';
import { nameFromWire, recordLayouts, recordTypes, typeToName } from '#wire';
import type { Random } from './random.ts';

const words = ['a', 'www', 'mail', 'ns1', 'example', 'com', 'net', '_tcp', '*', 'xn--bcher-kva', 'UPPER', 'x-1'];

export function randomName(random: Random): string {
  const wire: number[] = [];
  const count = random.below(6);
  for (let index = 0; index < count; index++) {
    const label = random.chance(8) ? random.bytes(random.between(1, 12)) : Buffer.from(random.pick(words));
    wire.push(label.length, ...label);
  }
  return nameFromWire(Uint8Array.from([...wire, 0]));
}

function randomText(random: Random): string | Buffer {
  if (random.chance(6)) return Buffer.concat([Buffer.of(0xff), random.bytes(random.below(20))]);
  return random.pick(['', 'plain', 'with "quotes" and \\ and ;', 'umlaut ü', 'tab\tnew\nline', 'x'.repeat(255)]);
}

function someTypes(random: Random): string[] {
  const numbers = new Set<number>();
  for (let index = random.below(6); index > 0; index--) {
    numbers.add(random.chance(3) ? random.below(65_536) : random.between(1, 70));
  }
  return [...numbers].sort((left, right) => left - right).map(typeToName);
}

function randomParams(random: Random): unknown {
  const params: Record<string, unknown> = {};
  if (random.chance(2)) params['alpn'] = random.chance(3) ? ['h2', 'od,d\\', Buffer.of(200, 1)] : ['h2', 'h3'];
  if (params['alpn'] !== undefined && random.chance(2)) params['mandatory'] = ['alpn'];
  if (params['alpn'] !== undefined && random.chance(4)) params['no-default-alpn'] = true;
  if (random.chance(2)) params['port'] = random.below(65_536);
  if (random.chance(2)) params['ipv4hint'] = ['192.0.2.1', '192.0.2.2'];
  if (random.chance(3)) params['ech'] = random.bytes(9);
  if (random.chance(2)) params['ipv6hint'] = ['2001:db8::1'];
  if (random.chance(3)) params['dohpath'] = '/dns-query{?dns}';
  if (random.chance(3)) params[`key${random.between(100, 60_000)}`] = random.bytes(random.below(12));
  return params;
}

function ipv4(random: Random): string {
  return [...random.bytes(4)].join('.');
}

const ipv6Samples = ['::', '::1', '2001:db8::1', 'fe80::1:2:3', '1:2:3:4:5:6:7:8', '::ffff:192.0.2.1', '1:0:0:2::3'];

function endpoint(random: Random, type: number): string {
  if (type === 1) return ipv4(random);
  if (type === 2) return random.pick(ipv6Samples);
  return type === 3 ? randomName(random) : '.';
}

const makers: Readonly<Record<TFieldKind, (random: Random) => unknown>> = {
  u8: (random) => random.below(256),
  u16: (random) => random.below(65_536),
  u32: (random) => random.next(),
  ttl: (random) => random.next(),
  time: (random) => random.next(),
  u48: (random) => random.below(65_536) * 2 ** 32 + random.next(),
  type: (random) => typeToName(random.below(300)),
  algorithm: (random) => random.below(256),
  certificate: (random) => random.below(65_536),
  ipv4,
  ipv6: (random) => random.pick(ipv6Samples),
  name: randomName,
  lowered: randomName,
  plain: randomName,
  string: randomText,
  tag: (random) => random.pick(['issue', 'issuewild', 'iodef', 'x9']),
  strings: (random) => Array.from({ length: random.between(1, 4) }, () => randomText(random)),
  optionalString: (random) => (random.chance(2) ? undefined : randomText(random)),
  text: randomText,
  hex: (random) => random.bytes(random.between(1, 40)),
  base64: (random) => random.bytes(random.between(1, 70)),
  salt: (random) => random.bytes(random.below(12)),
  hash: (random) => random.bytes(20),
  base64Counted: (random) => random.bytes(random.below(40)),
  locator: (random) =>
    random
      .bytes(8)
      .toString('hex')
      .replace(/(.{4})(?!$)/g, '$1:'),
  eui48: (random) =>
    random
      .bytes(6)
      .toString('hex')
      .replace(/(..)(?!$)/g, '$1-'),
  eui64: (random) =>
    random
      .bytes(8)
      .toString('hex')
      .replace(/(..)(?!$)/g, '$1-'),
  types: someTypes,
  svcParams: randomParams,
  location: (random) => ({
    latitude: (random.between(0, 648_000_000) - 324_000_000) / 3_600_000,
    longitude: (random.between(0, 1_296_000_000) - 648_000_000) / 3_600_000,
    altitude: random.between(-10_000_000, 100_000_000) / 100,
    size: random.between(0, 9) * 10 ** random.below(6),
    horizontalPrecision: random.between(0, 9) / 100,
    verticalPrecision: random.between(0, 9) * 10,
  }),
  prefixes: (random) =>
    random.chance(5)
      ? []
      : [
          { family: 1, prefixLength: random.below(33), negate: random.chance(2), address: ipv4(random) },
          { family: 2, prefixLength: random.below(129), negate: false, address: random.pick(ipv6Samples) },
        ],
  gateway: (random) => {
    const gatewayType = random.below(4);
    const gateway = endpoint(random, gatewayType);
    return { precedence: 10, gatewayType, algorithm: 2, gateway, publicKey: random.bytes(random.below(20)) };
  },
  relay: (random) => {
    const relayType = random.below(4);
    return { precedence: 1, discoveryOptional: random.chance(2), relayType, relay: endpoint(random, relayType) };
  },
  hostIdentity: (random) => ({
    algorithm: random.below(256),
    hit: random.bytes(16),
    publicKey: random.bytes(30),
    servers: Array.from({ length: random.below(3) }, () => randomName(random)),
  }),
};

/** Types with a layout, and one without. */
export const sampleTypes: readonly string[] = [...Object.keys(recordLayouts), 'TYPE65280'];

export function randomData(random: Random, type: string): TRecordData {
  const layout = (recordLayouts as Readonly<Record<string, TLayout | undefined>>)[type];
  if (layout === undefined) return random.bytes(random.below(30));
  if (layout.fields === null) return makers[layout.bare](random) as TRecordData;
  return Object.fromEntries(layout.fields.map(([name, kind]) => [name, makers[kind](random)])) as TRecordData;
}

export function randomRecord(random: Random, type = random.pick(sampleTypes)): IResourceRecord {
  const name = randomName(random);
  return { name, type, class: 'IN', ttl: random.below(2 ** 31), data: randomData(random, type) };
}

/** A message with a question, records in each section and mostly EDNS. */
export function randomMessage(random: Random): IDnsMessage {
  // A TSIG record has one place only, which the message tests give it themselves.
  const types = sampleTypes.filter((type) => type !== 'TSIG');
  const section = (most: number): IResourceRecord[] =>
    Array.from({ length: random.below(most + 1) }, () => randomRecord(random, random.pick(types)));
  const message: IDnsMessage = {
    id: random.below(65_536),
    qr: random.chance(2),
    opcode: random.below(16),
    aa: random.chance(2),
    tc: random.chance(2),
    rd: random.chance(2),
    ra: random.chance(2),
    ad: random.chance(2),
    cd: random.chance(2),
    rcode: random.below(16),
    questions: [{ name: randomName(random), type: random.pick(Object.keys(recordTypes)), class: 'IN' }],
    answers: section(5),
    authorities: section(3),
    additionals: section(3),
  };
  if (!random.chance(4)) {
    message.rcode = random.below(4_096);
    message.edns = {
      udpPayloadSize: random.below(65_536),
      version: random.below(3),
      dnssecOk: random.chance(2),
      options: Array.from({ length: random.below(3) }, () => ({
        code: random.below(20),
        data: random.bytes(random.below(24)),
      })),
    };
  }
  return message;
}
