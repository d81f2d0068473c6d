/**
 * Several resolvers that can answer the same question: who is asked, in which order, how often.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import { rcodeToName } from '#wire';
import { DnsError, asDnsError, errorForRcode } from '../errors/errors.ts';
import type { IResolverOptions, TUpstream } from '../interfaces/options.ts';
import { clientLimits } from '../limits/limits.ts';
import { readExtendedErrors } from '../transports/extendederrors.ts';
import { readAnswer } from '../resolver/answer.ts';
import type { IReadAnswer } from '../resolver/answer.ts';
import type { IQuestion } from '../transports/transport.ts';
import { Upstream } from './upstream.ts';

/** Told of every attempt. */
export interface IAttemptObserver {
  sent(upstream: Upstream, question: IQuestion, attempt: number): void;
  retry(upstream: Upstream, question: IQuestion, attempt: number, error: DnsError): void;
}

/** Errors that say something about the resolver, not about the name: it is passed over for a while. */
const networkFaults = new Set(['ETIMEOUT', 'ECONNECT', 'ETLS', 'EHTTP', 'EBADRESP']);
/** Errors that asking again will not mend. */
const finalFaults = new Set(['EREFUSED', 'ENOTIMP', 'EFORMERR', 'ERCODE']);
/** SERVFAIL answers of one resolver to one question that are enough (RFC 9520 §3.1 bounds retries). */
const servfailsMax = 2;

/** The resolvers of one purpose. */
export class UpstreamPool {
  /** Distinguishes pools in cache keys. */
  readonly id: string;
  readonly upstreams: readonly Upstream[];
  readonly #options: IResolverOptions;
  readonly #abort = new AbortController();
  #turn = 0;

  /** @throws DnsError `EBADOPTION`, `ENOUPSTREAM` */
  constructor(id: string, upstreams: readonly TUpstream[], options: IResolverOptions) {
    if (upstreams.length === 0) throw new DnsError('ENOUPSTREAM');
    if (upstreams.length > clientLimits.upstreamsMax) {
      throw new DnsError('EBADOPTION', { note: `at most ${clientLimits.upstreamsMax} resolvers` });
    }
    this.id = id;
    this.upstreams = upstreams.map((upstream) => new Upstream(upstream, options));
    this.#options = options;
  }

  /**
   * Asks one resolver after the other until one gives an answer that can be believed.
   *
   * @throws DnsError the last resolver's failure
   */
  async ask(question: IQuestion, deadlineMs: number, observer: IAttemptObserver): Promise<IReadAnswer> {
    const run = new AttemptRun(this.#order(performance.now()));
    const attemptsMax = this.#options.attemptsMax ?? clientLimits.attemptsMax;
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const upstream = run.next();
      if (upstream === undefined) break;
      if (run.failedAtOnce.has(upstream)) await this.#pause(run.round, deadlineMs);
      const leftMs = deadlineMs - performance.now();
      if (attempt > 1 && leftMs < clientLimits.attemptTimeoutMinMs) break;
      if (leftMs <= 0) break;
      const timeoutMs = Math.min(leftMs, upstream.attemptTimeoutMs(this.#options, run.round));
      observer.sent(upstream, question, attempt);
      const outcome = await attemptOnce(upstream, question, timeoutMs);
      if (!(outcome instanceof DnsError)) return outcome;
      if (outcome.code === 'EDESTROYED' || outcome.code === 'ECNAMELOOP') throw outcome;
      run.failed(upstream, outcome);
      observer.retry(upstream, question, attempt, outcome);
    }
    throw run.failure ?? new DnsError('ETIMEOUT', { hostname: question.name, type: question.type });
  }

  close(): void {
    this.#abort.abort();
    for (const upstream of this.upstreams) upstream.close();
  }

  /** Those that work first, in the configured (or rotated) order. */
  #order(nowMs: number): Upstream[] {
    const { upstreams } = this;
    const start = this.#options.rotate === true ? this.#turn++ % upstreams.length : 0;
    const turned = start === 0 ? upstreams : [...upstreams.slice(start), ...upstreams.slice(0, start)];
    const good = turned.filter((upstream) => !upstream.passedOver(nowMs));
    return good.length === turned.length ? good : [...good, ...turned.filter((upstream) => !good.includes(upstream))];
  }

  async #pause(round: number, deadlineMs: number): Promise<void> {
    // Half of it at random, so that many clients do not come back in step.
    const fullMs = clientLimits.retryDelayMs * 2 ** Math.max(0, round - 1);
    const pauseMs = Math.min(fullMs * (0.5 + Math.random() / 2), deadlineMs - performance.now());
    if (pauseMs <= 0) return;
    try {
      await delay(pauseMs, undefined, { signal: this.#abort.signal });
    } catch {
      throw new DnsError('EDESTROYED');
    }
  }
}

/** The state of one question's way through the resolvers. */
class AttemptRun {
  /** 0 while resolvers are asked for the first time. */
  round = 0;
  failure: DnsError | undefined;
  /** Resolvers that have failed without using up their time. */
  readonly failedAtOnce = new Set<Upstream>();
  readonly #servfails = new Map<Upstream, number>();
  #order: Upstream[];
  #at = 0;

  constructor(order: Upstream[]) {
    this.#order = order;
  }

  next(): Upstream | undefined {
    if (this.#at >= this.#order.length) {
      this.#at = 0;
      this.round += 1;
    }
    const upstream = this.#order[this.#at];
    this.#at += 1;
    return upstream;
  }

  failed(upstream: Upstream, error: DnsError): void {
    this.failure = error;
    upstream.failed(performance.now(), networkFaults.has(error.code));
    if (error.code !== 'ETIMEOUT') this.failedAtOnce.add(upstream);
    const servfails = (this.#servfails.get(upstream) ?? 0) + (error.code === 'ESERVFAIL' ? 1 : 0);
    this.#servfails.set(upstream, servfails);
    if (finalFaults.has(error.code) || servfails >= servfailsMax) {
      this.#at -= 1;
      this.#order = this.#order.filter((other) => other !== upstream);
    }
  }
}

async function attemptOnce(
  upstream: Upstream,
  question: IQuestion,
  timeoutMs: number,
): Promise<IReadAnswer | DnsError> {
  const startMs = performance.now();
  const detail = { hostname: question.name, type: question.type, upstream: upstream.label };
  try {
    const reply = await upstream.ask(question, timeoutMs);
    const rcode = rcodeToName(reply.message.rcode);
    if (rcode !== 'NOERROR' && rcode !== 'NXDOMAIN') {
      return errorForRcode(rcode, { ...detail, extendedErrors: readExtendedErrors(reply.message.edns) });
    }
    const read = readAnswer(question, reply, upstream.label);
    upstream.succeeded(performance.now() - startMs);
    return read;
  } catch (error) {
    return asDnsError(error, 'ECONNECT', detail);
  }
}
