/**
 * Why a message could not be read or written.
 *
 * @module
 */

/** Why a packet was not understood. Stable; used as a counter label. */
export type TWireErrorReason =
  /** Fewer than the 12 bytes of a header. */
  | 'short-header'
  /** A count, length or name runs past the end of the packet. */
  | 'truncated'
  /** A label of the reserved types 01 or 10 (RFC 6891 §5). */
  | 'label-type'
  /** A compression pointer that does not point strictly backwards to a name (RFC 1035 §4.1.4, RFC 9267 §2). */
  | 'pointer'
  /** A name of more than 255 bytes. */
  | 'name-too-long'
  /** Record data that contradicts its type or its length. */
  | 'bad-rdata'
  /** More questions or records than are ever decoded. */
  | 'too-many'
  /** More than one OPT record (RFC 6891 §6.1.1). */
  | 'multiple-opt'
  /** An OPT record with an owner other than the root, outside the additional section, or with broken options. */
  | 'bad-opt'
  /** A TSIG record that is not the last record of the message (RFC 8945 §5.1). */
  | 'bad-tsig';

/** Thrown by the functions that decode one piece; `decodeMessage` returns the reason instead. */
export class WireDecodeError extends Error {
  readonly code = 'ERR_DNS_WIRE_DECODE';
  readonly reason: TWireErrorReason;

  constructor(reason: TWireErrorReason, message: string) {
    super(message);
    this.name = 'WireDecodeError';
    this.reason = reason;
  }
}

/** What was wrong with the data given to an encoder. Stable. */
export type TWireEncodeReason =
  | 'bad-name'
  | 'name-too-long'
  | 'label-too-long'
  | 'bad-ipv4'
  | 'bad-ipv6'
  | 'bad-number'
  | 'bad-string'
  | 'bad-bytes'
  | 'bad-data'
  | 'bad-ttl'
  | 'missing-field'
  | 'unknown-type'
  | 'unknown-class'
  | 'rcode-needs-edns'
  | 'too-large';

/** Data that no message can carry. The message names the field and what it should be. */
export class WireEncodeError extends Error {
  readonly code = 'ERR_DNS_WIRE_ENCODE';
  readonly reason: TWireEncodeReason;

  constructor(reason: TWireEncodeReason, message: string) {
    super(message);
    this.name = 'WireEncodeError';
    this.reason = reason;
  }
}

/**
 * One error object per reason, made once: building a stack trace for each packet of a flood of garbage would cost more
 * than decoding it. They never leave the codec's own functions, which turn them into results.
 */
export const wireFaults = {
  truncated: new WireDecodeError('truncated', 'the packet ends inside a field'),
  labelType: new WireDecodeError('label-type', 'a label has the reserved type 01 or 10'),
  pointer: new WireDecodeError('pointer', 'a compression pointer does not point backwards to a name'),
  nameTooLong: new WireDecodeError('name-too-long', 'a name has more than 255 bytes'),
  badRdata: new WireDecodeError('bad-rdata', 'record data contradicts its type'),
  tooMany: new WireDecodeError('too-many', 'the message counts more entries than are decoded'),
  multipleOpt: new WireDecodeError('multiple-opt', 'the message has more than one OPT record'),
  badOpt: new WireDecodeError('bad-opt', 'the OPT record is malformed or misplaced'),
  badTsig: new WireDecodeError('bad-tsig', 'the TSIG record is not the last record'),
} as const;

/** Thrown inside the writer when the size limit is reached; caught by the message encoder. */
export const writerFull = new WireEncodeError('too-large', 'the data does not fit into the message');
