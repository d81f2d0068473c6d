/**
 * Whether a message answers a question, and what it says (RFC 5452 §9.1).
 *
 * @module
 */
import { decodeMessage } from '#wire';
import { DnsError } from '../errors/errors.ts';
import type { TClientSource } from '../interfaces/answers.ts';
import { questionEnd } from './casing.ts';
import type { IReply } from './transport.ts';

/** `case`: it differs from the question in nothing but letter case. */
export type TReplyMatch = 'match' | 'short' | 'response-bit' | 'question' | 'case';

const headerBytes = 12;
const rcodeNoError = 0;
const rcodeNxDomain = 3;

/** Compares a received message with the query it should answer, from the response bit to the question's last byte. */
export function matchReply(packet: Buffer, query: Buffer): TReplyMatch {
  if (packet.length < headerBytes) return 'short';
  const flags = packet.readUInt8(2);
  // QR must be set, and the opcode must be the query's (RFC 1035 §4.1.1).
  if ((flags & 0x80) === 0 || (flags & 0x78) !== (query.readUInt8(2) & 0x78)) return 'response-bit';
  const questions = packet.readUInt16BE(4);
  if (questions === 0) {
    // Some servers leave the question out of an error. It cannot carry data, so the worst it does is a retry.
    const rcode = packet.readUInt8(3) & 0x0f;
    return rcode !== rcodeNoError && rcode !== rcodeNxDomain ? 'match' : 'question';
  }
  const end = questionEnd(query);
  if (questions !== 1 || packet.length < end) return 'question';
  if (packet.compare(query, headerBytes, end, headerBytes, end) === 0) return 'match';
  return equalButForCase(packet, query, headerBytes, end) ? 'case' : 'question';
}

function equalButForCase(left: Buffer, right: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const a = left[at] as number;
    const b = right[at] as number;
    if (a === b) continue;
    const letter = a | 0x20;
    if (letter !== (b | 0x20) || letter < 0x61 || letter > 0x7a) return false;
  }
  return true;
}

/**
 * Reads a reply that has matched.
 *
 * @returns a `DnsError` `EBADRESP` where the rest of the message is malformed
 */
export function readReply(packet: Buffer, source: TClientSource, upstream: string, ageSeconds = 0): IReply | DnsError {
  const decoded = decodeMessage(packet);
  if (!decoded.ok) return new DnsError('EBADRESP', { upstream, reason: 'malformed', note: String(decoded.reason) });
  return { message: decoded.message, bytes: packet.length, source, ageSeconds };
}
