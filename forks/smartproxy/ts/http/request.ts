/**
 * What a request head means: framing, persistence, authority, path. RFC 9112 §3, §6, RFC 9110 §7.
 *
 * @module
 */
import { latin1 } from '../connection/latin1.ts';
import { METHODS } from 'node:http';
import { isIPv6 } from 'node:net';
import { PORT_MAX } from '../route/ports.ts';
import { routingPath } from '../route/routing-path.ts';
import { limits } from '../limits/limits.ts';
import { AUTHORITY, COMMA, HEX, HTAB, PERCENT, QUERY, SLASH, SP, STAR, digit, equalsLower } from './bytes.ts';
import { FIELD, fieldNumber } from './fields.ts';
import { FIELD_STRIDE, isProtected, lineEnd } from './head.ts';
import type { Head } from './head.ts';
import { REFUSALS } from './refusals.ts';
import type { IRefusal } from './refusals.ts';

/** Methods that may be sent again on a fresh connection: RFC 9110 §9.2.1 calls them safe. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Names that llhttp knows too; others are answered 501, so that every parser behind us frames alike. */
const KNOWN_METHODS = new Set(METHODS);

const HTTP_PREFIX = 'http://';
const HTTPS_PREFIX = 'https://';
const BACKSLASH = 0x5c;
const DOT = 0x2e;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** The meaning of one request head. One object per proxy, like {@link Head}. */
export class RequestInfo {
  /** The head as latin1 text; ranges of {@link Head} minus `head.start` index it. */
  text = '';
  method = '';
  /** Safe and without a body: may be repeated when a pooled connection turns out dead. */
  repeatable = false;
  /** Authority as sent, with port. */
  authority = '';
  /** Lower case, without port and brackets. */
  host = '';
  /** Origin-form target as forwarded. */
  target = '';
  /** Target without the query. */
  path = '';
  /** The path in the form that rules look at, see `route/routing-path.ts`. */
  routePath = '';
  /** The target was absolute-form and has to be rewritten. */
  absolute = false;
  /** Length of an absolute-form target after its authority. */
  restLength = 0;
  /** -1 when there is none. */
  contentLength = -1;
  chunked = false;
  keepAlive = true;
  expectsContinue = false;
  /** `upgrade` is among the connection options. */
  upgradeAsked = false;
  /** Protocols of an Upgrade request, '' when it is none. */
  upgrade = '';
  /** Number of header fields that are not forwarded as they are. */
  drops = 0;
  /** 1 for fields that are not forwarded. */
  readonly drop = new Uint8Array(limits.headerFields);
}

/** Fills `info` from a scanned head. Returns what is wrong with it, or null. */
export function readRequest(info: RequestInfo, head: Head, bytes: Buffer, isTls: boolean): IRefusal | null {
  info.text = latin1(bytes, head.start, head.end);
  info.contentLength = -1;
  info.chunked = false;
  info.keepAlive = head.minorVersion === 1;
  info.expectsContinue = false;
  info.upgrade = '';
  info.upgradeAsked = false;
  info.authority = '';
  info.absolute = false;
  info.drops = 0;
  info.drop.fill(0, 0, head.fieldCount);
  info.host = '';
  info.path = '';
  info.method = readMethod(head, bytes, info.text);
  const fault = readAll(info, head, bytes, isTls);
  if (fault !== null) showRefused(info, head);
  return fault;
}

function readAll(info: RequestInfo, head: Head, bytes: Buffer, isTls: boolean): IRefusal | null {
  if (info.method === '') return REFUSALS.method;
  if (info.method === 'CONNECT') return REFUSALS.connect;
  return readFields(info, head, bytes) ?? readTarget(info, head, bytes, isTls);
}

/** What a log is to show of a request line that is refused: method and path as they were sent. */
function showRefused(info: RequestInfo, head: Head): void {
  const { text } = info;
  if (info.method === '') info.method = text.slice(0, Math.min(head.methodEnd - head.start, limits.shownMethodChars));
  if (info.path !== '') return;
  const target = text.slice(head.targetStart - head.start, head.targetEnd - head.start);
  const query = target.indexOf('?');
  info.path = query === -1 ? target : target.slice(0, query);
}

