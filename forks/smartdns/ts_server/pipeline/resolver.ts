/**
 * What is answered to a question: by itself, from handlers, or that there is nothing.
 *
 * @module
 */
import { rcodes, type IResourceRecord } from '#wire';
import { sameResults, callHandler, HandlerFailure, isWholeAnswer } from '../handlers/results.ts';
import { toRecords } from '../handlers/records.ts';
import type { HandlerTable, IHandlerEntry } from '../handlers/table.ts';
import type { IDnsHandlerResponse, IDnsQueryContext, IDnsQuestion, TDnsHandlerResult } from '../interfaces/query.ts';
import { aliasHopsMax } from '../limits/index.ts';
import { sources, type DnsStats } from '../stats/dnsstats.ts';
import { after, isPromise } from './after.ts';
import { negativeSoa, type Authority } from './authority.ts';
import { answerByClassAndType, answerLocalhost, isAny, minimalAny, type IServerIdentity } from './builtin.ts';
import type { EventGate } from './emitter.ts';
import type { Exchange } from './exchange.ts';
import type { AnswerImage } from './image.ts';
import { rcodeFromName } from './rcodes.ts';
import { DnsResponse } from './response.ts';

/** A handler's result, or why there is none. */
export type THandlerOutcome = TDnsHandlerResult | HandlerFailure;

export interface IResolverParts {
  readonly table: HandlerTable;
  readonly authority: Authority;
  readonly stats: DnsStats;
  readonly events: EventGate;
  readonly identity: IServerIdentity;
  readonly localhost: boolean;
}

export class Resolver {
  readonly #table: HandlerTable;
  readonly #authority: Authority;
  readonly #stats: DnsStats;
  readonly #events: EventGate;
  readonly #identity: IServerIdentity;
  readonly #localhost: boolean;

  constructor(parts: IResolverParts) {
    this.#table = parts.table;
    this.#authority = parts.authority;
    this.#stats = parts.stats;
    this.#events = parts.events;
    this.#identity = parts.identity;
    this.#localhost = parts.localhost;
  }

  /** Rises with every change of what may be answered. */
  get epoch(): number {
    return this.#table.version;
  }

  resolve(exchange: Exchange): DnsResponse | Promise<DnsResponse> {
    const { image } = exchange;
    if (image !== undefined) {
      const results =
        image.entries === undefined
          ? undefined
          : this.callAgain(image, exchange.sourceIndex, exchange.clientIp, exchange.clientPort);
      if (results !== undefined) {
        return this.fromResults(exchange, image.entries!, results);
      }
      if (image.cached) {
        this.countHit(exchange.domain, exchange.type);
      }
      return DnsResponse.fromImage(image);
    }
    const special = answerByClassAndType(exchange, this.#identity);
    if (special !== undefined) {
      return special;
    }
    const local = this.#localhost ? answerLocalhost(exchange) : undefined;
    return local ?? this.#lookUp(exchange, exchange.question, 0);
  }

  /** Calls the handlers behind an image; undefined while they return what they returned when it was made. */
  callAgain(
    image: AnswerImage,
    source: number,
    clientIp: string,
    clientPort: number,
  ): Array<THandlerOutcome | Promise<THandlerOutcome>> | undefined {
    const entries = image.entries!;
    const context: IDnsQueryContext = {
      source: sources[source]!,
      clientIp,
      clientPort,
      dnssecOk: image.flavour === 2,
    };
    let changed: Array<THandlerOutcome | Promise<THandlerOutcome>> | undefined;
    for (let index = 0; index < entries.length; index++) {
      const { name, type } = image.question;
      const outcome = callHandler(entries[index]!, { name, type, class: 'IN' }, context);
      if (changed !== undefined) {
        changed.push(outcome);
      } else if (isPromise(outcome) || !sameResults(image.results[index], outcome)) {
        // Those before were equal, so the kept ones stand for them.
        changed = [...image.results.slice(0, index), outcome];
      }
    }
    return changed;
  }

  fromResults(
    exchange: Exchange,
    entries: readonly IHandlerEntry[],
    results: ReadonlyArray<THandlerOutcome | Promise<THandlerOutcome>>,
  ): DnsResponse | Promise<DnsResponse> {
    const go = (outcomes: readonly THandlerOutcome[]): DnsResponse | Promise<DnsResponse> =>
      this.#fromOutcomes(exchange, exchange.question, entries, outcomes, 0);
    return this.#whenReady(exchange, entries, results, go);
  }

  countHit(domain: string, type: string): void {
    this.#stats.cacheHits++;
    if (this.#events.cacheHit) {
      this.#events.emitCache('cache-hit', domain, type);
    }
  }

  /** An answer that a handler or middleware gave whole. */
  toResponse(given: IDnsHandlerResponse): DnsResponse {
    return new DnsResponse(
      rcodeFromName(given.rcode ?? 'NOERROR'),
      true,
      (given.answers ?? []).flatMap(toRecords),
      (given.authorities ?? []).flatMap(toRecords),
      (given.additionals ?? []).flatMap(toRecords),
    );
  }

  #whenReady(
    exchange: Exchange,
    entries: readonly IHandlerEntry[],
    results: ReadonlyArray<THandlerOutcome | Promise<THandlerOutcome>>,
    go: (outcomes: readonly THandlerOutcome[]) => DnsResponse | Promise<DnsResponse>,
  ): DnsResponse | Promise<DnsResponse> {
    if (!results.some(isPromise)) {
      return go(results as readonly THandlerOutcome[]);
    }
    this.#wait(exchange, entries);
    return Promise.all(results.map(async (result) => await result)).then(go);
  }

