/**
 * Reads a TLS ClientHello without decrypting anything: server name, ALPN, versions. RFC 8446 §4.1.2, RFC 6066 §3.
 *
 * @module
 */
import { latin1 } from '../connection/latin1.ts';
import { limits } from '../limits/limits.ts';

export interface IClientHello {
  /** Server name in lower case, undefined when the client sent none. */
  readonly sni: string | undefined;
  readonly alpn: readonly string[];
  /** Highest version that the client offers, such as `TLSv1.3`. */
  readonly version: string;
  /** The client wants to resume by ticket or PSK. */
  readonly resumes: boolean;
}

/** The bytes are no ClientHello, with the reason; or not all of it is there yet. */
export type THelloResult = IClientHello | 'incomplete' | 'malformed';

const RECORD_HANDSHAKE = 22;
const RECORD_HEADER_BYTES = 5;
/** RFC 8446 §5.1: 2^14 bytes of plain text per record. */
const RECORD_BYTES_MAX = 16_384;
const HANDSHAKE_CLIENT_HELLO = 1;
const HANDSHAKE_HEADER_BYTES = 4;
const VERSION_AND_RANDOM_BYTES = 34;
const EXTENSION_SERVER_NAME = 0;
const EXTENSION_ALPN = 16;
const EXTENSION_TICKET = 35;
const EXTENSION_PSK = 41;
const EXTENSION_VERSIONS = 43;
const NAME_TYPE_HOST = 0;
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,252})$/;

const VERSION_NAMES: ReadonlyMap<number, string> = new Map([
  [0x0301, 'TLSv1'],
  [0x0302, 'TLSv1.1'],
  [0x0303, 'TLSv1.2'],
  [0x0304, 'TLSv1.3'],
]);

/** True when the first byte can begin a TLS connection. */
export function looksLikeTls(firstByte: number): boolean {
  return firstByte === RECORD_HANDSHAKE;
}

/** Reads the hello in `bytes[start, end)`, which begins with a TLS record. */
export function readClientHello(bytes: Buffer, start: number, end: number): THelloResult {
  const message = joinRecords(bytes, start, end);
  if (typeof message === 'string') return message;
  const reader = new Reader(message);
  reader.skip(HANDSHAKE_HEADER_BYTES + VERSION_AND_RANDOM_BYTES);
  const legacyVersion = message.length >= 6 ? message.readUInt16BE(HANDSHAKE_HEADER_BYTES) : 0;
  reader.skip(reader.u8()); // session id
  reader.skip(reader.u16()); // cipher suites
  reader.skip(reader.u8()); // compression methods
  if (reader.failed) return 'malformed';
  return readExtensions(reader, legacyVersion);
}

/** The handshake message out of one or several records. */
function joinRecords(bytes: Buffer, start: number, end: number): Buffer | 'incomplete' | 'malformed' {
  const parts: Buffer[] = [];
  let got = 0;
  let need = -1;
  let at = start;
  for (;;) {
    if (at + RECORD_HEADER_BYTES > end) return end - start > limits.clientHelloBytes ? 'malformed' : 'incomplete';
    const length = bytes.readUInt16BE(at + 3);
    if (bytes[at] !== RECORD_HANDSHAKE || bytes[at + 1] !== 3 || length === 0 || length > RECORD_BYTES_MAX) {
      return 'malformed';
    }
    const from = at + RECORD_HEADER_BYTES;
    const to = Math.min(from + length, end);
    parts.push(bytes.subarray(from, to));
    got += to - from;
    if (need === -1 && got >= HANDSHAKE_HEADER_BYTES) {
      const header = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
      if (header[0] !== HANDSHAKE_CLIENT_HELLO) return 'malformed';
      need = HANDSHAKE_HEADER_BYTES + header.readUIntBE(1, 3);
      if (need > limits.clientHelloBytes) return 'malformed';
    }
    if (need !== -1 && got >= need) return (parts.length === 1 ? parts[0]! : Buffer.concat(parts)).subarray(0, need);
    if (to < from + length || to === end) return end - start > limits.clientHelloBytes ? 'malformed' : 'incomplete';
    at = to;
  }
}

function readExtensions(reader: Reader, legacyVersion: number): THelloResult {
  let sni: string | undefined;
  let alpn: string[] = [];
  let version = legacyVersion;
  let resumes = false;
  // TLS 1.2 allows a hello without extensions (RFC 5246 §7.4.1.2).
  const extensions = reader.sub(reader.left === 0 ? 0 : reader.u16());
  while (extensions.left > 0) {
    const type = extensions.u16();
    const body = extensions.sub(extensions.u16());
    if (type === EXTENSION_SERVER_NAME) {
      const name = readServerName(body);
      if (name === null || sni !== undefined) return 'malformed';
      sni = name;
    } else if (type === EXTENSION_ALPN) alpn = readAlpn(body);
    else if (type === EXTENSION_VERSIONS) version = readVersions(body);
    else if (type === EXTENSION_PSK || (type === EXTENSION_TICKET && body.left > 0)) resumes = true;
    if (body.failed) return 'malformed';
  }
  if (reader.failed || extensions.failed) return 'malformed';
  return { sni, alpn, version: VERSION_NAMES.get(version) ?? 'TLSv1.2', resumes };
}

/** The host name; null when the extension is broken or the name is none. RFC 6066 §3: at most one per type. */
function readServerName(body: Reader): string | null {
  const list = body.sub(body.u16());
  let name: string | null = null;
  while (list.left > 0) {
    const type = list.u8();
    const value = list.text(list.u16());
    if (list.failed) return null;
    if (type !== NAME_TYPE_HOST) continue;
    if (name !== null) return null;
    name = value.toLowerCase();
  }
  if (name === null) return null;
  // A final dot names the same host.
  const trimmed = name.endsWith('.') ? name.slice(0, -1) : name;
  return HOST_NAME.test(trimmed) ? trimmed : null;
}

function readAlpn(body: Reader): string[] {
  const list = body.sub(body.u16());
  const names: string[] = [];
  while (list.left > 0) names.push(list.text(list.u8()));
  if (list.failed) body.failed = true;
  return names;
}

/** The highest version that we know; GREASE values (RFC 8701) are passed over. */
function readVersions(body: Reader): number {
  const list = body.sub(body.u8());
  let best = 0;
  while (list.left > 0) {
    const version = list.u16();
    if (VERSION_NAMES.has(version) && version > best) best = version;
  }
  if (list.failed) body.failed = true;
  return best;
}

/** Reads fields; running over the end is remembered instead of thrown. */
class Reader {
  failed = false;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.failed ? 0 : this.#bytes.length - this.#at;
  }

  skip(count: number): void {
    this.#take(count);
  }

  u8(): number {
    const at = this.#take(1);
    return at === -1 ? 0 : this.#bytes[at]!;
  }

  u16(): number {
    const at = this.#take(2);
    return at === -1 ? 0 : this.#bytes.readUInt16BE(at);
  }

  text(count: number): string {
    const at = this.#take(count);
    return at === -1 ? '' : latin1(this.#bytes, at, at + count);
  }

  sub(count: number): Reader {
    const at = this.#take(count);
    const reader = new Reader(at === -1 ? this.#bytes.subarray(0, 0) : this.#bytes.subarray(at, at + count));
    reader.failed = at === -1;
    return reader;
  }

  #take(count: number): number {
    if (this.failed || this.#at + count > this.#bytes.length) {
      this.failed = true;
      return -1;
    }
    const at = this.#at;
    this.#at += count;
    return at;
  }
}