/** The usual methods by their bytes, the others through a set. */
function readMethod(head: Head, bytes: Buffer, text: string): string {
  const length = head.methodEnd - head.start;
  const first = bytes[head.start];
  if (length === 3 && first === 0x47 && text.startsWith('GET')) return 'GET';
  if (length === 4 && first === 0x50 && text.startsWith('POST')) return 'POST';
  if (length === 4 && first === 0x48 && text.startsWith('HEAD')) return 'HEAD';
  const method = text.slice(0, length);
  return KNOWN_METHODS.has(method) ? method : '';
}

function readFields(info: RequestInfo, head: Head, bytes: Buffer): IRefusal | null {
  const { numbers, ranges } = head;
  let hosts = 0;
  let upgradeAt = -1;
  for (let at = 0; at < head.fieldCount; at += 1) {
    const number = numbers[at]!;
    if (number === FIELD.other) continue;
    const start = ranges[at * FIELD_STRIDE + 2]!;
    const end = ranges[at * FIELD_STRIDE + 3]!;
    switch (number) {
      case FIELD.host:
        hosts += 1;
        if (hosts > 1) return REFUSALS.hostRepeated;
        if (!isAuthority(bytes, start, end)) return REFUSALS.host;
        info.authority = info.text.slice(start - head.start, end - head.start);
        break;
      case FIELD.contentLength:
        if (info.contentLength !== -1) return REFUSALS.contentLengthRepeated;
        info.contentLength = readLength(bytes, start, end);
        if (info.contentLength === -1) return REFUSALS.contentLength;
        break;
      case FIELD.transferEncoding:
        // RFC 9112 §6.1: one final `chunked`, and never from an HTTP/1.0 peer, which cannot know it.
        if (info.chunked || head.minorVersion === 0 || !equalsLower(bytes, start, lineEnd(head, at), 'chunked')) {
          return REFUSALS.transferCoding;
        }
        info.chunked = true;
        dropField(info, at);
        break;
      case FIELD.connection: {
        dropField(info, at);
        const fault = readConnection(info, head, bytes, start, end);
        if (fault !== null) return fault;
        break;
      }
      case FIELD.upgrade:
        if (upgradeAt !== -1) return REFUSALS.upgrade;
        upgradeAt = at;
        dropField(info, at);
        break;
      case FIELD.expect:
        if (!equalsLower(bytes, start, end, '100-continue')) return REFUSALS.expectation;
        // RFC 9110 §10.1.1: ignored in an HTTP/1.0 request.
        if (head.minorVersion === 0) dropField(info, at);
        else info.expectsContinue = true;
        break;
      case FIELD.keepAlive:
      case FIELD.proxyConnection:
      case FIELD.te:
      case FIELD.http2Settings:
      case FIELD.proxyAuthorization:
      // Only we say who the client is: what it says itself is not forwarded.
      case FIELD.xForwardedFor:
      case FIELD.xForwardedProto:
      case FIELD.xForwardedHost:
      case FIELD.xForwardedPort:
      case FIELD.forwarded:
        dropField(info, at);
        break;
      default:
        break;
    }
  }
  if (info.chunked && info.contentLength !== -1) return REFUSALS.lengthAndCoding;
  if (hosts === 0 && head.minorVersion === 1) return REFUSALS.hostMissing;
  info.repeatable = !info.chunked && info.contentLength <= 0 && SAFE_METHODS.has(info.method);
  return info.upgradeAsked && upgradeAt !== -1 ? readUpgrade(info, head, upgradeAt) : null;
}

