/**
 * Whole messages to the wire.
 *
 * @module
 */
import { WireEncodeError, writerFull } from '../errors.ts';
import { headerBytes, messageBytesMax, ttlMax } from '../limits.ts';
import { equalNames, isSubdomain } from '../names/names.ts';
import { classToNumber } from '../numbers/codes.ts';
import { recordTypes, typeToNumber } from '../numbers/types.ts';
import type { IResourceRecord } from '../rdata/interfaces.ts';
import { writeRecordData } from '../rdata/write.ts';
import { expectInteger } from '../rdata/values.ts';
import {
  ednsFlagDo,
  flagAa,
  flagAd,
  flagCd,
  flagQr,
  flagRa,
  flagRd,
  flagTc,
  opcodeMask,
  opcodeShift,
  rcodeMask,
} from './header.ts';
import type { IDnsMessage, IEdns } from './interfaces.ts';
import { WireWriter } from './writer.ts';

export interface IEncodeOptions {
  /** Most bytes of the message, 12…65535. Default 65535. */
  maxBytes?: number;
  /** Whether names are compressed. Default true. */
  compress?: boolean;
}

/** Bytes of the OPT record before its options: root owner, type, class, TTL, length. */
const optFixedBytes = 11;

let sharedWriter: WireWriter | null = null;

/**
 * Encodes a message.
 *
 * When it does not fit into `maxBytes`, whole RRsets (with their signatures) are left out from the end. TC is set when
 * something of the answer or authority section is missing (RFC 2181 §9), or glue that a referral cannot do without
 * (RFC 9471 §3.1), but not for other records of the additional section. OPT and TSIG records always stay.
 *
 * @throws WireEncodeError for data that no message can carry.
 */
export function encodeMessage(message: IDnsMessage, options: IEncodeOptions = {}): Buffer {
  sharedWriter ??= new WireWriter();
  write(sharedWriter, message, 0, options);
  return sharedWriter.copy();
}

/**
 * As {@link encodeMessage}, but writes at `offset` of the writer's target and returns the offset after the message, so
 * that a transport can put many answers into one buffer.
 */
export function encodeMessageInto(
  writer: WireWriter,
  message: IDnsMessage,
  offset: number,
  options: IEncodeOptions = {},
): number {
  write(writer, message, offset, options);
  return writer.position;
}

function write(writer: WireWriter, message: IDnsMessage, offset: number, options: IEncodeOptions): void {
  const maxBytes = Math.min(options.maxBytes ?? messageBytesMax, messageBytesMax);
  if (message.rcode > rcodeMask && message.edns === undefined) {
    throw new WireEncodeError('rcode-needs-edns', `rcode ${message.rcode} needs an OPT record (RFC 6891 §6.1.3)`);
  }
  writer.begin(offset, maxBytes, options.compress ?? true, false);
  const tsig = lastTsig(message);
  const reserved = trailerBytes(writer, message.edns, tsig);
  if (writer.limit - offset < headerBytes + reserved) {
    throw new WireEncodeError('too-large', `${maxBytes} bytes do not hold the header and the OPT and TSIG records`);
  }
  writer.begin(offset, maxBytes, options.compress ?? true, false);
  const limit = writer.limit;
  writer.limit = limit - reserved;
  writer.position = offset + headerBytes;
  let additionals = 0;
  let flags = headerFlags(message);
  const questionsFit = writeQuestions(writer, message);
  const answers = questionsFit ? writeSection(writer, message.answers, message.answers.length) : 0;
  let complete = questionsFit && answers === message.answers.length;
  const authorities = complete ? writeSection(writer, message.authorities, message.authorities.length) : 0;
  complete &&= authorities === message.authorities.length;
  const wanted = message.additionals.length - (tsig === null ? 0 : 1);
  if (complete) {
    additionals = writeSection(writer, message.additionals, wanted);
    if (additionals < wanted && needsGlue(message, additionals)) complete = false;
  }
  if (!complete) flags |= flagTc;
  writer.limit = limit;
  if (message.edns !== undefined) {
    writeOpt(writer, message.edns, message.rcode);
    additionals++;
  }
  if (tsig !== null) {
    writeRecord(writer, tsig);
    additionals++;
  }
  writer.patchU16(offset, expectInteger(message.id, 0xffff, 'id'));
  writer.patchU16(offset + 2, flags);
  writer.patchU16(offset + 4, questionsFit ? message.questions.length : 0);
  writer.patchU16(offset + 6, answers);
  writer.patchU16(offset + 8, authorities);
  writer.patchU16(offset + 10, additionals);
}

