/**
 * Header, question and OPT record of a query without allocation: what the hot path of a server looks at.
 *
 * @module
 */
import { headerBytes, nameBytesMax } from '../limits.ts';
import { lowerCase, nameFromWire } from '../names/bytes.ts';
import { ednsOptions } from '../numbers/codes.ts';
import { recordTypes } from '../numbers/types.ts';
import { ednsFlagDo, opcodeMask, opcodeShift } from './header.ts';
import type { TWireErrorReason } from '../errors.ts';

/** Result of {@link QuestionReader.read}: 0, or the index of a reason in {@link questionErrorReasons}. */
export const questionOk = 0;

/** Reasons by code; code 0 is success and has none. */
export const questionErrorReasons: ReadonlyArray<TWireErrorReason | null> = [
  null,
  'short-header',
  'truncated',
  'label-type',
  'pointer',
  'name-too-long',
  'multiple-opt',
  'bad-opt',
  'bad-tsig',
];

const errorShortHeader = 1;
const errorTruncated = 2;
const errorLabelType = 3;
const errorPointer = 4;
const errorNameTooLong = 5;
const errorMultipleOpt = 6;
const errorBadOpt = 7;
const errorBadTsig = 8;

const fnvBasis = 0x811c9dc5;
const fnvPrime = 0x01000193;

/**
 * Reads one query after the other; make one and keep it. Offsets count from the packet's first byte. Fields hold their
 * values until the next `read`, and so does the packet they point into: finish with both before reading the next.
 */
export class QuestionReader {
  /** The packet of the last `read`. */
  packet: Uint8Array;
  /** Offset of the message in the packet, and its bytes. */
  start = 0;
  length = 0;

  /** 0 when even the id is missing (`length` < 2). */
  id = 0;
  /** The whole second header word; 0 when the header is short. */
  flags = 0;
  opcode = 0;
  qdcount = 0;
  ancount = 0;
  nscount = 0;
  arcount = 0;

  /** Type and class of the first question; 0 when there is none. */
  qtype = 0;
  qclass = 0;
  /** The first question's name on the wire: from its first length byte to after its zero byte; both 0 without one. */
  nameStart = 0;
  nameEnd = 0;
  /** Labels of the name, root not counted. */
  labels = 0;
  /** FNV-1a over the name's wire bytes in lower case. */
  nameHash = fnvBasis;
  /** Offset after the question section; 0 when it was not read. */
  questionEnd = 0;

  /** Offset of the OPT record's owner byte, 0 without EDNS. */
  ednsOffset = 0;
  /** Bytes the client takes by UDP: 512 without EDNS and for smaller claims (RFC 6891 §6.2.3). */
  udpPayloadSize = 512;
  ednsVersion = 0;
  dnssecOk = false;
  /** Offset and bytes of option data; offset 0 when the option is not there. The first of each kind counts. */
  cookieOffset = 0;
  cookieLength = 0;
  clientSubnetOffset = 0;
  clientSubnetLength = 0;
  hasNsid = false;
  hasKeepalive = false;
  hasPadding = false;
  /** Options of other kinds. */
  otherOptions = 0;
  /** Offset of a TSIG record's owner, 0 without one. */
  tsigOffset = 0;

  #name = '';

  constructor() {
    this.packet = Buffer.alloc(0);
  }

  /** QR: the packet is an answer. */
  get qr(): boolean {
    return (this.flags & 0x8000) !== 0;
  }

  get rd(): boolean {
    return (this.flags & 0x0100) !== 0;
  }

  get cd(): boolean {
    return (this.flags & 0x0010) !== 0;
  }

  get ad(): boolean {
    return (this.flags & 0x0020) !== 0;
  }

  get hasEdns(): boolean {
    return this.ednsOffset !== 0;
  }

  get hasCookie(): boolean {
    return this.cookieOffset !== 0;
  }