  #wait(exchange: Exchange, entries: readonly IHandlerEntry[]): void {
    for (const { options } of entries) {
      if (options.timeoutMs !== undefined) {
        exchange.deadlineMs = Math.max(exchange.deadlineMs, exchange.startMs + options.timeoutMs);
      }
    }
  }

  #lookUp(exchange: Exchange, question: IDnsQuestion, hops: number): DnsResponse | Promise<DnsResponse> {
    const matching = this.#table.matching(question.name);
    if (isAny(exchange) && matching.length > 0) {
      return minimalAny(question.name);
    }
    const wanted = matching.filter((entry) => entry.recordTypes.includes(question.type));
    if (wanted.length === 0) {
      return this.#withoutRecords(exchange, question, matching, hops);
    }
    const results = wanted.map((entry) => callHandler(entry, { ...question }, exchange));
    const go = (outcomes: readonly THandlerOutcome[]): DnsResponse | Promise<DnsResponse> =>
      this.#fromOutcomes(exchange, question, wanted, outcomes, hops);
    return this.#whenReady(exchange, wanted, results, go);
  }

  #fromOutcomes(
    exchange: Exchange,
    question: IDnsQuestion,
    entries: readonly IHandlerEntry[],
    outcomes: readonly THandlerOutcome[],
    hops: number,
  ): DnsResponse | Promise<DnsResponse> {
    const records: IResourceRecord[] = [];
    let first: IHandlerEntry | undefined;
    for (const [index, outcome] of outcomes.entries()) {
      const entry = entries[index]!;
      if (outcome instanceof HandlerFailure) {
        return this.#failed(entry, outcome.error);
      }
      if (outcome === null || outcome === undefined) {
        continue;
      }
      try {
        if (isWholeAnswer(outcome)) {
          const response = this.toResponse(outcome);
          response.counters = entry.counters;
          return response;
        }
        records.push(...toRecords(outcome));
        first ??= entry;
      } catch (error) {
        return this.#failed(entry, error);
      }
    }
    if (first === undefined || records.length === 0) {
      return this.#withoutRecords(exchange, question, this.#table.matching(question.name), hops);
    }
    const response = new DnsResponse(rcodes.NOERROR, true, records);
    response.counters = first.counters;
    if (hops === 0) {
      response.recipe = { entries, results: outcomes as readonly TDnsHandlerResult[] };
    }
    return this.#followAlias(exchange, question, response, hops);
  }

  #failed(entry: IHandlerEntry, error: unknown): DnsResponse {
    const response = DnsResponse.failed(rcodes.SERVFAIL, 'handler', error);
    response.counters = entry.counters;
    return response;
  }

  /** No handler has records of the type: an alias, an apex record, or nothing. */
  #withoutRecords(
    exchange: Exchange,
    question: IDnsQuestion,
    matching: readonly IHandlerEntry[],
    hops: number,
  ): DnsResponse | Promise<DnsResponse> {
    const alias = matching.find((entry) => entry.recordTypes.includes('CNAME'));
    if (alias !== undefined && question.type !== 'CNAME') {
      const outcome = callHandler(alias, { ...question, type: 'CNAME' }, exchange);
      if (isPromise(outcome)) {
        this.#wait(exchange, [alias]);
      }
      return after(outcome, (value) =>
        value === null || value === undefined
          ? this.#negative(exchange, question, matching)
          : this.#fromOutcomes(exchange, question, [alias], [value], Math.max(hops, 1)),
      );
    }
    return this.#negative(exchange, question, matching);
  }

  /** A CNAME answers every type but its own; what it points to is added as far as we know it (RFC 1034 §4.3.2). */
  #followAlias(
    exchange: Exchange,
    question: IDnsQuestion,
    response: DnsResponse,
    hops: number,
  ): DnsResponse | Promise<DnsResponse> {
    const { answers } = response.view();
    const last = answers.at(-1);
    if (question.type === 'CNAME' || last?.type !== 'CNAME' || hops > aliasHopsMax) {
      return response;
    }
    response.recipe = undefined;
    const target = String(last.data).toLowerCase();
    const known = this.#table.matching(target).length > 0 || this.#authority.originOf(target) !== undefined;
    if (!known || answers.some((record) => record.name.toLowerCase() === target)) {
      return response;
    }
    return after(this.#lookUp(exchange, { ...question, name: target }, hops + 1), (rest) => {
      if (rest.failure !== undefined) {
        return rest;
      }
      // The code is that of the last name (RFC 6604 §2.1).
      const { answers: more, authorities } = rest.view();
      const joined = new DnsResponse(rest.rcodeNumber, true, [...answers, ...more], authorities);
      joined.counters = response.counters;
      return joined;
    });
  }

  #negative(
    exchange: Exchange,
    question: IDnsQuestion,
    matching: readonly IHandlerEntry[],
  ): DnsResponse | Promise<DnsResponse> {
    const { name } = question;
    const origin = this.#authority.originOf(name);
    if (origin === undefined) {
      if (matching.length === 0) {
        return DnsResponse.failed(rcodes.REFUSED, 'refused', `${name} is in none of our zones`);
      }
      const nothing = new DnsResponse(rcodes.NOERROR, true);
      nothing.counters = matching[0]!.counters;
      return nothing;
    }
    const exists = matching.length > 0 || name === origin || this.#table.hasDescendants(name);
    return after(this.#soaOf(exchange, origin), (soa) => {
      const response =
        this.#apexRecord(question, origin, soa) ??
        new DnsResponse(exists ? rcodes.NOERROR : rcodes.NXDOMAIN, true, [], [negativeSoa(soa)]);
      response.counters = matching[0]?.counters ?? this.#stats.zones.resolve(origin);
      return response;
    });
  }

  /** SOA and NS of a zone whose handlers give none. */
  #apexRecord(question: IDnsQuestion, origin: string, soa: IResourceRecord): DnsResponse | undefined {
    if (question.name !== origin) {
      return undefined;
    }
    if (question.type === 'ANY') {
      return minimalAny(origin);
    }
    if (question.type === 'SOA') {
      return new DnsResponse(rcodes.NOERROR, true, [soa]);
    }
    if (question.type === 'NS' && this.#authority.isConfigured(origin)) {
      const data = this.#authority.nameserver(origin);
      return new DnsResponse(rcodes.NOERROR, true, [{ name: origin, type: 'NS', class: 'IN', ttl: soa.ttl, data }]);
    }
    return undefined;
  }

  /** The SOA that a handler gives for the origin, else our own. */
  #soaOf(exchange: Exchange, origin: string): IResourceRecord | Promise<IResourceRecord> {
    const entry = this.#table.matching(origin).find(({ recordTypes }) => recordTypes.includes('SOA'));
    if (entry === undefined) {
      return this.#authority.soa(origin);
    }
    const outcome = callHandler(entry, { name: origin, type: 'SOA', class: 'IN' }, exchange);
    return after(outcome, (value) => {
      if (value instanceof HandlerFailure || value === null || value === undefined || isWholeAnswer(value)) {
        return this.#authority.soa(origin);
      }
      return toRecords(value).find((record) => record.type === 'SOA') ?? this.#authority.soa(origin);
    });
  }
}
