/**
 * What every way of asking a resolver has in common.
 *
 * @module
 */
import type { IDnsMessage } from '#wire';
import type { TClientSource } from '../interfaces/answers.ts';

/** A question with the flags that it is asked with. */
export interface IQuestion {
  /** Without final dot; `.` is the root. */
  readonly name: string;
  readonly type: string;
  readonly typeNumber: number;
  /** RD (RFC 1035 §4.1.1). */
  readonly recursionDesired: boolean;
  /** DO (RFC 3225): send signatures. */
  readonly dnssec: boolean;
  /** CD (RFC 4035 §3.2.2): do not validate for me. */
  readonly checkingDisabled: boolean;
}

/** A reply that belongs to the question and could be read. */
export interface IReply {
  readonly message: IDnsMessage;
  /** Size on the wire; 0 when there was none. */
  readonly bytes: number;
  readonly source: TClientSource;
  /** Seconds that the reply has spent in HTTP caches (RFC 8484 §5.1). */
  readonly ageSeconds: number;
}

/** What the transports of one resolver tell its owner besides replies. */
export interface ITransportCounters {
  /** Messages sent. */
  sent: number;
  bytesOut: number;
  /** Messages received, those that were refused included. */
  received: number;
  bytesIn: number;
  /** Messages received that belong to no question, by what is wrong with them. */
  readonly bogus: Record<'short' | 'source' | 'id' | 'response-bit' | 'question' | 'case' | 'cookie', number>;
  /** Connections or sockets opened. */
  opened: number;
}

export function newTransportCounters(): ITransportCounters {
  return {
    sent: 0,
    bytesOut: 0,
    received: 0,
    bytesIn: 0,
    bogus: { 'short': 0, 'source': 0, 'id': 0, 'response-bit': 0, 'question': 0, 'case': 0, 'cookie': 0 },
    opened: 0,
  };
}

/** How a query's EDNS part is to look. */
export interface IEncodeOptions {
  /** Send an OPT record (RFC 6891). */
  readonly edns: boolean;
  /** Pad the message to a multiple of this many bytes (RFC 8467 §4.1); 0: do not. */
  readonly paddingBlockBytes: number;
  /** Data of a COOKIE option to send (RFC 7873 §4). */
  readonly cookie?: Buffer;
}

/**
 * One way to one resolver. Does not retry and does not cache: it sends a question and yields the reply that belongs
 * to it, or rejects with a `DnsError`.
 */
export interface ITransport {
  readonly source: TClientSource;
  /** @param timeoutMs from now until `ETIMEOUT` */
  exchange(question: IQuestion, edns: boolean, timeoutMs: number): Promise<IReply>;
  /** Closes every handle; whatever is under way rejects with `EDESTROYED`. */
  close(): void;
}
