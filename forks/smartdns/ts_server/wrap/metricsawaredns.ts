/**
 * Counts the queries of a stock upstream server from outside.
 *
 * @module
 */
import { EventEmitter } from 'node:events';
import type { IDnsQuestion } from '../interfaces/query.ts';
import type { IStockDnsServer, TStockHandler, IStockQueryEvent, IWrappedDnsEvents } from './interfaces.ts';
import { WrappedDnsStats, type IWrappedDnsStats } from './wrappedstats.ts';

const msPerSecond = 1_000;

/** What the handlers of one query did, until the server tells that it is done with it. */
interface IHandled {
  readonly question: IDnsQuestion;
  readonly startedMs: number;
  zone: string | undefined;
  answers: number;
  failure: unknown;
  failed: boolean;
}

/**
 * Gives a stock `@push.rocks/smartdns` server the fork's stats and events.
 *
 * Wrap before handlers are registered. What a wrapper cannot see:
 * - client address, transport, response code, sizes, truncation and signatures: they read `unknown`, 0 and false;
 * - queries that the binary answers alone (`localhost`, DNSKEY) or drops (garbage): they are not counted;
 * - when a query arrives: `query-received` and `query-answered` come together, when its handlers are done;
 * - whether the answer left: what the handlers answered counts as answered;
 * - failures of handlers that were registered before wrapping.
 *
 * @example
 * const dns = new MetricsAwareDns(new DnsServer(options));
 * dns.on('query-answered', ({ domain, responseTime }) => log(domain, responseTime));
 * dns.server.registerHandler('*.example.com', ['A'], handler);
 */
export class MetricsAwareDns<T extends IStockDnsServer = IStockDnsServer> extends EventEmitter<IWrappedDnsEvents> {
  /** The wrapped server: use it as before. */
  readonly server: T;
  readonly #stats = new WrappedDnsStats();
  readonly #register: IStockDnsServer['registerHandler'];
  #queryIds = 0;
  #handled: IHandled | undefined;

  constructor(server: T) {
    super();
    this.server = server;
    this.#register = server.registerHandler.bind(server);
    server.registerHandler = (pattern, types, handler) => this.#register(pattern, types, this.#watch(pattern, handler));
    server.on('query', this.#onQuery);
  }

  get stats(): IWrappedDnsStats {
    return this.#stats;
  }

  getStats(): IWrappedDnsStats {
    return this.#stats;
  }

  /** Stops counting. Handlers registered meanwhile stay. */
  unwrap(): void {
    this.server.off('query', this.#onQuery);
    this.server.registerHandler = this.#register;
    this.#handled = undefined;
  }

  #watch(pattern: string, handler: TStockHandler): TStockHandler {
    return (question) => {
      const handled = this.#entry(question);
      try {
        const answer = handler(question);
        if (answer) {
          handled.answers++;
          handled.zone ??= pattern;
        }
        return answer;
      } catch (error) {
        if (!handled.failed) {
          handled.failed = true;
          handled.failure = error;
          // Stock 7.9 gives the query up here and emits nothing; a server that goes on emits `query` before this runs.
          queueMicrotask(() => this.#flush(handled));
        }
        throw error;
      }
    };
  }

  /** The entry of the query that is now being handled: handlers run one after the other, without a turn in between. */
  #entry(question: IDnsQuestion): IHandled {
    if (this.#handled?.question === question) return this.#handled;
    this.#flush(this.#handled);
    this.#handled = {
      question,
      startedMs: performance.now(),
      zone: undefined,
      answers: 0,
      failure: undefined,
      failed: false,
    };
    return this.#handled;
  }

  /** Counts a query that failed and that the server will not tell about. */
  #flush(handled: IHandled | undefined): void {
    if (handled === undefined || handled !== this.#handled) return;
    this.#handled = undefined;
    // The answers that other handlers gave were lost with it.
    handled.answers = 0;
    if (handled.failed) this.#count(handled.question, handled, new Date());
  }

  readonly #onQuery = (event: IStockQueryEvent): void => {
    const question = event.questions[0] ?? { name: '', type: '(none)' };
    const handled = this.#handled;
    if (handled === undefined || !event.questions.some(({ name }) => name === handled.question.name)) {
      this.#flush(handled);
      this.#count(question, undefined, new Date(event.timestamp));
    } else {
      this.#handled = undefined;
      this.#count(question, handled, new Date(event.timestamp));
    }
    if (this.listenerCount('query') > 0) this.emit('query', event);
  };

  #count(question: IDnsQuestion, handled: IHandled | undefined, timestamp: Date): void {
    const queryId = ++this.#queryIds;
    const domain = question.name.toLowerCase();
    const responseTime = handled === undefined ? 0 : performance.now() - handled.startedMs;
    this.#stats.countQuery(domain, question.type, handled?.zone, responseTime / msPerSecond);
    const about = { queryId, domain, type: question.type, source: 'unknown', clientIp: 'unknown' } as const;
    if (this.listenerCount('query-received') > 0) {
      const more = { class: question.class ?? 'IN', clientPort: 0, timestamp };
      this.emit('query-received', Object.freeze({ ...about, ...more }));
    }
    if (handled?.failed === true) this.#fail(queryId, handled.failure);
    if (this.listenerCount('query-answered') > 0) {
      const answers = handled?.answers ?? 0;
      const hidden = { cached: false, responseCode: 'unknown', bytes: 0, truncated: false, dnssec: false };
      this.emit('query-answered', Object.freeze({ ...about, ...hidden, responseTime, answers }));
    }
  }

  #fail(queryId: number, failure: unknown): void {
    this.#stats.countHandlerError();
    if (this.listenerCount('query-error') === 0) return;
    const error = failure instanceof Error ? failure.message : String(failure);
    const payload = { queryId, clientIp: 'unknown', source: 'unknown', reason: 'handler', error } as const;
    this.emit('query-error', Object.freeze(payload));
  }
}
