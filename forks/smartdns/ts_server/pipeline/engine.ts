/**
 * The path of a query: header, question, limits, middlewares, answer, encoding, counting.
 *
 * @module
 */
import { QuestionReader, questionOk, rcodes } from '#wire';
import type { IDnsHandlerResponse } from '../interfaces/query.ts';
import { messageBytesMax, pendingQueriesMax, plainUdpBytesMax, udpBytesMax } from '../limits/index.ts';
import type { MiddlewareChain } from '../middleware/chain.ts';
import { typeNone, type DnsStats } from '../stats/dnsstats.ts';
import type { TErrorReason } from '../stats/reasons.ts';
import { sourceUdp, type IMessageSink } from '../transports/types.ts';
import { isPromise } from './after.ts';
import { Deadlines } from './deadlines.ts';
import type { EventGate } from './emitter.ts';
import { encodeResponse } from './encode.ts';
import { Exchange, type IExchangeOwner, type IReplyTarget } from './exchange.ts';
import { headerBytes, opcodeBits, qrBit, tcBit, writeFromImage, writeHeaderOnly } from './header.ts';
import { flavourDnssec, flavourEdns, flavourPlain, ImageTable, type AnswerImage } from './image.ts';
import { buildImage } from './imagebuilder.ts';
import { Ledger } from './ledger.ts';
import type { Resolver } from './resolver.ts';
import { DnsResponse } from './response.ts';

const classIn = 1;

export interface IEngineParts {
  readonly stats: DnsStats;
  readonly events: EventGate;
  readonly chain: MiddlewareChain;
  readonly resolver: Resolver;
  /** Milliseconds a query may wait for handlers and middlewares. */
  readonly handlerTimeoutMs: number;
}

export class Engine implements IMessageSink, IExchangeOwner {
  readonly #stats: DnsStats;
  readonly #events: EventGate;
  readonly #chain: MiddlewareChain;
  readonly #resolver: Resolver;
  readonly #timeoutMs: number;
  readonly #ledger: Ledger;
  readonly #reader = new QuestionReader();
  readonly #images = new ImageTable();
  readonly #deadlines = new Deadlines();
  #queryId = 0;

  constructor(parts: IEngineParts) {
    this.#stats = parts.stats;
    this.#events = parts.events;
    this.#chain = parts.chain;
    this.#resolver = parts.resolver;
    this.#ledger = new Ledger(parts.stats, parts.events);
    this.#timeoutMs = parts.handlerTimeoutMs;
  }

  answer(
    packet: Buffer,
    length: number,
    source: number,
    clientIp: string,
    clientPort: number,
    out: Buffer,
    outStart: number,
    target: IReplyTarget,
  ): number {
    const startMs = performance.now();
    this.#stats.countReceived(source, length, startMs);
    this.#stats.clients.add(clientIp);
    const queryId = ++this.#queryId;
    const refusal = this.#judgeHeader(packet, length);
    if (refusal !== accepted) {
      return this.#answerUnread(refusal, packet, queryId, source, clientIp, startMs, out, outStart);
    }
    const reader = this.#reader;
    this.#stats.countType(reader.qtype);
    const flavour = reader.hasEdns ? (reader.dnssecOk ? flavourDnssec : flavourEdns) : flavourPlain;
    const bytesMax = source === sourceUdp ? udpLimit(reader) : messageBytesMax;
    const image = this.#findImage(flavour, startMs, bytesMax);
    if (image !== undefined && this.#chain.length === 0) {
      const results =
        image.entries === undefined ? undefined : this.#resolver.callAgain(image, source, clientIp, clientPort);
      if (results === undefined) {
        return this.#answerImage(image, packet, queryId, source, clientIp, clientPort, startMs, out, outStart);
      }
      const exchange = this.#open(packet, queryId, source, clientIp, clientPort, startMs, flavour, bytesMax, target);
      this.#settleWith(exchange, () => this.#resolver.fromResults(exchange, image.entries!, results));
      return this.#close(exchange, out, outStart);
    }
    const exchange = this.#open(packet, queryId, source, clientIp, clientPort, startMs, flavour, bytesMax, target);
    exchange.image = image;
    if (reader.ednsVersion > 0) {
      // RFC 6891 §6.1.3.
      this.#settle(exchange, DnsResponse.failed(rcodes.BADVERS, 'bad-version'));
    } else {
      this.#runChain(exchange);
    }
    return this.#close(exchange, out, outStart);
  }

  failed(reason: TErrorReason, source: number, clientIp: string, error?: string): void {
    this.#ledger.failed(reason, undefined, source, clientIp, error);
  }

