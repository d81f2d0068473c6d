/**
 * The end of a query: its answer encoded, limited, kept as an image, booked, and handed to the transport.
 *
 * @module
 */
import { rcodes } from '#wire';
import { limitDrop, limitSend } from '../abuse/ratelimit.ts';
import { pendingQueriesMax } from '../limits/index.ts';
import type { TDropReason } from '../stats/reasons.ts';
import { Deadlines } from './deadlines.ts';
import { encodeResponse } from './encode.ts';
import type { Exchange } from './exchange.ts';
import type { Guard } from './guard.ts';
import { headerBytes, qrBit, tcBit, writeFromImage } from './header.ts';
import type { AnswerImage, ImageTable } from './image.ts';
import { buildImage } from './imagebuilder.ts';
import type { Ledger } from './ledger.ts';
import type { Resolver } from './resolver.ts';
import { DnsResponse } from './response.ts';
import type { Signing } from './signing.ts';

/** Type and class behind the name of a question. */
const questionTailBytes = 4;

export interface ISettlerParts {
  readonly ledger: Ledger;
  readonly images: ImageTable;
  readonly guard: Guard;
  readonly resolver: Resolver;
  readonly signing: Signing;
  readonly timeoutMs: number;
}

export class Settler {
  readonly #ledger: Ledger;
  readonly #images: ImageTable;
  readonly #guard: Guard;
  readonly #resolver: Resolver;
  readonly #signing: Signing;
  readonly #timeoutMs: number;
  readonly #deadlines = new Deadlines();

  constructor(parts: ISettlerParts) {
    this.#ledger = parts.ledger;
    this.#images = parts.images;
    this.#guard = parts.guard;
    this.#resolver = parts.resolver;
    this.#signing = parts.signing;
    this.#timeoutMs = parts.timeoutMs;
  }

  /** Resolves when no query waits for its answer. */
  async idle(): Promise<void> {
    await this.#deadlines.empty();
  }

  /** Answers what still waits with SERVFAIL, as its deadline would. */
  close(): void {
    this.#deadlines.close();
  }

  /** The first answer to an exchange counts; later ones are too late. */
  settle(exchange: Exchange, response: DnsResponse): void {
    if (exchange.settled) {
      return;
    }
    exchange.settled = true;
    exchange.response = response;
    if (!exchange.detached) {
      return;
    }
    this.#deadlines.delete(exchange);
    const packet = this.#finish(exchange, response);
    if (packet === undefined) {
      exchange.target.abandon(exchange);
    } else if (exchange.target.reply(exchange, packet)) {
      this.#ledger.answered(exchange, packet.length, isTruncated(packet));
    } else {
      this.#ledger.dropped('send', exchange.queryId, exchange.sourceIndex, exchange.clientIp);
    }
  }

  /** Ends an exchange without an answer. */
  drop(exchange: Exchange, reason: TDropReason): void {
    if (exchange.settled) {
      return;
    }
    exchange.settled = true;
    this.#ledger.dropped(reason, exchange.queryId, exchange.sourceIndex, exchange.clientIp);
    if (exchange.detached) {
      this.#deadlines.delete(exchange);
      exchange.target.abandon(exchange);
    }
  }

