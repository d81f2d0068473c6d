/**
 * Books the end of every message: counters and events together, so that they cannot differ.
 *
 * @module
 */
import type { DnsStats } from '../stats/dnsstats.ts';
import type { TDropReason, TErrorReason } from '../stats/reasons.ts';
import type { EventGate } from './emitter.ts';
import type { Exchange } from './exchange.ts';
import type { AnswerImage } from './image.ts';

const msPerSecond = 1_000;

export class Ledger {
  readonly #stats: DnsStats;
  readonly #events: EventGate;

  constructor(stats: DnsStats, events: EventGate) {
    this.#stats = stats;
    this.#events = events;
  }

  /** An answer of `bytes` octets to `exchange` is handed to the transport. */
  answered(exchange: Exchange, bytes: number, truncated: boolean): void {
    const response = exchange.response!;
    const { queryId, sourceIndex, clientIp } = exchange;
    const rcode = response.image?.rcode ?? response.rcodeNumber;
    if (response.failure !== undefined) {
      this.failed(response.failure, queryId, sourceIndex, clientIp, response.failureText);
    }
    response.counters?.count(rcode);
    const seconds = (performance.now() - exchange.startMs) / msPerSecond;
    this.#stats.countAnswered(sourceIndex, rcode, bytes, truncated, seconds);
    if (this.#events.answered) {
      this.#events.emitAnswered(exchange, response, bytes, truncated, seconds);
    }
    if (this.#events.query) {
      const answered = response.view().answers.length > 0;
      this.#events.emitQuery(exchange.domain, exchange.type, exchange.class, answered, seconds);
    }
  }

  /** A query was answered from `image`. */
  answeredImage(
    image: AnswerImage,
    queryId: number,
    source: number,
    clientIp: string,
    bytes: number,
    truncated: boolean,
    startMs: number,
  ): void {
    image.counters?.count(image.rcode);
    const seconds = (performance.now() - startMs) / msPerSecond;
    this.#stats.countAnswered(source, image.rcode, bytes, truncated, seconds);
    if (this.#events.answered) {
      this.#events.emitAnsweredImage(queryId, image, source, clientIp, bytes, truncated, seconds);
    }
    if (this.#events.query) {
      this.#events.emitQuery(image.question.name, image.question.type, 'IN', image.answers > 0, seconds);
    }
  }

  /** A message without a readable question was answered with a header alone. */
  answeredHeader(
    reason: TErrorReason,
    queryId: number,
    source: number,
    clientIp: string,
    rcode: number,
    bytes: number,
    startMs: number,
  ): void {
    this.failed(reason, queryId, source, clientIp);
    const seconds = (performance.now() - startMs) / msPerSecond;
    this.#stats.countAnswered(source, rcode, bytes, false, seconds);
    if (this.#events.answered) {
      this.#events.emitAnsweredHeader(queryId, source, clientIp, rcode, bytes, seconds);
    }
  }

  /** A message gets no answer. */
  dropped(reason: TDropReason, queryId: number, source: number, clientIp: string): void {
    this.#stats.countDropped(reason);
    if (this.#events.error) {
      this.#events.emitError(queryId, clientIp, source, reason);
    }
  }

  /** Something went wrong, whether or not it is answered. */
  failed(reason: TErrorReason, queryId: number | undefined, source: number, clientIp: string, error?: string): void {
    this.#stats.countError(reason);
    if (this.#events.error) {
      this.#events.emitError(queryId, clientIp, source, reason, error);
    }
  }
}