  /**
   * Reads a message of `length` bytes at `start`.
   *
   * The header's fields are set whenever the header is there, so that an error can be answered; other fields are set
   * up to the first error. A message with no question or several is read without error: `qdcount` tells.
   *
   * @returns {@link questionOk} or an index into {@link questionErrorReasons}.
   */
  read(packet: Uint8Array, length: number, start = 0): number {
    this.#reset(packet, length, start);
    if (length < headerBytes) {
      if (length >= 2) this.id = (packet[start]! << 8) | packet[start + 1]!;
      if (length >= 4) {
        this.flags = (packet[start + 2]! << 8) | packet[start + 3]!;
        this.opcode = (this.flags >> opcodeShift) & opcodeMask;
      }
      return errorShortHeader;
    }
    this.id = (packet[start]! << 8) | packet[start + 1]!;
    this.flags = (packet[start + 2]! << 8) | packet[start + 3]!;
    this.opcode = (this.flags >> opcodeShift) & opcodeMask;
    this.qdcount = (packet[start + 4]! << 8) | packet[start + 5]!;
    this.ancount = (packet[start + 6]! << 8) | packet[start + 7]!;
    this.nscount = (packet[start + 8]! << 8) | packet[start + 9]!;
    this.arcount = (packet[start + 10]! << 8) | packet[start + 11]!;
    const end = start + length;
    let position = start + headerBytes;
    if (this.qdcount > 0) {
      const status = this.#readQuestion(position, end);
      if (status !== questionOk) return status;
      position = this.nameEnd + 4;
      for (let index = 1; index < this.qdcount; index++) {
        position = this.#skipName(position, end);
        if (position < 0) return -position;
        position += 4;
        if (position > end) return errorTruncated;
      }
    }
    this.questionEnd = position;
    if (this.ancount + this.nscount + this.arcount === 0) return questionOk;
    return this.#readRecords(position, end);
  }