  /**
   * Writes the answer of a settled exchange to `out`, or leaves the exchange waiting.
   *
   * @returns octets written, 0 for no answer, -1 for an answer that comes later
   */
  leave(exchange: Exchange, out: Buffer, outStart: number): number {
    if (!exchange.settled && this.#deadlines.size >= pendingQueriesMax) {
      this.settle(exchange, DnsResponse.failed(rcodes.SERVFAIL, 'overload'));
    }
    if (!exchange.settled) {
      exchange.detach();
      exchange.deadlineMs = Math.max(exchange.deadlineMs, exchange.startMs + this.#timeoutMs);
      this.#deadlines.add(exchange);
      return -1;
    }
    const { response } = exchange;
    if (response === undefined) {
      return 0;
    }
    const { image } = response;
    if (
      image !== undefined &&
      exchange.isPlain &&
      !this.#guard.limitsAnswers &&
      image.wire.length <= exchange.bytesMax
    ) {
      const nameEnd = headerBytes + exchange.nameBytes;
      const bytes = writeFromImage(image.wire, exchange.packet, headerBytes, nameEnd, out, outStart);
      this.#ledger.answered(exchange, bytes, false);
      return bytes;
    }
    const packet = this.#finish(exchange, response);
    if (packet === undefined) {
      return 0;
    }
    out.set(packet, outStart);
    this.#ledger.answered(exchange, packet.length, isTruncated(packet));
    return packet.length;
  }

  /** The packet to send; undefined when the rate limit drops it, which is booked. */
  #finish(exchange: Exchange, given: DnsResponse): Buffer | undefined {
    const packet = this.#encode(exchange, given);
    const response = exchange.response!;
    const verdict = this.#guard.judgeAnswer(
      exchange.sourceIndex,
      exchange.trusted,
      exchange.clientIp,
      response.rcodeNumber,
      response.view().answers.length,
      response.counters,
      exchange.imageHash,
      performance.now(),
    );
    if (verdict === limitSend) {
      return packet;
    }
    if (verdict === limitDrop) {
      this.#ledger.dropped('rate-limited', exchange.queryId, exchange.sourceIndex, exchange.clientIp);
      return undefined;
    }
    this.#ledger.failed('rate-slipped', exchange.queryId, exchange.sourceIndex, exchange.clientIp);
    return cutShort(packet, exchange.nameBytes);
  }

  #encode(exchange: Exchange, given: DnsResponse): Buffer {
    const { image } = given;
    if (image !== undefined && exchange.isPlain && image.wire.length <= exchange.bytesMax) {
      return copyImage(exchange, image);
    }
    try {
      const response = exchange.dnssecOk ? this.#signing.sign(given, exchange.domain, exchange.type) : given;
      exchange.response = response;
      const packet = encodeResponse(exchange, response);
      if (response.recipe !== undefined && exchange.isPlain && !isTruncated(packet)) {
        this.#keep(exchange, given, response, packet);
      }
      return packet;
    } catch (error) {
      const failed = DnsResponse.failed(rcodes.SERVFAIL, 'handler', error);
      failed.counters = given.counters;
      exchange.response = failed;
      return encodeResponse(exchange, failed);
    }
  }

  /** Keeps the packet as signed, and the records as they were before: middlewares see them unsigned each time. */
  #keep(exchange: Exchange, unsigned: DnsResponse, sent: DnsResponse, packet: Buffer): void {
    if (this.#images.admit(exchange.imageHash)) {
      const image = buildImage(exchange, unsigned, sent, packet, this.#resolver.epoch);
      if (image !== undefined) {
        this.#images.store(image);
      }
    }
  }
}

/** What is sent instead of an answer over the rate: the question with TC, no larger than what was asked. */
export function cutShort(packet: Buffer, nameBytes: number): Buffer {
  const short = Buffer.from(packet.subarray(0, headerBytes + nameBytes + questionTailBytes));
  return markCutShort(short, 0);
}

/** Turns the head of an answer in place into one cut short. */
export function markCutShort(packet: Buffer, start: number): Buffer {
  packet[start + 2]! |= qrBit | tcBit;
  // No records of any section follow.
  packet.fill(0, start + 6, start + headerBytes);
  return packet;
}

function isTruncated(packet: Buffer): boolean {
  return (packet[2]! & tcBit) !== 0;
}

function copyImage(exchange: Exchange, image: AnswerImage): Buffer {
  const packet = Buffer.allocUnsafe(image.wire.length);
  writeFromImage(image.wire, exchange.packet, headerBytes, headerBytes + exchange.nameBytes, packet, 0);
  return packet;
}