/** Upgrades are taken only without a body: what follows would belong to two protocols. */
function readUpgrade(info: RequestInfo, head: Head, at: number): IRefusal | null {
  const start = head.ranges[at * FIELD_STRIDE + 2]! - head.start;
  const end = head.ranges[at * FIELD_STRIDE + 3]! - head.start;
  const protocol = info.text.slice(start, end).toLowerCase();
  // h2c would open a second HTTP parser behind our back; TLS inside an exchange likewise. Both may be ignored, and in
  // HTTP/1.0 all must be (RFC 9110 §7.8). But some parsers take what follows for the other protocol: it is not read.
  const ignored = protocol.startsWith('h2c') || protocol.startsWith('tls') || protocol.includes(',');
  if (ignored || head.minorVersion === 0) {
    info.keepAlive = false;
    return null;
  }
  if (info.chunked || info.contentLength > 0) return REFUSALS.upgrade;
  info.upgrade = protocol;
  return null;
}

function dropField(info: RequestInfo, at: number): void {
  info.drop[at] = 1;
  info.drops += 1;
}

/** Connection options: persistence, and names of further hop-by-hop fields. */
function readConnection(info: RequestInfo, head: Head, bytes: Buffer, start: number, end: number): IRefusal | null {
  let at = start;
  while (at < end) {
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB || bytes[at] === COMMA)) at += 1;
    const wordStart = at;
    while (at < end && bytes[at] !== COMMA) at += 1;
    let wordEnd = at;
    while (wordEnd > wordStart && (bytes[wordEnd - 1] === SP || bytes[wordEnd - 1] === HTAB)) wordEnd -= 1;
    if (wordEnd === wordStart) continue;
    if (equalsLower(bytes, wordStart, wordEnd, 'close')) info.keepAlive = false;
    else if (equalsLower(bytes, wordStart, wordEnd, 'keep-alive'))
      info.keepAlive = info.keepAlive || head.minorVersion === 0;
    else if (equalsLower(bytes, wordStart, wordEnd, 'upgrade')) info.upgradeAsked = true;
    else {
      if (isProtected(fieldNumber(bytes, wordStart, wordEnd))) return REFUSALS.connectionOption;
      dropNamed(info.drop, head, bytes, wordStart, wordEnd);
      info.drops += 1;
    }
  }
  return null;
}

/** Marks every field with the given name as dropped. */
export function dropNamed(drop: Uint8Array, head: Head, bytes: Buffer, start: number, end: number): void {
  const name = latin1(bytes, start, end).toLowerCase();
  for (let at = 0; at < head.fieldCount; at += 1) {
    const range = at * FIELD_STRIDE;
    if (equalsLower(bytes, head.ranges[range]!, head.ranges[range + 1]!, name)) drop[at] = 1;
  }
}

/** Digits only; -1 for anything else, also for numbers beyond 2^53 - 1, which another parser might wrap. */
export function readLength(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return -1;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const next = digit(bytes[at]!);
    if (next > 9) return -1;
    value = value * 10 + next;
    if (value > Number.MAX_SAFE_INTEGER) return -1;
  }
  return value;
}

/** `host`, `host:port`, `[v6]`, `[v6]:port`: RFC 9110 §7.2. Not empty, no user information. */
function isAuthority(bytes: Buffer, start: number, end: number): boolean {
  if (start === end) return false;
  let at = start;
  let port = -1;
  if (bytes[at] === OPEN_BRACKET) {
    while (at < end && bytes[at] !== CLOSE_BRACKET) at += 1;
    // RFC 3986 §3.2.2. A zone means nothing to anybody else (RFC 6874), and nobody speaks the formats of the future.
    if (at === end) return false;
    const address = latin1(bytes, start + 1, at);
    if (!isIPv6(address) || address.includes('%')) return false;
    at += 1;
    if (at < end && bytes[at] !== COLON) return false;
  }
  for (; at < end; at += 1) {
    const byte = bytes[at]!;
    if (port !== -1) {
      const value = digit(byte);
      if (value > 9) return false;
      port = port * 10 + value;
      if (port > PORT_MAX) return false;
    } else if (byte === COLON) {
      if (at === start) return false;
      port = 0;
    } else if (AUTHORITY[byte] === 0 || byte === OPEN_BRACKET || byte === CLOSE_BRACKET) return false;
  }
  return true;
}

