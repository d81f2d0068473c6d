/**
 * Builds events, and only when somebody listens.
 *
 * @module
 */
import { rcodeToName, typeToName } from '#wire';
import type { EventEmitter } from 'node:events';
import type { IDnsServerEvents } from '../interfaces/events.ts';
import { clocksComparedMs } from '../limits/index.ts';
import { sources } from '../stats/dnsstats.ts';
import type { AnswerImage } from './image.ts';
import type { Exchange } from './exchange.ts';
import type { DnsResponse } from './response.ts';

const msPerSecond = 1_000;

/** Which events have listeners, kept up to date by the server; reading a field is all that silence costs. */
export class EventGate {
  readonly #emitter: EventEmitter<IDnsServerEvents>;
  received = false;
  answered = false;
  error = false;
  cacheHit = false;
  cacheMiss = false;
  cacheEvict = false;
  query = false;
  /** When the two clocks were compared, and how far the wall's was ahead. */
  #comparedMs = Number.NaN;
  #wallAheadMs = 0;
  /** Whether any event of an ordinary query has a listener. */
  any = false;

  constructor(emitter: EventEmitter<IDnsServerEvents>) {
    this.#emitter = emitter;
  }

  refresh(): void {
    const listens = (name: keyof IDnsServerEvents): boolean => this.#emitter.listenerCount(name) > 0;
    this.received = listens('query-received');
    this.answered = listens('query-answered');
    this.error = listens('query-error');
    this.cacheHit = listens('cache-hit');
    this.cacheMiss = listens('cache-miss');
    this.cacheEvict = listens('cache-evict');
    this.query = listens('query');
    this.any = this.received || this.answered || this.query;
  }

  emitReceived(
    queryId: number,
    type: number,
    domain: string,
    className: string,
    source: number,
    clientIp: string,
    clientPort: number,
    startMs: number,
  ): void {
    this.#emit(
      'query-received',
      Object.freeze({
        queryId,
        type: typeToName(type),
        domain,
        class: className,
        source: sources[source]!,
        clientIp,
        clientPort,
        timestamp: new Date(this.#wallMs(startMs)),
      }),
    );
  }

  emitAnswered(exchange: Exchange, response: DnsResponse, bytes: number, truncated: boolean, seconds: number): void {
    this.#emit(
      'query-answered',
      Object.freeze({
        queryId: exchange.queryId,
        domain: exchange.domain,
        type: exchange.type,
        source: exchange.source,
        clientIp: exchange.clientIp,
        cached: response.cached,
        responseTime: seconds * msPerSecond,
        responseCode: rcodeToName(response.image?.rcode ?? response.rcodeNumber),
        answers: truncated ? 0 : (response.image?.answers ?? response.view().answers.length),
        bytes,
        truncated,
        dnssec: response.image?.dnssec ?? response.dnssec,
      }),
    );
  }

  emitAnsweredImage(
    queryId: number,
    image: AnswerImage,
    source: number,
    clientIp: string,
    bytes: number,
    truncated: boolean,
    seconds: number,
  ): void {
    this.#emit(
      'query-answered',
      Object.freeze({
        queryId,
        domain: image.question.name,
        type: image.question.type,
        source: sources[source]!,
        clientIp,
        cached: image.cached,
        responseTime: seconds * msPerSecond,
        responseCode: rcodeToName(image.rcode),
        answers: truncated ? 0 : image.answers,
        bytes,
        truncated,
        dnssec: image.dnssec,
      }),
    );
  }

  /** An answer to a message without a readable question. */
  emitAnsweredHeader(
    queryId: number,
    source: number,
    clientIp: string,
    rcode: number,
    bytes: number,
    seconds: number,
  ): void {
    this.#emit(
      'query-answered',
      Object.freeze({
        queryId,
        domain: '',
        type: '(none)',
        source: sources[source]!,
        clientIp,
        cached: false,
        responseTime: seconds * msPerSecond,
        responseCode: rcodeToName(rcode),
        answers: 0,
        bytes,
        truncated: false,
        dnssec: false,
      }),
    );
  }

  emitError(queryId: number | undefined, clientIp: string, source: number, reason: string, error?: string): void {
    this.#emit('query-error', Object.freeze({ queryId, clientIp, source: sources[source]!, reason, error }));
  }

  emitCache(name: 'cache-hit' | 'cache-miss' | 'cache-evict', domain: string, type: string): void {
    this.#emit(name, Object.freeze({ domain, type }));
  }

  /** Upstream's event; its listeners may keep and change the payload. */
  emitQuery(name: string, type: string, className: string, answered: boolean, seconds: number): void {
    this.#emit('query', {
      questions: [{ name, type, class: className }],
      answered,
      responseTimeMs: seconds * msPerSecond,
      timestamp: Date.now(),
    });
  }

  /**
   * The wall clock at a monotonic time. Reading a clock costs as much as building the event: the distance of the two
   * is read anew once a second.
   */
  #wallMs(monotonicMs: number): number {
    if (!(monotonicMs - this.#comparedMs < clocksComparedMs)) {
      this.#comparedMs = monotonicMs;
      this.#wallAheadMs = Date.now() - performance.now();
    }
    return this.#wallAheadMs + monotonicMs;
  }

  /** A listener that throws is its owner's failure, and must not leave a query half counted. */
  #emit<E extends keyof IDnsServerEvents>(name: E, payload: IDnsServerEvents[E][0]): void {
    try {
      (this.#emitter as EventEmitter).emit(name, payload);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
