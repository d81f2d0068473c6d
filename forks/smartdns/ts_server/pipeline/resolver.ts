/**
 * What is answered to a question: by the server itself, from handlers, from elsewhere, or that there is nothing.
 *
 * @module
 */
import { rcodes, type IResourceRecord } from '#wire';
import { CachedResult, type ICacheObserver } from '../handlers/cache.ts';
import { mergeOutcomes, type IRepeatRule, type THandlerOutcome } from '../handlers/outcomes.ts';
import { toRecords } from '../handlers/records.ts';
import { callHandler, HandlerFailure, isWholeAnswer, sameResults } from '../handlers/results.ts';
import type { HandlerTable, IHandlerEntry } from '../handlers/table.ts';
import type { IDnsHandlerResponse, IDnsQueryContext, IDnsQuestion } from '../interfaces/query.ts';
import { aliasHopsMax } from '../limits/index.ts';
import { sources, type DnsStats } from '../stats/dnsstats.ts';
import type { Zone, ZoneTable } from '../zone/index.ts';
import { after, isPromise } from './after.ts';
import { negativeSoa, type Authority } from './authority.ts';
import { answerByClassAndType, answerLocalhost, isAny, minimalAny, type IServerIdentity } from './builtin.ts';
import type { EventGate } from './emitter.ts';
import type { Exchange } from './exchange.ts';
import type { Forwarding } from './forwarding.ts';
import { flavourDnssec, type AnswerImage } from './image.ts';
import { rcodeFromName } from './rcodes.ts';
import { DnsResponse } from './response.ts';
import type { IProof, Signing } from './signing.ts';

type TAnswer = DnsResponse | Promise<DnsResponse>;
type TPending = THandlerOutcome | Promise<THandlerOutcome>;

export interface IResolverParts {
  readonly table: HandlerTable;
  readonly authority: Authority;
  readonly zones: ZoneTable;
  readonly signing: Signing;
  readonly stats: DnsStats;
  readonly events: EventGate;
  readonly identity: IServerIdentity;
  readonly localhost: boolean;
  readonly forwarding: Forwarding | undefined;
}

/** One name on the way to its answer; aliases lead to further ones. */
interface ISearch {
  readonly exchange: Exchange;
  readonly question: IDnsQuestion;
  readonly hops: number;
}

/** Records were found; there is nothing to deny. */
const answerProof: IProof = { kind: 'answer' };
/** Name under which forwarded questions are counted. */
const forwardedZone = '(forwarded)';

export class Resolver implements ICacheObserver {
  readonly #table: HandlerTable;
  readonly #authority: Authority;
  readonly #zones: ZoneTable;
  readonly #signing: Signing;
  readonly #stats: DnsStats;
  readonly #events: EventGate;
  readonly #identity: IServerIdentity;
  readonly #localhost: boolean;
  readonly #forwarding: Forwarding | undefined;

  constructor(parts: IResolverParts) {
    this.#table = parts.table;
    this.#authority = parts.authority;
    this.#zones = parts.zones;
    this.#signing = parts.signing;
    this.#stats = parts.stats;
    this.#events = parts.events;
    this.#identity = parts.identity;
    this.#localhost = parts.localhost;
    this.#forwarding = parts.forwarding;
  }

  /** Rises with every change of what may be answered. */
  get epoch(): number {
    return this.#table.version + this.#zones.version + this.#signing.version;
  }

