/**
 * The path of a query: header, question, limits, image or middlewares and answer. The end of it is the settler's.
 *
 * @module
 */
import { QuestionReader, rcodes } from '#wire';
import { limitDrop, limitSend } from '../abuse/ratelimit.ts';
import type { IDnsPolicy } from '../interfaces/policy.ts';
import type { IDnsHandlerResponse } from '../interfaces/query.ts';
import { messageBytesMax, plainUdpBytesMax, udpBytesMax } from '../limits/index.ts';
import type { MiddlewareChain } from '../middleware/chain.ts';
import { typeNone, type DnsStats } from '../stats/dnsstats.ts';
import type { TErrorReason } from '../stats/reasons.ts';
import { sourceTls, sourceUdp, type IMessageSink } from '../transports/types.ts';
import { isPromise } from './after.ts';
import type { EventGate } from './emitter.ts';
import { Exchange, type IExchangeOwner, type IReplyTarget } from './exchange.ts';
import { cookieOptionBytes, guardBadCookie, guardMalformed, guardOverLimit, guardPass, type Guard } from './guard.ts';
import { headerBytes, writeFromImage, writeHeaderOnly } from './header.ts';
import { flavourOf, ImageTable, type AnswerImage } from './image.ts';
import { accepted, isResponse, judgeMessage, otherOpcode, tooShort } from './judge.ts';
import { Ledger } from './ledger.ts';
import { PolicyQuery } from './policyquery.ts';
import type { Resolver } from './resolver.ts';
import { DnsResponse } from './response.ts';
import type { Signing } from './signing.ts';
import { markCutShort, Settler } from './settler.ts';

const classIn = 1;
const questionTailBytes = 4;

export interface IEngineParts {
  readonly stats: DnsStats;
  readonly events: EventGate;
  readonly chain: MiddlewareChain;
  readonly resolver: Resolver;
  readonly guard: Guard;
  readonly signing: Signing;
  /** Milliseconds a query may wait for handlers and middlewares. */
  readonly handlerTimeoutMs: number;
  /** What to tell clients that ask which server this is (RFC 5001). */
  readonly serverId: string | undefined;
}

export class Engine implements IMessageSink, IExchangeOwner {
  readonly #stats: DnsStats;
  readonly #events: EventGate;
  readonly #chain: MiddlewareChain;
  readonly #resolver: Resolver;
  readonly #guard: Guard;
  readonly #ledger: Ledger;
  readonly #settler: Settler;
  readonly #nsid: Buffer | undefined;
  readonly #reader = new QuestionReader();
  readonly #images: ImageTable;
  readonly #policyQuery = new PolicyQuery(this.#reader);
  #queryId = 0;
  /** When the batch at hand arrived, monotonic milliseconds; 0 outside of one. */
  #batchMs = 0;
  /** Asked about every query; null when there is none. */
  policy: IDnsPolicy | null = null;