  #reset(packet: Uint8Array, length: number, start: number): void {
    this.packet = packet;
    this.start = start;
    this.length = length;
    this.id = 0;
    this.flags = 0;
    this.opcode = 0;
    this.qdcount = 0;
    this.ancount = 0;
    this.nscount = 0;
    this.arcount = 0;
    this.qtype = 0;
    this.qclass = 0;
    this.nameStart = 0;
    this.nameEnd = 0;
    this.labels = 0;
    this.nameHash = fnvBasis;
    this.questionEnd = 0;
    this.ednsOffset = 0;
    this.udpPayloadSize = 512;
    this.ednsVersion = 0;
    this.dnssecOk = false;
    this.cookieOffset = 0;
    this.cookieLength = 0;
    this.clientSubnetOffset = 0;
    this.clientSubnetLength = 0;
    this.hasNsid = false;
    this.hasKeepalive = false;
    this.hasPadding = false;
    this.otherOptions = 0;
    this.tsigOffset = 0;
    this.#name = '';
  }

  #readQuestion(from: number, end: number): number {
    const packet = this.packet;
    let position = from;
    let hash = fnvBasis;
    let labels = 0;
    for (;;) {
      if (position >= end) return errorTruncated;
      const size = packet[position]!;
      hash = Math.imul(hash ^ size, fnvPrime);
      position++;
      if (size === 0) break;
      // Nothing stands before the first question that a pointer could name (RFC 1035 §4.1.4).
      if (size >= 0xc0) return errorPointer;
      if (size > 63) return errorLabelType;
      const labelLimit = position + size;
      if (labelLimit >= end) return errorTruncated;
      if (labelLimit + 1 - from > nameBytesMax) return errorNameTooLong;
      while (position < labelLimit) hash = Math.imul(hash ^ lowerCase[packet[position++]!]!, fnvPrime);
      labels++;
    }
    if (position + 4 > end) return errorTruncated;
    this.nameStart = from;
    this.nameEnd = position;
    this.labels = labels;
    this.nameHash = hash >>> 0;
    this.qtype = (packet[position]! << 8) | packet[position + 1]!;
    this.qclass = (packet[position + 2]! << 8) | packet[position + 3]!;
    return questionOk;
  }

  /** Offset after the name at `position`, or the negative error code. */
  #skipName(from: number, end: number): number {
    const packet = this.packet;
    let position = from;
    for (;;) {
      if (position >= end) return -errorTruncated;
      const size = packet[position]!;
      if (size === 0) return position + 1;
      if (size >= 0xc0) {
        if (position + 2 > end) return -errorTruncated;
        const target = this.start + (((size & 0x3f) << 8) | packet[position + 1]!);
        return target < from && target >= this.start + headerBytes ? position + 2 : -errorPointer;
      }
      if (size > 63) return -errorLabelType;
      position += size + 1;
      if (position - from >= nameBytesMax) return -errorNameTooLong;
    }
  }

  #readRecords(from: number, end: number): number {
    const packet = this.packet;
    const skipped = this.ancount + this.nscount;
    const total = skipped + this.arcount;
    let position = from;
    for (let index = 0; index < total; index++) {
      const owner = position;
      position = this.#skipName(position, end);
      if (position < 0) return -position;
      if (position + 10 > end) return errorTruncated;
      const type = (packet[position]! << 8) | packet[position + 1]!;
      const dataStart = position + 10;
      const next = dataStart + ((packet[position + 8]! << 8) | packet[position + 9]!);
      if (next > end) return errorTruncated;
      if (type === recordTypes.OPT) {
        if (this.ednsOffset !== 0) return errorMultipleOpt;
        // RFC 6891 §6.1.1, §6.1.2: in the additional section, owned by the root.
        if (index < skipped || packet[owner] !== 0) return errorBadOpt;
        this.ednsOffset = owner;
        if (!this.#readOpt(position, dataStart, next)) return errorBadOpt;
      } else if (type === recordTypes.TSIG) {
        // RFC 8945 §5.1: in the additional section, as its last record.
        if (index !== total - 1 || index < skipped) return errorBadTsig;
        this.tsigOffset = owner;
      }
      position = next;
    }
    return questionOk;
  }

  #readOpt(fixed: number, dataStart: number, dataEnd: number): boolean {
    const packet = this.packet;
    const size = (packet[fixed + 2]! << 8) | packet[fixed + 3]!;
    this.udpPayloadSize = size < 512 ? 512 : size;
    this.ednsVersion = packet[fixed + 5]!;
    this.dnssecOk = (((packet[fixed + 6]! << 8) | packet[fixed + 7]!) & ednsFlagDo) !== 0;
    let position = dataStart;
    while (position < dataEnd) {
      if (position + 4 > dataEnd) return false;
      const code = (packet[position]! << 8) | packet[position + 1]!;
      const length = (packet[position + 2]! << 8) | packet[position + 3]!;
      position += 4;
      if (position + length > dataEnd) return false;
      this.#noteOption(code, position, length);
      position += length;
    }
    return true;
  }

  #noteOption(code: number, offset: number, length: number): void {
    if (code === ednsOptions.COOKIE) {
      if (this.cookieOffset !== 0) return;
      this.cookieOffset = offset;
      this.cookieLength = length;
    } else if (code === ednsOptions.CLIENT_SUBNET) {
      if (this.clientSubnetOffset !== 0) return;
      this.clientSubnetOffset = offset;
      this.clientSubnetLength = length;
    } else if (code === ednsOptions.NSID) this.hasNsid = true;
    else if (code === ednsOptions.KEEPALIVE) this.hasKeepalive = true;
    else if (code === ednsOptions.PADDING) this.hasPadding = true;
    else this.otherOptions++;
  }

  /** The name in lower case, as text; made on the first call after a `read`. `.` for the root or no question. */
  name(): string {
    if (this.#name === '') {
      for (let index = this.nameStart; index < this.nameEnd; index++) {
        nameScratch[index - this.nameStart] = lowerCase[this.packet[index]!]!;
      }
      this.#name = this.nameEnd === 0 ? '.' : nameFromWire(nameScratch);
    }
    return this.#name;
  }

  /** An unsigned 32-bit hash of name, type and class, for tables of answers. */
  hash(): number {
    let hash = Math.imul(this.nameHash ^ this.qtype, fnvPrime);
    hash = Math.imul(hash ^ this.qclass, fnvPrime);
    return (hash ^ (hash >>> 15)) >>> 0;
  }

  /** Whether the question's name is these wire bytes, which are in lower case and end with the zero byte. */
  nameEquals(wire: Uint8Array): boolean {
    const size = this.nameEnd - this.nameStart;
    if (wire.length !== size) return false;
    const packet = this.packet;
    for (let index = 0, at = this.nameStart; index < size; index++, at++) {
      if (wire[index] !== lowerCase[packet[at]!]) return false;
    }
    return true;
  }

  /** Copies the name's wire bytes in lower case to `target` and returns how many there are. */
  copyName(target: Uint8Array, offset: number): number {
    const size = this.nameEnd - this.nameStart;
    for (let index = 0; index < size; index++) {
      target[offset + index] = lowerCase[this.packet[this.nameStart + index]!]!;
    }
    return size;
  }
}

// One byte longer than any name: its last byte stays zero and ends the text in any case.
const nameScratch = new Uint8Array(nameBytesMax + 1);
