/**
 * One query that is not answered from an image: everything known about it, and where its answer goes.
 *
 * @module
 */
import { classToName, typeToName, type QuestionReader } from '#wire';
import type { IDnsHandlerResponse, IDnsQuery, IDnsQuestion } from '../interfaces/query.ts';
import type { TDnsSource } from '../interfaces/stats.ts';
import { sources } from '../stats/dnsstats.ts';
import type { IDeadlineOwner } from './deadlines.ts';
import { headerBytes } from './header.ts';
import type { AnswerImage } from './image.ts';
import type { DnsResponse } from './response.ts';

/** A transport that takes answers which were not ready at once. */
export interface IReplyTarget {
  /** Sends `response`; false when the client is gone. */
  reply(exchange: Exchange, response: Buffer): boolean;
  /** The query ends without an answer. */
  abandon(exchange: Exchange): void;
}

/** What an exchange asks of the engine that made it. */
export interface IExchangeOwner {
  expired(exchange: Exchange): void;
  dropped(exchange: Exchange): void;
  toResponse(exchange: Exchange, response: IDnsHandlerResponse): DnsResponse;
}

export class Exchange implements IDnsQuery, IDeadlineOwner {
  readonly owner: IExchangeOwner;
  readonly target: IReplyTarget;
  readonly queryId: number;
  readonly sourceIndex: number;
  readonly clientIp: string;
  readonly clientPort: number;
  readonly startMs: number;
  readonly id: number;
  /** Flag word of the query (RFC 1035 §4.1.1). */
  readonly flags: number;
  readonly domain: string;
  readonly typeNumber: number;
  readonly classNumber: number;
  /** The query itself; only its header and name are kept once the exchange has to wait. */
  packet: Buffer;
  /** Octets of the name as asked, behind the header: answers repeat its letter case. */
  readonly nameBytes: number;
  readonly flavour: number;
  /** Octets the answer may have. */
  readonly bytesMax: number;
  /** Hash of the question in the image table. */
  readonly imageHash: number;
  /** An image of the answer that may still be good. */
  image: AnswerImage | undefined;
  /** The answer, once it is settled with one. */
  response: DnsResponse | undefined;
  /** COOKIE option to answer with (RFC 7873), ready made. */
  cookie: Buffer | undefined;
  /** The client proved its address with a cookie of ours. */
  trusted = false;
  /** NSID to answer with (RFC 5001). */
  nsid: Buffer | undefined;
  /** The answer is padded to hide its size (RFC 7830). */
  padded = false;
  deadlineMs = 0;
  /** Answered, dropped or expired: whatever comes later is too late. */
  settled = false;
  /** The transport no longer waits for the return value: the answer goes through `target`. */
  detached = false;
  #timestamp: Date | undefined;

  constructor(
    owner: IExchangeOwner,
    target: IReplyTarget,
    queryId: number,
    sourceIndex: number,
    clientIp: string,
    clientPort: number,
    startMs: number,
    reader: QuestionReader,
    packet: Buffer,
    domain: string,
    flavour: number,
    bytesMax: number,
    imageHash: number,
  ) {
    this.owner = owner;
    this.target = target;
    this.queryId = queryId;
    this.sourceIndex = sourceIndex;
    this.clientIp = clientIp;
    this.clientPort = clientPort;
    this.startMs = startMs;
    this.id = reader.id;
    this.flags = reader.flags;
    this.domain = domain;
    this.typeNumber = reader.qtype;
    this.classNumber = reader.qclass;
    this.packet = packet;
    this.nameBytes = reader.nameEnd - reader.nameStart;
    this.flavour = flavour;
    this.bytesMax = bytesMax;
    this.imageHash = imageHash;
  }

  get source(): TDnsSource {
    return sources[this.sourceIndex]!;
  }

  get type(): string {
    return typeToName(this.typeNumber);
  }

  get class(): string {
    return classToName(this.classNumber);
  }

  get dnssecOk(): boolean {
    return this.flavour === 2;
  }

  get recursionDesired(): boolean {
    return (this.flags & 0x0100) !== 0;
  }

  get checkingDisabled(): boolean {
    return (this.flags & 0x0010) !== 0;
  }

  /** AD in a query: the client understands the bit in the answer (RFC 6840 §5.7). */
  get authenticatedDesired(): boolean {
    return (this.flags & 0x0020) !== 0;
  }

  get timestamp(): Date {
    this.#timestamp ??= new Date(Date.now() - (performance.now() - this.startMs));
    return this.#timestamp;
  }

  /** Whether the answer carries nothing that belongs to this query alone, so that an image can serve. */
  get isPlain(): boolean {
    return this.cookie === undefined && this.nsid === undefined && !this.padded;
  }

  get question(): IDnsQuestion {
    return { name: this.domain, type: this.type, class: this.class };
  }

  /** The answer comes later: the transport may use its buffer again, and sends through `target`. */
  detach(): void {
    this.detached = true;
    this.packet = Buffer.from(this.packet.subarray(0, headerBytes + this.nameBytes));
  }

  drop(): void {
    this.owner.dropped(this);
  }

  expire(): void {
    this.owner.expired(this);
  }

  toResponse(response: IDnsHandlerResponse): DnsResponse {
    return this.owner.toResponse(this, response);
  }
}