  constructor(parts: IEngineParts) {
    this.#stats = parts.stats;
    this.#events = parts.events;
    this.#chain = parts.chain;
    this.#resolver = parts.resolver;
    this.#guard = parts.guard;
    this.#images = new ImageTable(parts.guard.questionSeed);
    this.#nsid = parts.serverId === undefined ? undefined : Buffer.from(parts.serverId);
    this.#ledger = new Ledger(parts.stats, parts.events);
    this.#settler = new Settler({
      ledger: this.#ledger,
      images: this.#images,
      guard: parts.guard,
      resolver: parts.resolver,
      signing: parts.signing,
      timeoutMs: parts.handlerTimeoutMs,
    });
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
    const startMs = this.#batchMs === 0 ? performance.now() : this.#batchMs;
    this.#stats.countReceived(source, length, startMs);
    this.#stats.clients.add(clientIp);
    const queryId = ++this.#queryId;
    const fault = judgeMessage(this.#reader, packet, length);
    if (fault !== accepted) {
      return this.#answerUnread(fault, packet, queryId, source, clientIp, startMs, out, outStart);
    }
    const reader = this.#reader;
    this.#stats.countType(reader.qtype);
    const verdict = this.#guard.admit(reader, source, clientIp, startMs);
    if (verdict === guardOverLimit || verdict === guardMalformed) {
      return this.#answerRefused(verdict, packet, queryId, source, clientIp, startMs, out, outStart);
    }
    const image = verdict === guardPass ? this.#findImage(source, startMs) : undefined;
    if (this.policy !== null && verdict === guardPass && reader.ednsVersion === 0) {
      this.#policyQuery.set(image, source, clientIp, clientPort);
      const refusal = this.policy.query(this.#policyQuery);
      if (refusal?.rcode === 'drop') {
        this.#ledger.dropped(refusal.reason, queryId, source, clientIp);
        return 0;
      }
      if (refusal !== null) {
        const exchange = this.#open(packet, queryId, source, clientIp, clientPort, startMs, target, undefined);
        this.#settler.settle(exchange, DnsResponse.failed(refusal.rcode, refusal.reason));
        return this.#settler.leave(exchange, out, outStart);
      }
    }
    if (image !== undefined && this.#chain.length === 0) {
      const results =
        image.entries === undefined ? undefined : this.#resolver.callAgain(image, source, clientIp, clientPort);
      if (results === undefined) {
        return this.#answerImage(image, packet, queryId, source, clientIp, clientPort, startMs, out, outStart);
      }
      // A handler may have sent a message through this server itself.
      reader.read(packet, length);
      const exchange = this.#open(packet, queryId, source, clientIp, clientPort, startMs, target, undefined);
      this.#settleWith(exchange, () => this.#resolver.fromResults(exchange, image.entries!, results));
      return this.#settler.leave(exchange, out, outStart);
    }
    const exchange = this.#open(packet, queryId, source, clientIp, clientPort, startMs, target, image);
    if (reader.ednsVersion > 0) {
      // RFC 6891 §6.1.3.
      this.#settler.settle(exchange, DnsResponse.failed(rcodes.BADVERS, 'bad-version'));
    } else if (verdict === guardBadCookie) {
      this.#settler.settle(exchange, DnsResponse.failed(rcodes.BADCOOKIE, 'bad-cookie'));
    } else {
      this.#runChain(exchange);
    }
    return this.#settler.leave(exchange, out, outStart);
  }

  batchArrived(): void {
    this.#batchMs = performance.now();
  }

  batchEnded(): void {
    this.#batchMs = 0;
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

  /** Resolves when no query waits for its answer. */
  async idle(): Promise<void> {
    await this.#settler.idle();
  }

  close(): void {
    this.#settler.close();
  }

  expired(exchange: Exchange): void {
    this.#settler.settle(exchange, DnsResponse.failed(rcodes.SERVFAIL, 'timeout'));
  }

  dropped(exchange: Exchange): void {
    this.#settler.drop(exchange, 'middleware');
  }

  toResponse(_exchange: Exchange, response: IDnsHandlerResponse): DnsResponse {
    return this.#resolver.toResponse(response);
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

  /** A query over the limit gets nothing by UDP and REFUSED over a connection; a malformed cookie is FORMERR. */
  #answerRefused(
    verdict: number,
    packet: Buffer,
    queryId: number,
    source: number,
    clientIp: string,
    startMs: number,
    out: Buffer,
    outStart: number,
  ): number {
    if (verdict === guardOverLimit && source === sourceUdp) {
      this.#ledger.dropped('query-limit', queryId, source, clientIp);
      return 0;
    }
    const limited = verdict === guardOverLimit;
    const rcode = limited ? rcodes.REFUSED : rcodes.FORMERR;
    const bytes = writeHeaderOnly(packet, rcode, out, outStart);
    this.#ledger.answeredHeader(limited ? 'refused' : 'malformed', queryId, source, clientIp, rcode, bytes, startMs);
    return bytes;
  }

  #findImage(source: number, nowMs: number): AnswerImage | undefined {
    const reader = this.#reader;
    const image = this.#images.find(reader, flavourOf(reader));
    if (
      image === undefined ||
      image.epoch !== this.#resolver.epoch ||
      nowMs >= image.expiresMs ||
      reader.qclass !== classIn ||
      reader.ednsVersion > 0
    ) {
      return undefined;
    }
    const bytes = image.wire.length + (this.#guard.hasCookie ? cookieOptionBytes : 0);
    return bytes <= bytesLimit(reader, source) && !this.#wantsMore(source) ? image : undefined;
  }

  /** Whether the answer will carry an option of its own beside a cookie. */
  #wantsMore(source: number): boolean {
    const reader = this.#reader;
    return (reader.hasNsid && this.#nsid !== undefined) || (reader.hasPadding && source >= sourceTls);
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
    const guard = this.#guard;
    this.#stats.domains.add(name);
    if (this.#events.received) {
      this.#events.emitReceived(queryId, image.type, name, 'IN', source, clientIp, clientPort, startMs);
    }
    if (image.cached) {
      this.#resolver.hit(name, type);
    }
    const nameEnd = headerBytes + image.name.length;
    let bytes = writeFromImage(image.wire, packet, headerBytes, nameEnd, out, outStart);
    const { rcode, answers, counters, hash } = image;
    const limit = guard.judgeAnswer(source, guard.isTrusted, clientIp, rcode, answers, counters, hash, startMs);
    if (limit === limitDrop) {
      this.#ledger.dropped('rate-limited', queryId, source, clientIp);
      return 0;
    }
    if (limit === limitSend) {
      bytes = guard.hasCookie ? guard.appendCookie(out, outStart + bytes) - outStart : bytes;
    } else {
      this.#ledger.failed('rate-slipped', queryId, source, clientIp);
      markCutShort(out, outStart);
      bytes = nameEnd + questionTailBytes;
    }
    this.#ledger.answeredImage(image, queryId, source, clientIp, bytes, limit !== limitSend, startMs);
    return bytes;
  }

  #open(
    packet: Buffer,
    queryId: number,
    sourceIndex: number,
    clientIp: string,
    clientPort: number,
    startMs: number,
    target: IReplyTarget,
    image: AnswerImage | undefined,
  ): Exchange {
    const reader = this.#reader;
    const flavour = flavourOf(reader);
    const exchange = new Exchange(
      this,
      target,
      queryId,
      sourceIndex,
      clientIp,
      clientPort,
      startMs,
      reader,
      packet,
      image === undefined ? reader.name() : image.question.name,
      flavour,
      bytesLimit(reader, sourceIndex),
      this.#images.hashOf(reader, flavour),
    );
    exchange.image = image;
    exchange.cookie = this.#guard.takeCookie();
    exchange.trusted = this.#guard.isTrusted;
    exchange.nsid = reader.hasNsid ? this.#nsid : undefined;
    // Only where the channel hides the rest (RFC 7830 §6).
    exchange.padded = reader.hasPadding && sourceIndex >= sourceTls;
    this.#stats.domains.add(exchange.domain);
    if (this.#events.received) {
      const { typeNumber, domain } = exchange;
      this.#events.emitReceived(
        queryId,
        typeNumber,
        domain,
        exchange.class,
        sourceIndex,
        clientIp,
        clientPort,
        startMs,
      );
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
      (_query, leave) => this.#resolveFor(exchange, leave),
      (response) => this.#settler.settle(exchange, response),
      (error) => this.#settler.settle(exchange, DnsResponse.failed(rcodes.SERVFAIL, 'middleware-error', error)),
    );
  }

  #settleWith(exchange: Exchange, make: () => DnsResponse | Promise<DnsResponse>): void {
    let response: DnsResponse | Promise<DnsResponse>;
    try {
      response = make();
    } catch (error) {
      response = handlerFailed(error);
    }
    if (isPromise(response)) {
      void response.catch(handlerFailed).then((value) => this.#settler.settle(exchange, value));
    } else {
      this.#settler.settle(exchange, response);
    }
  }

  /** The end of the middleware chain. A failing handler is an answer there: middlewares see the SERVFAIL. */
  #resolveFor(exchange: Exchange, leave: (response: DnsResponse) => void): void {
    let response: DnsResponse | Promise<DnsResponse>;
    try {
      response = this.#resolver.resolve(exchange);
    } catch (error) {
      response = handlerFailed(error);
    }
    if (isPromise(response)) {
      void response.catch(handlerFailed).then(leave);
    } else {
      leave(response);
    }
  }
}

function handlerFailed(error: unknown): DnsResponse {
  return DnsResponse.failed(rcodes.SERVFAIL, 'handler', error);
}

/** By UDP 512 octets, or with EDNS the smaller of what the client takes and what we send (RFC 6891 §6.2.5). */
function bytesLimit(reader: QuestionReader, source: number): number {
  if (source !== sourceUdp) {
    return messageBytesMax;
  }
  return reader.hasEdns ? Math.min(reader.udpPayloadSize, udpBytesMax) : plainUdpBytesMax;
}
