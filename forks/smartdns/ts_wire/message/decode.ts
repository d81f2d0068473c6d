/**
 * Whole messages from the wire.
 *
 * @module
 */
import { WireDecodeError, wireFaults } from '../errors.ts';
import type { TWireErrorReason } from '../errors.ts';
import { ednsOptionsMax, headerBytes, questionsMax, recordsMax, ttlMax } from '../limits.ts';
import { classToName, recordClasses } from '../numbers/codes.ts';
import { recordTypes, typeToName } from '../numbers/types.ts';
import type { IResourceRecord, TRecordData } from '../rdata/interfaces.ts';
import { readRecordData } from '../rdata/read.ts';
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
import type { IDnsMessage, IEdns, IEdnsOption, INotDecoded, IQuestion, TDecodeResult } from './interfaces.ts';
import { WireReader } from './reader.ts';

/**
 * Decodes one message. Never throws and never loops, whatever the bytes are.
 *
 * @param packet the bytes; may hold more than the message.
 * @param start offset of the message's first byte.
 * @param end offset after its last byte.
 */
export function decodeMessage(packet: Uint8Array, start = 0, end = packet.length): TDecodeResult {
  const limit = Math.min(end, packet.length);
  const reader = new WireReader(packet, start, limit);
  const size = limit - start;
  if (size < headerBytes) return notDecoded('short-header', reader, size, 0);
  const state = { questionEnd: 0 };
  try {
    const message = readMessage(reader, state);
    return { ok: true, message, end: reader.position };
  } catch (error) {
    if (error instanceof WireDecodeError) return notDecoded(error.reason, reader, size, state.questionEnd);
    throw error;
  }
}

function notDecoded(reason: TWireErrorReason, reader: WireReader, size: number, questionEnd: number): INotDecoded {
  const { packet, start } = reader;
  const high = size >= 3 ? packet[start + 2]! : 0;
  return {
    ok: false,
    reason,
    id: size >= 2 ? (packet[start]! << 8) | packet[start + 1]! : null,
    qr: (high & 0x80) !== 0,
    opcode: (high >> 3) & opcodeMask,
    rd: (high & 1) !== 0,
    cd: size >= 4 && (packet[start + 3]! & flagCd) !== 0,
    questionEnd,
  };
}

function readMessage(reader: WireReader, state: { questionEnd: number }): IDnsMessage {
  const id = reader.u16();
  const flags = reader.u16();
  const questionCount = reader.u16();
  const answerCount = reader.u16();
  const authorityCount = reader.u16();
  const additionalCount = reader.u16();
  if (questionCount > questionsMax || answerCount + authorityCount + additionalCount > recordsMax) {
    throw wireFaults.tooMany;
  }
  const questions = readQuestions(reader, questionCount);
  state.questionEnd = reader.position;
  const message: IDnsMessage = {
    id,
    qr: (flags & flagQr) !== 0,
    opcode: (flags >> opcodeShift) & opcodeMask,
    aa: (flags & flagAa) !== 0,
    tc: (flags & flagTc) !== 0,
    rd: (flags & flagRd) !== 0,
    ra: (flags & flagRa) !== 0,
    ad: (flags & flagAd) !== 0,
    cd: (flags & flagCd) !== 0,
    rcode: flags & rcodeMask,
    questions,
    answers: readRecords(reader, answerCount),
    authorities: readRecords(reader, authorityCount),
    additionals: [],
  };
  readAdditionals(reader, additionalCount, message);
  return message;
}

function readQuestions(reader: WireReader, count: number): IQuestion[] {
  const questions: IQuestion[] = [];
  for (let index = 0; index < count; index++) {
    const name = reader.name();
    const type = typeToName(reader.u16());
    questions.push({ name, type, class: classToName(reader.u16()) });
    if (index === 0) reader.questionName = name;
  }
  return questions;
}

function readRecords(reader: WireReader, count: number): IResourceRecord[] {
  const records: IResourceRecord[] = [];
  for (let index = 0; index < count; index++) {
    const name = reader.name();
    const type = reader.u16();
    if (type === recordTypes.OPT) throw wireFaults.badOpt;
    if (type === recordTypes.TSIG) throw wireFaults.badTsig;
    records.push(readRecord(reader, name, type));
  }
  return records;
}

function readRecord(reader: WireReader, name: string, type: number): IResourceRecord {
  const recordClass = reader.u16();
  const ttl = Math.min(reader.u32(), ttlMax);
  const length = reader.u16();
  const data = readData(reader, type, recordClass, length);
  return { name, type: typeToName(type), class: classToName(recordClass), ttl, data };
}

function readData(reader: WireReader, type: number, recordClass: number, length: number): TRecordData {
  // RFC 2136 §2.4, §2.5: records of class ANY or NONE without data stand for "any" or "delete".
  if (length === 0 && (recordClass === recordClasses.ANY || recordClass === recordClasses.NONE)) return Buffer.alloc(0);
  return readRecordData(reader, type, reader.position + length);
}

function readAdditionals(reader: WireReader, count: number, message: IDnsMessage): void {
  for (let index = 0; index < count; index++) {
    const ownerAt = reader.position;
    const name = reader.name();
    const type = reader.u16();
    if (type === recordTypes.OPT) {
      if (message.edns !== undefined) throw wireFaults.multipleOpt;
      // RFC 6891 §6.1.2: the owner is the root, so one zero byte.
      if (name !== '.' || reader.packet[ownerAt] !== 0) throw wireFaults.badOpt;
      message.edns = readOpt(reader, message);
      continue;
    }
    // RFC 8945 §5.1: a TSIG record is the last one.
    if (type === recordTypes.TSIG && index !== count - 1) throw wireFaults.badTsig;
    message.additionals.push(readRecord(reader, name, type));
  }
}

function readOpt(reader: WireReader, message: IDnsMessage): IEdns {
  const udpPayloadSize = reader.u16();
  const extendedRcode = reader.u8();
  const version = reader.u8();
  const flags = reader.u16();
  const length = reader.u16();
  const dataEnd = reader.position + length;
  if (dataEnd > reader.limit) throw wireFaults.truncated;
  const options: IEdnsOption[] = [];
  while (reader.position < dataEnd) {
    if (reader.position + 4 > dataEnd || options.length >= ednsOptionsMax) throw wireFaults.badOpt;
    const code = reader.u16();
    const size = reader.u16();
    if (reader.position + size > dataEnd) throw wireFaults.badOpt;
    options.push({ code, data: reader.bytes(size) });
  }
  message.rcode |= extendedRcode << 4;
  return { udpPayloadSize, version, dnssecOk: (flags & ednsFlagDo) !== 0, options };
}
