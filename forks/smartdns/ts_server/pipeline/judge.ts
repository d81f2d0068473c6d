/**
 * Whether a message is a query that can be answered at all, by its header and question.
 *
 * @module
 */
import { questionOk, type QuestionReader } from '#wire';
import { headerBytes, opcodeBits, qrBit } from './header.ts';

export const accepted = 0;
export const tooShort = 1;
export const isResponse = 2;
export const otherOpcode = 3;
export const malformed = 4;

/** One of the verdicts above; of an accepted message, `reader` holds the question. */
export function judgeMessage(reader: QuestionReader, packet: Buffer, length: number): number {
  if (length < headerBytes) {
    return tooShort;
  }
  if ((packet[2]! & qrBit) !== 0) {
    return isResponse;
  }
  if ((packet[2]! & opcodeBits) !== 0) {
    return otherOpcode;
  }
  // Exactly one question (RFC 9619 §4).
  return reader.read(packet, length) === questionOk && reader.qdcount === 1 ? accepted : malformed;
}