  unsent(source: number, clientIp: string, error: string): void {
    this.failed('unsent', source, clientIp, error);
  }

  streamOpened(): void {
    this.#stats.streamsActive++;
    this.#stats.streamsTotal++;
  }

  streamClosed(): void {
    this.#stats.streamsActive--;
  }

  /** Answers what still waits with SERVFAIL, as its deadline would. */
  close(): void {
    this.#deadlines.close();
  }

  expired(exchange: Exchange): void {
    this.#settle(exchange, DnsResponse.failed(rcodes.SERVFAIL, 'timeout'));
  }

  dropped(exchange: Exchange): void {
    if (!exchange.settled) {
      exchange.settled = true;
      this.#ledger.dropped('middleware', exchange.queryId, exchange.sourceIndex, exchange.clientIp);
      if (exchange.detached) {
        this.#deadlines.delete(exchange);
        exchange.target.abandon(exchange);
      }
    }
  }

  toResponse(_exchange: Exchange, response: IDnsHandlerResponse): DnsResponse {
    return this.#resolver.toResponse(response);
  }

  /** What to do with a message by its header and question: one of the codes below. */
  #judgeHeader(packet: Buffer, length: number): number {
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
    return this.#reader.read(packet, length) === questionOk && this.#reader.qdcount === 1 ? accepted : malformed;
  }

  #answerUnread(
    refusal: number,
    packet: Buffer,
    queryId: number,
    source: number,
    clientIp: string,
    startMs: number,
    out: Buffer,
    outStart: number,
  ): number {
    this.#stats.countType(typeNone);
    if (refusal === tooShort || refusal === isResponse) {
      this.#ledger.dropped(refusal === tooShort ? 'short' : 'response', queryId, source, clientIp);
      return 0;
    }
    const opcode = refusal === otherOpcode;
    const rcode = opcode ? rcodes.NOTIMP : rcodes.FORMERR;
    const bytes = writeHeaderOnly(packet, rcode, out, outStart);
    this.#ledger.answeredHeader(opcode ? 'opcode' : 'malformed', queryId, source, clientIp, rcode, bytes, startMs);
    return bytes;
  }

  #findImage(flavour: number, nowMs: number, bytesMax: number): AnswerImage | undefined {
    const reader = this.#reader;
    const image = this.#images.find(reader, flavour);
    const usable =
      image !== undefined &&
      image.epoch === this.#resolver.epoch &&
      nowMs < image.expiresMs &&
      image.wire.length <= bytesMax &&
      reader.qclass === classIn &&
      reader.ednsVersion <= 0;
    return usable ? image : undefined;
  }

  #answerImage(
    image: AnswerImage,
    packet: Buffer,
    queryId: number,
    source: number,
    clientIp: string,
    clientPort: number,
    startMs: number,
    out: Buffer,
    outStart: number,
  ): number {
    const { name, type } = image.question;
    this.#stats.domains.add(name);
    if (this.#events.received) {
      this.#events.emitReceived(queryId, image.type, name, 'IN', source, clientIp, clientPort);
    }
    if (image.cached) {
      this.#resolver.countHit(name, type);
    }
    const bytes = writeFromImage(image.wire, packet, this.#reader.nameStart, this.#reader.nameEnd, out, outStart);
    this.#ledger.answeredImage(image, queryId, source, clientIp, startMs);
    return bytes;
  }

  #open(
    packet: Buffer,
    queryId: number,
    sourceIndex: number,
    clientIp: string,
    clientPort: number,
    startMs: number,
    flavour: number,
    bytesMax: number,
    target: IReplyTarget,
  ): Exchange {
    const reader = this.#reader;
    const exchange = new Exchange(this, target, {
      queryId,
      sourceIndex,
      clientIp,
      clientPort,
      startMs,
      id: reader.id,
      flags: reader.flags,
      domain: reader.name(),
      typeNumber: reader.qtype,
      classNumber: reader.qclass,
      asked: Buffer.from(packet.subarray(reader.nameStart, reader.nameEnd)),
      flavour,
      bytesMax,
      imageHash: this.#images.lastHash,
    });
    this.#stats.domains.add(exchange.domain);
    if (this.#events.received) {
      const { typeNumber, domain } = exchange;
      this.#events.emitReceived(queryId, typeNumber, domain, exchange.class, sourceIndex, clientIp, clientPort);
    }
    return exchange;
  }

  #runChain(exchange: Exchange): void {
    if (this.#chain.length === 0) {
      this.#settleWith(exchange, () => this.#resolver.resolve(exchange));
      return;
    }
    this.#chain.run<Exchange, DnsResponse>(
      exchange,
      (_query, done) => this.#resolveFor(exchange, done),
      (response) => this.#settle(exchange, response),
      (error) => this.#settle(exchange, DnsResponse.failed(rcodes.SERVFAIL, 'middleware-error', error)),
    );
  }

  #settleWith(exchange: Exchange, make: () => DnsResponse | Promise<DnsResponse>): void {
    try {
      const response = make();
      if (isPromise(response)) {
        response.then(
          (value) => this.#settle(exchange, value),
          (error: unknown) => this.#settle(exchange, DnsResponse.failed(rcodes.SERVFAIL, 'handler', error)),
        );
      } else {
        this.#settle(exchange, response);
      }
    } catch (error) {
      this.#settle(exchange, DnsResponse.failed(rcodes.SERVFAIL, 'handler', error));
    }
  }

  /** The end of the middleware chain. A failing handler is an answer there: middlewares see the SERVFAIL. */
  #resolveFor(exchange: Exchange, leave: (response: DnsResponse) => void): void {
    const failed = (error: unknown): DnsResponse => DnsResponse.failed(rcodes.SERVFAIL, 'handler', error);
    let response: DnsResponse | Promise<DnsResponse>;
    try {
      response = this.#resolver.resolve(exchange);
    } catch (error) {
      response = failed(error);
    }
    if (isPromise(response)) {
      void response.catch(failed).then(leave);
    } else {
      leave(response);
    }
  }

  #settle(exchange: Exchange, response: DnsResponse): void {
    if (exchange.settled) {
      return;
    }
    exchange.settled = true;
    exchange.response = response;
    if (exchange.detached) {
      this.#deadlines.delete(exchange);
      const packet = this.#encode(exchange, response);
      if (exchange.target.reply(exchange, packet)) {
        this.#ledger.answered(exchange, packet);
      } else {
        this.#ledger.dropped('send', exchange.queryId, exchange.sourceIndex, exchange.clientIp);
      }
    }
  }

  /** Hands a settled answer to the transport, or leaves the exchange waiting. */
  #close(exchange: Exchange, out: Buffer, outStart: number): number {
    if (!exchange.settled && this.#deadlines.size >= pendingQueriesMax) {
      this.#settle(exchange, DnsResponse.failed(rcodes.SERVFAIL, 'overload'));
    }
    if (!exchange.settled) {
      exchange.detached = true;
      exchange.deadlineMs = Math.max(exchange.deadlineMs, exchange.startMs + this.#timeoutMs);
      this.#deadlines.add(exchange);
      return -1;
    }
    if (exchange.response === undefined) {
      return 0;
    }
    const packet = this.#encode(exchange, exchange.response);
    out.set(packet, outStart);
    this.#ledger.answered(exchange, packet);
    return packet.length;
  }

  #encode(exchange: Exchange, given: DnsResponse): Buffer {
    const { image } = given;
    if (image !== undefined && exchange.cookie === undefined && image.wire.length <= exchange.bytesMax) {
      return this.#copyImage(exchange, image);
    }
    try {
      const packet = encodeResponse(exchange, given);
      if (given.recipe !== undefined && exchange.cookie === undefined && (packet[2]! & tcBit) === 0) {
        if (this.#images.admit(exchange.imageHash)) {
          const made = buildImage(exchange, given, packet, this.#resolver.epoch);
          if (made !== undefined) {
            this.#images.store(made);
          }
        }
      }
      return packet;
    } catch (error) {
      const failed = DnsResponse.failed(rcodes.SERVFAIL, 'handler', error);
      exchange.response = failed;
      return encodeResponse(exchange, failed);
    }
  }

  #copyImage(exchange: Exchange, image: AnswerImage): Buffer {
    const packet = Buffer.allocUnsafe(image.wire.length);
    const head = Buffer.alloc(headerBytes);
    head.writeUInt16BE(exchange.id, 0);
    head.writeUInt16BE(exchange.flags, 2);
    writeFromImage(image.wire, head, 0, 0, packet, 0);
    packet.set(exchange.asked, headerBytes);
    return packet;
  }
}

/** Verdicts on a message. */
const accepted = 0;
const tooShort = 1;
const isResponse = 2;
const otherOpcode = 3;
const malformed = 4;

/** Without EDNS 512 octets; with it the smaller of what the client takes and what we are ready to send (RFC 6891 §6.2.5). */
function udpLimit(reader: QuestionReader): number {
  return reader.hasEdns ? Math.min(reader.udpPayloadSize, udpBytesMax) : plainUdpBytesMax;
}
