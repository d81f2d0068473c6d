/**
 * Builds and emits events, and does nothing while nobody listens.
 *
 * @module
 */
import type { EventEmitter } from 'node:events';
import type { TEvictReason } from '../cache/cache.ts';
import type { DnsError } from '../errors/errors.ts';
import type { IResolution } from '../interfaces/answers.ts';
import type { IResolverEvents } from '../interfaces/events.ts';
import type { IQuestion } from '../transports/transport.ts';
import type { Upstream } from '../upstreams/upstream.ts';

/** An emitter of the client's events. */
export type TResolverEmitter = EventEmitter<IResolverEvents>;

/** Knows which events are listened to. The flags are kept by the emitter's own notices, not asked for each time. */
export class ClientEvents {
  readonly #emitter: TResolverEmitter;
  readonly #heard: Record<keyof IResolverEvents, boolean> = {
    'query-sent': false,
    'query-retry': false,
    'query-answered': false,
    'query-error': false,
    'cache-hit': false,
    'cache-miss': false,
    'cache-evict': false,
  };

  constructor(emitter: TResolverEmitter) {
    this.#emitter = emitter;
    const heard = this.#heard as Record<string | symbol, boolean>;
    const plain = emitter as unknown as EventEmitter;
    plain.on('newListener', (name: string | symbol) => {
      heard[name] = true;
    });
    plain.on('removeListener', (name: string | symbol) => {
      heard[name] = plain.listenerCount(name) > 0;
    });
  }

  sent(queryId: number, upstream: Upstream, question: IQuestion, attempt: number): void {
    if (!this.#heard['query-sent']) return;
    const event = {
      queryId,
      type: question.type,
      domain: question.name,
      class: 'IN',
      source: upstream.protocol,
      upstream: upstream.label,
      attempt,
      timestamp: new Date(),
    } as const;
    this.#emitter.emit('query-sent', Object.freeze(event));
  }

  retry(queryId: number, upstream: Upstream, question: IQuestion, attempt: number, error: DnsError): void {
    if (!this.#heard['query-retry']) return;
    const event = {
      queryId,
      domain: question.name,
      type: question.type,
      source: upstream.protocol,
      upstream: upstream.label,
      attempt,
      reason: error.code,
      error: error.message,
    };
    this.#emitter.emit('query-retry', Object.freeze(event));
  }

  answered(queryId: number, result: IResolution, bytes: number, truncated: boolean): void {
    if (!this.#heard['query-answered']) return;
    const event = {
      queryId,
      domain: result.name,
      type: result.type,
      source: result.source,
      upstream: result.upstream,
      cached: result.cached,
      responseTime: result.latencyMs,
      responseCode: result.rcode,
      answers: result.answers.length,
      bytes,
      truncated,
      dnssec: result.authenticated,
    };
    this.#emitter.emit('query-answered', Object.freeze(event));
  }

  failed(queryId: number, domain: string, type: string, error: DnsError): void {
    if (!this.#heard['query-error']) return;
    const event = {
      queryId,
      domain,
      type,
      upstream: error.upstream,
      reason: error.code,
      error: error.message,
    };
    this.#emitter.emit('query-error', Object.freeze(event));
  }

  cacheLookup(hit: boolean, domain: string, type: string): void {
    const name = hit ? 'cache-hit' : 'cache-miss';
    if (this.#heard[name]) this.#emitter.emit(name, Object.freeze({ domain, type }));
  }

  cacheEvict(domain: string, type: string, reason: TEvictReason): void {
    if (this.#heard['cache-evict']) this.#emitter.emit('cache-evict', Object.freeze({ domain, type, reason }));
  }
}
