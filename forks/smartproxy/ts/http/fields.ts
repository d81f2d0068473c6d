/**
 * Header fields that the proxy acts on, recognised by length and bytes, without making strings.
 *
 * @module
 */
import { equalsLower } from './bytes.ts';

/** Numbers of the fields that matter to framing, routing or forwarding; 0 is any other. */
export const FIELD = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  keepAlive: 5,
  proxyConnection: 6,
  te: 7,
  trailer: 8,
  upgrade: 9,
  expect: 10,
  http2Settings: 11,
  xForwardedFor: 12,
  xForwardedProto: 13,
  xForwardedHost: 14,
  xForwardedPort: 15,
  forwarded: 16,
  proxyAuthorization: 17,
  proxyAuthenticate: 18,
  authorization: 19,
  date: 20,
} as const;

const NAMES: ReadonlyArray<readonly [string, number]> = [
  ['host', FIELD.host],
  ['content-length', FIELD.contentLength],
  ['transfer-encoding', FIELD.transferEncoding],
  ['connection', FIELD.connection],
  ['keep-alive', FIELD.keepAlive],
  ['proxy-connection', FIELD.proxyConnection],
  ['te', FIELD.te],
  ['trailer', FIELD.trailer],
  ['upgrade', FIELD.upgrade],
  ['expect', FIELD.expect],
  ['http2-settings', FIELD.http2Settings],
  ['x-forwarded-for', FIELD.xForwardedFor],
  ['x-forwarded-proto', FIELD.xForwardedProto],
  ['x-forwarded-host', FIELD.xForwardedHost],
  ['x-forwarded-port', FIELD.xForwardedPort],
  ['forwarded', FIELD.forwarded],
  ['proxy-authorization', FIELD.proxyAuthorization],
  ['proxy-authenticate', FIELD.proxyAuthenticate],
  ['authorization', FIELD.authorization],
];

const LONGEST = Math.max(...NAMES.map(([name]) => name.length));
/** Candidates by name length. */
const BY_LENGTH: ReadonlyArray<ReadonlyArray<readonly [string, number]>> = Array.from({ length: LONGEST + 1 }, (_, n) =>
  NAMES.filter(([name]) => name.length === n),
);
/** 1 for lengths that some known name has, so that most fields cost one look-up. */
const HAS_LENGTH = Uint8Array.from(BY_LENGTH, (names) => (names.length > 0 ? 1 : 0));
/** 1 for (lower-cased) first letters that some known name has. */
const HAS_FIRST = makeFirst();

/** The number of the field whose name is `bytes[start, end)`. */
export function fieldNumber(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > LONGEST || HAS_LENGTH[length] === 0 || HAS_FIRST[bytes[start]! | 0x20] === 0) return FIELD.other;
  for (const [name, number] of BY_LENGTH[length]!) {
    if (equalsLower(bytes, start, end, name)) return number;
  }
  return FIELD.other;
}

function makeFirst(): Uint8Array {
  const table = new Uint8Array(256);
  for (const [name] of NAMES) table[name.charCodeAt(0)] = 1;
  return table;
}