  resolve(exchange: Exchange): TAnswer {
    const { image } = exchange;
    if (image !== undefined) {
      return this.#resolveFromImage(exchange, image);
    }
    const special = answerByClassAndType(exchange, this.#identity);
    if (special !== undefined) {
      return special;
    }
    const local = this.#localhost ? answerLocalhost(exchange) : undefined;
    return local ?? this.#lookUp({ exchange, question: exchange.question, hops: 0 });
  }

  /** Calls the handlers behind an image; undefined while they return what they returned when it was made. */
  callAgain(image: AnswerImage, source: number, clientIp: string, clientPort: number): TPending[] | undefined {
    const entries = image.entries!;
    const { name, type } = image.question;
    const dnssecOk = image.flavour === flavourDnssec;
    const context: IDnsQueryContext = { source: sources[source]!, clientIp, clientPort, dnssecOk };
    let changed: TPending[] | undefined;
    for (let index = 0; index < entries.length; index++) {
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

  fromResults(exchange: Exchange, entries: readonly IHandlerEntry[], results: readonly TPending[]): TAnswer {
    return this.#merge({ exchange, question: exchange.question, hops: 0 }, entries, results);
  }

  hit(domain: string, type: string): void {
    this.#stats.cacheHits++;
    if (this.#events.cacheHit) {
      this.#events.emitCache('cache-hit', domain, type);
    }
  }

  miss(domain: string, type: string): void {
    this.#stats.cacheMisses++;
    if (this.#events.cacheMiss) {
      this.#events.emitCache('cache-miss', domain, type);
    }
  }

  evict(domain: string, type: string): void {
    this.#stats.cacheEvictions++;
    if (this.#events.cacheEvict) {
      this.#events.emitCache('cache-evict', domain, type);
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

  #resolveFromImage(exchange: Exchange, image: AnswerImage): TAnswer {
    if (image.entries !== undefined) {
      const results = this.callAgain(image, exchange.sourceIndex, exchange.clientIp, exchange.clientPort);
      if (results !== undefined) {
        return this.fromResults(exchange, image.entries, results);
      }
    }
    if (image.cached) {
      this.hit(exchange.domain, exchange.type);
    }
    return DnsResponse.fromImage(image);
  }

  #call({ exchange }: ISearch, entry: IHandlerEntry, question: IDnsQuestion): TPending {
    const outcome =
      entry.cache === undefined
        ? callHandler(entry, question, exchange)
        : entry.cache.get(question.name, question.type, () => callHandler(entry, question, exchange));
    if (isPromise(outcome) && entry.options.timeoutMs !== undefined) {
      exchange.deadlineMs = Math.max(exchange.deadlineMs, exchange.startMs + entry.options.timeoutMs);
    }
    return outcome;
  }

  #lookUp(search: ISearch): TAnswer {
    const { exchange, question } = search;
    const matching = this.#table.matching(question.name);
    if (matching.length > 0 && isAny(exchange)) {
      return minimalAny(question.name);
    }
    const wanted = matching.filter((entry) => entry.recordTypes.includes(question.type));
    if (wanted.length === 0) {
      return this.#withoutRecords(search, matching, search.hops === 0 ? {} : undefined);
    }
    const results = wanted.map((entry) => this.#call(search, entry, { ...question }));
    return this.#merge(search, wanted, results);
  }

  #merge(search: ISearch, entries: readonly IHandlerEntry[], results: readonly TPending[]): TAnswer {
    if (results.some(isPromise)) {
      const settled = Promise.all(results.map(async (result) => await result));
      return settled.then((outcomes) => this.#fromOutcomes(search, entries, outcomes));
    }
    return this.#fromOutcomes(search, entries, results as readonly THandlerOutcome[]);
  }

  #fromOutcomes(search: ISearch, entries: readonly IHandlerEntry[], outcomes: readonly THandlerOutcome[]): TAnswer {
    const { entry, failure, whole, records, cached, repeat } = mergeOutcomes(entries, outcomes);
    const recipe = search.hops === 0 ? repeat : undefined;
    if (failure !== undefined) {
      return counted(DnsResponse.failed(rcodes.SERVFAIL, 'handler', failure.error), entry);
    }
    if (whole !== undefined) {
      const response = counted(this.toResponse(whole), entry);
      response.cached = cached;
      response.proof = answerProof;
      return response;
    }
    if (records.length === 0) {
      return this.#withoutRecords(search, this.#table.matching(search.question.name), recipe);
    }
    const response = counted(new DnsResponse(rcodes.NOERROR, true, records), entry);
    response.cached = cached;
    response.recipe = recipe;
    response.proof = answerProof;
    return this.#followAlias(search, response);
  }

  /** No handler has records of the type: an alias, an apex record, or nothing. */
  #withoutRecords(search: ISearch, matching: readonly IHandlerEntry[], recipe: IRepeatRule | undefined): TAnswer {
    const { question, hops } = search;
    const alias = matching.find((entry) => entry.recordTypes.includes('CNAME'));
    if (alias === undefined || question.type === 'CNAME') {
      return this.#negative(search, matching, recipe);
    }
    return after(this.#call(search, alias, { ...question, type: 'CNAME' }), (outcome) => {
      const given = outcome instanceof CachedResult ? outcome.result : outcome;
      return given === null || given === undefined
        ? this.#negative(search, matching, undefined)
        : this.#fromOutcomes({ ...search, hops: Math.max(hops, 1) }, [alias], [outcome]);
    });
  }