function readTarget(info: RequestInfo, head: Head, bytes: Buffer, isTls: boolean): IRefusal | null {
  let start = head.targetStart;
  const end = head.targetEnd;
  info.target = info.text.slice(start - head.start, end - head.start);
  if (bytes[start] === STAR && end - start === 1) {
    if (info.method !== 'OPTIONS') return REFUSALS.target;
    info.path = '*';
    info.routePath = '*';
  } else {
    if (bytes[start] !== SLASH) {
      const fault = readAbsolute(info, isTls);
      if (fault !== null) return fault;
      start = end - info.restLength;
      // RFC 9112 §3.2.4: without path and query the options of the server are asked for.
      if (start === end && info.method === 'OPTIONS') {
        info.target = '*';
        info.path = '*';
        info.routePath = '*';
        setHost(info);
        return null;
      }
    }
    const pathEnd = scanPath(bytes, start, end);
    if (pathEnd < 0) return PATH_FAULTS[-pathEnd - 1]!;
    info.path = pathEnd === start ? '/' : info.text.slice(start - head.start, pathEnd - head.start);
    const routePath = routingPath(info.path);
    if (routePath === null) return REFUSALS.dotSegment;
    info.routePath = routePath;
  }
  setHost(info);
  return null;
}

/** absolute-form, RFC 9112 §3.2.2: its authority must be the Host's; it is forwarded as origin-form. */
function readAbsolute(info: RequestInfo, isTls: boolean): IRefusal | null {
  const prefix = isTls ? HTTPS_PREFIX : HTTP_PREFIX;
  const target = info.target;
  if (target.slice(0, prefix.length).toLowerCase() !== prefix) return REFUSALS.target;
  let at = prefix.length;
  while (at < target.length && target[at] !== '/' && target[at] !== '?') at += 1;
  if (target.slice(prefix.length, at).toLowerCase() !== info.authority.toLowerCase()) return REFUSALS.authorityMismatch;
  const rest = target.slice(at);
  info.absolute = true;
  info.restLength = rest.length;
  info.target = rest.startsWith('/') ? rest : `/${rest}`;
  return null;
}

/** Faults of {@link scanPath}, by its negative result. */
const PATH_FAULTS: readonly IRefusal[] = [REFUSALS.percentEncoding, REFUSALS.dotSegment, REFUSALS.target];

/** Checks a path up to `?`; returns its end or a negative fault. */
function scanPath(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  /** Dots of the current segment; -1 once the segment holds anything else. */
  let dots = -1;
  while (at < end) {
    const byte = bytes[at]!;
    if (byte === SLASH) {
      if (dots === 1 || dots === 2) return -2;
      dots = 0;
    } else if (byte === DOT) {
      if (dots !== -1) dots += 1;
    } else if (byte === QUERY) {
      break;
    } else if (byte === PERCENT) {
      if (at + 2 >= end) return -1;
      const value = HEX[bytes[at + 1]!]! * 16 + HEX[bytes[at + 2]!]!;
      // %00 ends a string in C, %2f and %5c are separators to some backends only.
      if (value > 0xff || value === 0) return -1;
      if (value === DOT) {
        if (dots !== -1) dots += 1;
      } else dots = -1;
      at += 2;
    } else if (byte === BACKSLASH) {
      return -3;
    } else {
      dots = -1;
    }
    at += 1;
  }
  return dots === 1 || dots === 2 ? -2 : at;
}

/** `authority` as routing wants it: lower case, no port, no brackets. */
function setHost(info: RequestInfo): void {
  const authority = info.authority;
  let end = authority.length;
  if (authority.startsWith('[')) {
    info.host = authority.slice(1, authority.indexOf(']')).toLowerCase();
    return;
  }
  const colon = authority.lastIndexOf(':');
  if (colon !== -1) end = colon;
  info.host = authority.slice(0, end).toLowerCase();
}