function headerFlags(message: IDnsMessage): number {
  return (
    (message.qr ? flagQr : 0) |
    (expectInteger(message.opcode, opcodeMask, 'opcode') << opcodeShift) |
    (message.aa ? flagAa : 0) |
    (message.tc ? flagTc : 0) |
    (message.rd ? flagRd : 0) |
    (message.ra ? flagRa : 0) |
    (message.ad ? flagAd : 0) |
    (message.cd ? flagCd : 0) |
    (expectInteger(message.rcode, 0xfff, 'rcode') & rcodeMask)
  );
}

function lastTsig(message: IDnsMessage): IResourceRecord | null {
  const last = message.additionals[message.additionals.length - 1];
  return last !== undefined && last.type === 'TSIG' ? last : null;
}

/** Bytes that OPT and TSIG will need; the TSIG is measured by writing it once uncompressed. */
function trailerBytes(writer: WireWriter, edns: IEdns | undefined, tsig: IResourceRecord | null): number {
  let bytes = 0;
  if (edns !== undefined) {
    bytes += optFixedBytes;
    for (const option of edns.options) bytes += 4 + option.data.length;
  }
  if (tsig !== null) {
    const from = writer.position;
    writer.compress = false;
    writeRecord(writer, tsig);
    bytes += writer.position - from;
  }
  return bytes;
}

function writeQuestions(writer: WireWriter, message: IDnsMessage): boolean {
  const from = writer.position;
  try {
    for (const question of message.questions) {
      writer.compressedName(question.name);
      writer.u16(typeToNumber(question.type));
      writer.u16(classToNumber(question.class));
    }
    return true;
  } catch (error) {
    if (error !== writerFull) throw error;
    writer.rewind(from);
    return false;
  }
}

/** Writes whole RRsets of the first `count` records while they fit; returns how many records were written. */
function writeSection(writer: WireWriter, records: readonly IResourceRecord[], count: number): number {
  let setStart = 0;
  let setPosition = writer.position;
  for (let index = 0; index < count; index++) {
    const record = records[index]!;
    if (index > setStart && !sameSet(records[setStart]!, record)) {
      setStart = index;
      setPosition = writer.position;
    }
    try {
      writeRecord(writer, record);
    } catch (error) {
      if (error !== writerFull) throw error;
      writer.rewind(setPosition);
      return setStart;
    }
  }
  return count;
}

/** Whether a record belongs to the set that `first` began: same owner and type, or its signatures. */
function sameSet(first: IResourceRecord, record: IResourceRecord): boolean {
  if (record.type !== first.type && record.type !== 'RRSIG') return false;
  return record.name === first.name || equalNames(record.name, first.name);
}

/** Whether the additional records from `from` on hold addresses of in-domain name servers of a referral. */
function needsGlue(message: IDnsMessage, from: number): boolean {
  if (message.aa || message.answers.length > 0) return false;
  const delegation = message.authorities.find((record) => record.type === 'NS');
  if (delegation === undefined) return false;
  return message.additionals
    .slice(from)
    .some((record) => (record.type === 'A' || record.type === 'AAAA') && isSubdomain(record.name, delegation.name));
}

function writeRecord(writer: WireWriter, record: IResourceRecord): void {
  const type = typeToNumber(record.type);
  const { ttl, data } = record;
  writer.compressedName(record.name);
  writer.u16(type);
  writer.u16(classToNumber(record.class));
  if (!Number.isInteger(ttl) || ttl < 0) {
    throw new WireEncodeError('bad-ttl', `${record.name} ${record.type}: TTL ${ttl} is not an integer of at least 0`);
  }
  writer.u32(ttl > ttlMax ? ttlMax : ttl);
  const lengthAt = writer.position;
  writer.u16(0);
  // Records without data are those of RFC 2136 §2.4 and §2.5.
  if (!(data instanceof Uint8Array && data.length === 0 && (record.class === 'ANY' || record.class === 'NONE'))) {
    writeRecordData(writer, type, data);
  }
  writer.patchU16(lengthAt, writer.position - lengthAt - 2);
}

function writeOpt(writer: WireWriter, edns: IEdns, rcode: number): void {
  writer.u8(0);
  writer.u16(recordTypes.OPT);
  writer.u16(expectInteger(edns.udpPayloadSize, 0xffff, 'edns.udpPayloadSize'));
  writer.u8(rcode >> 4);
  writer.u8(expectInteger(edns.version, 0xff, 'edns.version'));
  writer.u16(edns.dnssecOk ? ednsFlagDo : 0);
  const lengthAt = writer.position;
  writer.u16(0);
  for (const option of edns.options) {
    writer.u16(expectInteger(option.code, 0xffff, 'edns option code'));
    writer.u16(expectInteger(option.data.length, 0xffff, 'edns option length'));
    writer.bytes(option.data);
  }
  writer.patchU16(lengthAt, writer.position - lengthAt - 2);
}
