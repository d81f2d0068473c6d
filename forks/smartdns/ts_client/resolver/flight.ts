/**
 * One question asked of a pool until it is answered whole: aliases whose targets the resolver left out are followed.
 *
 * @module
 */
import { normalizeName } from '#wire';
import { DnsError } from '../errors/errors.ts';
import type { IDnsAnswer } from '../interfaces/answers.ts';
import { clientLimits } from '../limits/limits.ts';
import type { IQuestion } from '../transports/transport.ts';
import type { IAttemptObserver, UpstreamPool } from '../upstreams/pool.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { joinAnswers } from './answer.ts';
import type { IReadAnswer } from './answer.ts';
import type { ClientEvents } from './clientevents.ts';
import type { ClientCounters } from './clientstats.ts';

/** Counts and reports the attempts of one query. */
export class Flight implements IAttemptObserver {
  readonly #pool: UpstreamPool;
  readonly #deadlineMs: number;
  readonly #queryId: number;
  readonly #counters: ClientCounters;
  readonly #events: ClientEvents;

  constructor(pool: UpstreamPool, deadlineMs: number, queryId: number, counters: ClientCounters, events: ClientEvents) {
    this.#pool = pool;
    this.#deadlineMs = deadlineMs;
    this.#queryId = queryId;
    this.#counters = counters;
    this.#events = events;
  }

  async run(question: IQuestion): Promise<IDnsAnswer> {
    let { answer, next } = await this.#pool.ask(question, this.#deadlineMs, this);
    const seen = new Set([normalizeName(question.name)]);
    while (next !== undefined) {
      const target = normalizeName(next);
      if (seen.has(target) || seen.size > clientLimits.cnameStepsMax) {
        throw new DnsError('ECNAMELOOP', { hostname: question.name, type: question.type, upstream: answer.upstream });
      }
      seen.add(target);
      this.#counters.cnameSteps += 1;
      const step = await this.#follow({ ...question, name: next });
      // A server that is not responsible for the target has said all that it knows: the alias. Not to be kept.
      if (step === undefined) return { ...answer, ttl: 0 };
      answer = joinAnswers(answer, step.answer);
      next = step.next;
    }
    return answer;
  }

  /** Asks for an alias target; `undefined` when the resolvers refuse to speak about it. */
  async #follow(question: IQuestion): Promise<IReadAnswer | undefined> {
    try {
      return await this.#pool.ask(question, this.#deadlineMs, this);
    } catch (error) {
      if (error instanceof DnsError && error.code === 'EREFUSED') return undefined;
      throw error;
    }
  }

  sent(upstream: Upstream, question: IQuestion, attempt: number): void {
    this.#counters.attempts += 1;
    this.#events.sent(this.#queryId, upstream, question, attempt);
  }

  retry(upstream: Upstream, question: IQuestion, attempt: number, error: DnsError): void {
    this.#counters.attemptsFailed += 1;
    this.#events.retry(this.#queryId, upstream, question, attempt, error);
  }
}