  /** A CNAME answers every type but its own; what it points to is added as far as we know it (RFC 1034 §4.3.2). */
  #followAlias(search: ISearch, response: DnsResponse): TAnswer {
    const { question, hops } = search;
    const { answers } = response.view();
    const last = answers.at(-1);
    if (question.type === 'CNAME' || last?.type !== 'CNAME' || hops > aliasHopsMax) {
      return response;
    }
    response.recipe = undefined;
    const target = String(last.data).toLowerCase();
    const known =
      this.#table.matching(target).length > 0 ||
      this.#zones.find(target, question.type) !== undefined ||
      this.#authority.originOf(target) !== undefined;
    if (!known || answers.some((record) => record.name.toLowerCase() === target)) {
      return response;
    }
    const next: ISearch = { ...search, question: { ...question, name: target }, hops: hops + 1 };
    return after(this.#lookUp(next), (rest) => {
      if (rest.failure !== undefined) {
        return rest;
      }
      // The code is that of the last name (RFC 6604 §2.1).
      const { answers: more, authorities } = rest.view();
      const joined = new DnsResponse(rest.rcodeNumber, true, [...answers, ...more], authorities);
      joined.counters = response.counters;
      joined.proof = rest.proof ?? answerProof;
      return joined;
    });
  }

  #negative(search: ISearch, matching: readonly IHandlerEntry[], recipe: IRepeatRule | undefined): TAnswer {
    const { name, type } = search.question;
    const zone = this.#zones.find(name, type);
    if (zone !== undefined) {
      return this.#fromZone(search, zone, matching, recipe);
    }
    const origin = this.#authority.originOf(name);
    if (origin === undefined) {
      return matching.length === 0
        ? this.#outside(search)
        : counted(new DnsResponse(rcodes.NOERROR, true), matching[0]);
    }
    const exists = matching.length > 0 || name === origin || this.#table.hasDescendants(name);
    return after(this.#soaOf(search, origin), (soa) => {
      const found = this.#apexRecord(search, origin, soa);
      const response =
        found ?? new DnsResponse(exists ? rcodes.NOERROR : rcodes.NXDOMAIN, true, [], [negativeSoa(soa)]);
      response.counters = matching[0]?.counters ?? this.#stats.zones.resolve(origin);
      response.cached = recipe?.cached ?? false;
      // An SOA from a handler may differ the next time.
      response.recipe = this.#soaHandler(origin) === undefined ? recipe : undefined;
      const types = matching.flatMap(({ recordTypes }) => recordTypes);
      response.proof = found === undefined ? { kind: exists ? 'nodata' : 'nxdomain', name, types } : answerProof;
      return response;
    });
  }

  #fromZone(search: ISearch, zone: Zone, matching: readonly IHandlerEntry[], recipe: IRepeatRule | undefined): TAnswer {
    const { exchange, question, hops } = search;
    const { name, type } = question;
    if (isAny(exchange) && zone.lookup(name, 'HINFO').kind === 'nodata') {
      return minimalAny(name);
    }
    const found = zone.lookup(name, type);
    // A handler at or below a name makes it exist, whatever the zone says.
    const exists = found.kind === 'nxdomain' && (matching.length > 0 || this.#table.hasDescendants(name));
    const response = new DnsResponse(
      exists ? rcodes.NOERROR : found.rcode,
      found.authoritative,
      found.answers,
      found.authorities,
      found.additionals,
    );
    response.counters = this.#stats.zones.resolve(zone.origin);
    response.cached = recipe?.cached ?? false;
    response.recipe = hops === 0 ? recipe : undefined;
    response.proof = exists
      ? { kind: 'nodata', name, types: matching.flatMap(({ recordTypes }) => recordTypes) }
      : { steps: found.steps };
    return found.kind === 'cname' ? this.#followAlias(search, response) : response;
  }

  /** A name that is in none of our zones. */
  #outside({ exchange, question, hops }: ISearch): TAnswer {
    const forwarding = this.#forwarding;
    if (forwarding === undefined || hops > 0 || !exchange.recursionDesired || !forwarding.serves(exchange.clientIp)) {
      return DnsResponse.failed(rcodes.REFUSED, 'refused', `${question.name} is in none of our zones`);
    }
    return forwarding.resolve(exchange).then((response) => {
      response.counters = this.#stats.zones.resolve(forwardedZone);
      if (response.cached) {
        this.hit(exchange.domain, exchange.type);
      } else {
        this.miss(exchange.domain, exchange.type);
      }
      return response;
    });
  }

  /** SOA and NS of a zone whose handlers give none. */
  #apexRecord({ question }: ISearch, origin: string, soa: IResourceRecord): DnsResponse | undefined {
    if (question.name !== origin) {
      return undefined;
    }
    if (question.type === 'ANY') {
      return minimalAny(origin);
    }
    const kept = this.#signing.apexRecords(origin, question.type);
    if (kept !== undefined && kept.length > 0) {
      return new DnsResponse(rcodes.NOERROR, true, [...kept]);
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

  #soaHandler(origin: string): IHandlerEntry | undefined {
    return this.#table.matching(origin).find(({ recordTypes }) => recordTypes.includes('SOA'));
  }

  /** The SOA that a handler gives for the origin, else our own. */
  #soaOf(search: ISearch, origin: string): IResourceRecord | Promise<IResourceRecord> {
    const entry = this.#soaHandler(origin);
    if (entry === undefined) {
      return this.#authority.soa(origin);
    }
    return after(this.#call(search, entry, { name: origin, type: 'SOA', class: 'IN' }), (outcome) => {
      const value = outcome instanceof CachedResult ? outcome.result : outcome;
      if (value instanceof HandlerFailure || value === null || value === undefined || isWholeAnswer(value)) {
        return this.#authority.soa(origin);
      }
      return toRecords(value).find((record) => record.type === 'SOA') ?? this.#authority.soa(origin);
    });
  }
}

function counted(response: DnsResponse, entry: IHandlerEntry | undefined): DnsResponse {
  response.counters = entry?.counters;
  return response;
}
