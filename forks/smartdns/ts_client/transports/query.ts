/**
 * Queries on the wire. They have one shape (RFC 1035 §4.1, RFC 6891 §6.1), so they are written directly.
 *
 * @module
 */
import { ednsOptions, nameToWire, recordClasses, recordTypes } from '#wire';
import { clientLimits } from '../limits/limits.ts';
import type { IEncodeOptions, IQuestion } from './transport.ts';

const headerBytes = 12;
/** Type and class after the name. */
const questionTailBytes = 4;
/** Root name, type, payload size, extended flags, data length. */
const optBytes = 11;
const optionHeaderBytes = 4;

const flagRecursionDesired = 0x01_00;
/** In a query: "tell me whether you have validated" (RFC 6840 §5.7). */
const flagAuthenticData = 0x00_20;
const flagCheckingDisabled = 0x00_10;
const flagDnssecOk = 0x80_00;

/** A query message in a buffer of its own. */
export function encodeQuery(question: IQuestion, id: number, options: IEncodeOptions): Buffer {
  const name = nameToWire(question.name);
  const plainBytes = headerBytes + name.length + questionTailBytes;
  const cookie = options.edns ? options.cookie : undefined;
  const cookieBytes = cookie === undefined ? 0 : optionHeaderBytes + cookie.length;
  const unpaddedBytes = plainBytes + optBytes + cookieBytes;
  const paddingBytes = options.edns ? paddingFor(unpaddedBytes, options.paddingBlockBytes) : -1;
  const optionBytes = cookieBytes + (paddingBytes < 0 ? 0 : optionHeaderBytes + paddingBytes);
  const packet = Buffer.alloc(plainBytes + (options.edns ? optBytes + optionBytes : 0));
  let flags = flagAuthenticData;
  if (question.recursionDesired) flags |= flagRecursionDesired;
  if (question.checkingDisabled) flags |= flagCheckingDisabled;
  packet.writeUInt16BE(id, 0);
  packet.writeUInt16BE(flags, 2);
  packet.writeUInt16BE(1, 4);
  packet.set(name, headerBytes);
  let at = packet.writeUInt16BE(question.typeNumber, headerBytes + name.length);
  at = packet.writeUInt16BE(recordClasses.IN, at);
  if (!options.edns) return packet;
  packet.writeUInt16BE(1, 10);
  // The OPT's owner is the root: the zero byte that is there already.
  at = packet.writeUInt16BE(recordTypes.OPT, at + 1);
  at = packet.writeUInt16BE(clientLimits.udpPayloadBytes, at);
  // Extended rcode 0 and version 0, then the flags.
  at = packet.writeUInt16BE(question.dnssec ? flagDnssecOk : 0, at + 2);
  at = packet.writeUInt16BE(optionBytes, at);
  if (cookie !== undefined) {
    at = packet.writeUInt16BE(ednsOptions.COOKIE, at);
    at = packet.writeUInt16BE(cookie.length, at);
    at += cookie.copy(packet, at);
  }
  if (paddingBytes >= 0) {
    at = packet.writeUInt16BE(ednsOptions.PADDING, at);
    packet.writeUInt16BE(paddingBytes, at);
  }
  return packet;
}

/** Zero bytes in a padding option that bring the message to a multiple of a block; -1 for no option (RFC 7830). */
function paddingFor(messageBytes: number, blockBytes: number): number {
  if (blockBytes === 0) return -1;
  const over = (messageBytes + optionHeaderBytes) % blockBytes;
  return over === 0 ? 0 : blockBytes - over;
}
