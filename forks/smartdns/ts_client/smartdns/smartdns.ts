/**
 * Upstream's client, in process and without binaries.
 *
 * @module
 */
import { EventEmitter } from 'node:events';
import { recordTypes } from '#wire';
import type { IResourceRecord } from '#wire';
import { DnsError } from '../errors/errors.ts';
import type { IResolution } from '../interfaces/answers.ts';
import type { IResolverEvents } from '../interfaces/events.ts';
import type { IResolveOptions, TUpstream } from '../interfaces/options.ts';
import { clientLimits } from '../limits/limits.ts';
import { lookupFunction } from '../lookup/lookup.ts';
import type { ILookupDefaults, TLookupFunction } from '../lookup/lookup.ts';
import { resolveService } from '../lookup/srv.ts';
import type { IServiceTarget } from '../lookup/srv.ts';
import { ClientStats } from '../resolver/clientstats.ts';
import { ResolverEngine } from '../resolver/engine.ts';
import { UpstreamPool } from '../upstreams/pool.ts';
import { NodeDns, nodeCanLookUp } from './nodedns.ts';
import { defaultResolvers } from './options.ts';
import type { ISmartDnsConstructorOptions } from './options.ts';
import { planFor } from './plan.ts';
import type { IPlan, TRoute } from './plan.ts';
import { Propagation } from './propagation.ts';
import type { IAnyDnsRecord, IDnsRecord, TDnsRecordType } from './recordtypes.ts';
import { recordValue } from './values.ts';

/**
 * Resolves names by a strategy that combines the system's resolver, UDP, DoH and DoT.
 *
 * ```ts
 * const smartdns = new Smartdns({ strategy: 'prefer-udp' });
 * const [mx] = await smartdns.getRecords('example.com', 'MX'); // mx.value === '10 mail.example.com'
 * smartdns.destroy();
 * ```
 */
export class Smartdns extends EventEmitter<IResolverEvents> {
  /** Type numbers by mnemonic. */
  dnsTypeMap: { [key: string]: number } = { ...recordTypes };
  readonly stats: ClientStats;
  readonly #options: ISmartDnsConstructorOptions;
  readonly #plan: IPlan;
  readonly #engine: ResolverEngine;
  readonly #pools = new Map<TRoute, UpstreamPool>();
  readonly #nodeDns = new NodeDns();
  #propagation = new Propagation();

  /** @throws DnsError `EBADOPTION` for an unknown strategy; a bad resolver address shows at the first question */
  constructor(optionsArg: ISmartDnsConstructorOptions = {}) {
    super();
    this.#options = optionsArg;
    this.#plan = planFor(optionsArg);
    this.#engine = new ResolverEngine(optionsArg, this);
    this.stats = new ClientStats(this.#engine);
  }

  /** IPv4 addresses; an alias on the way is part of the list, as record of type CNAME. */
  getRecordsA(recordNameArg: string): Promise<IDnsRecord[]> {
    return this.getRecords(recordNameArg, 'A');
  }

  /** IPv6 addresses. */
  getRecordsAAAA(recordNameArg: string): Promise<IDnsRecord[]> {
    return this.getRecords(recordNameArg, 'AAAA');
  }

  /** Texts; the strings of one record are joined. */
  getRecordsTxt(recordNameArg: string): Promise<IDnsRecord[]> {
    return this.getRecords(recordNameArg, 'TXT');
  }

  getRecords(recordNameArg: string, recordTypeArg: TDnsRecordType, retriesCounterArg?: number): Promise<IDnsRecord[]>;
  getRecords(recordNameArg: string, recordTypeArg: string, retriesCounterArg?: number): Promise<IAnyDnsRecord[]>;
  /**
   * Records of one type, aliases included.
   *
   * @param _retriesCounterArg kept for upstream's callers; `attemptsMax` bounds the attempts
   * @returns an empty list when there are none and, unless `throwOnError` is set, when no resolver answered
   */
  async getRecords(
    recordNameArg: string,
    recordTypeArg: string,
    _retriesCounterArg?: number,
  ): Promise<IAnyDnsRecord[]> {
    try {
      return recordsOf(await this.resolve(recordNameArg, recordTypeArg));
    } catch (error) {
      if (this.#options.throwOnError === true || !(error instanceof DnsError)) throw error;
      return [];
    }
  }

  getRecordWithNodeDNS(recordNameArg: string, recordTypeArg: TDnsRecordType): Promise<IDnsRecord[]>;
  getRecordWithNodeDNS(recordNameArg: string, recordTypeArg: string): Promise<IAnyDnsRecord[]>;
  /**
   * Records from the name servers that Node uses, whatever the strategy.
   *
   * @throws DnsError `ENOTFOUND`, `ENODATA`, or what else Node's resolver reports
   */
  async getRecordWithNodeDNS(recordNameArg: string, recordTypeArg: string): Promise<IAnyDnsRecord[]> {
    const type = recordTypeArg.toUpperCase();
    const timeoutMs = this.#options.timeoutMs ?? clientLimits.timeoutMs;
    if (nodeCanLookUp(type)) return this.#nodeDns.lookUp(recordNameArg, type, timeoutMs);
    const resolution = await this.#engine.resolve(this.#pool('system'), recordNameArg, type, { cache: 'refresh' });
    if (resolution.records.length === 0) throw absent(resolution);
    return recordsOf(resolution);
  }

  /**
   * The names of a domain's name servers.
   *
   * @throws DnsError `ENOTFOUND`, `ENODATA`, or why no resolver answered
   */
  async getNameServers(domainNameArg: string): Promise<string[]> {
    const resolution = await this.resolve(domainNameArg, 'NS');
    if (resolution.records.length === 0) throw absent(resolution);
    return resolution.records.map((record) => String(record.data));
  }

  /**
   * Waits until a record has a value, asking the strategy's resolvers and the system's in turn, past the cache.
   *
   * @param cyclesArg questions at most; default 50
   * @param intervalArg milliseconds between them; default 500
   * @returns whether the value has appeared; false also when `destroy()` was called meanwhile
   */
  checkUntilAvailable(
    recordNameArg: string,
    recordTypeArg: TDnsRecordType | (string & {}),
    expectedValue: string,
    cyclesArg: number = clientLimits.propagationCycles,
    intervalArg: number = clientLimits.propagationIntervalMs,
  ): Promise<boolean> {
    const askStrategy = async (): Promise<IAnyDnsRecord[]> =>
      recordsOf(await this.resolve(recordNameArg, recordTypeArg, { cache: 'refresh' }));
    const askSystem = (): Promise<IAnyDnsRecord[]> => this.getRecordWithNodeDNS(recordNameArg, recordTypeArg);
    return this.#propagation.wait([askStrategy, askSystem], recordTypeArg, expectedValue, cyclesArg, intervalArg);
  }

  /**
   * The whole answer, by the strategy. Every route that is asked counts as a query of its own.
   *
   * @throws DnsError when no resolver gave an answer
   */
  async resolve(name: string, type: string | number = 'A', options: IResolveOptions = {}): Promise<IResolution> {
    const { routes, onEmpty } = this.#plan;
    let empty: IResolution | undefined;
    let failure: unknown;
    for (const route of routes) {
      try {
        const resolution = await this.#engine.resolve(this.#pool(route), name, type, options);
        if (resolution.records.length > 0 || !onEmpty) return resolution;
        empty = resolution;
      } catch (error) {
        const final = error instanceof DnsError && error.source === 'caller';
        if (final) throw error;
        failure = error;
      }
    }
    if (empty !== undefined) return empty;
    throw failure;
  }

  /** A function for the `lookup` option of `net.connect`, `http.request`, `dgram.createSocket` and undici. */
  lookup(defaults: ILookupDefaults = {}): TLookupFunction {
    return lookupFunction((name, type) => this.resolve(name, type), defaults);
  }

  /** The servers of a service in the order in which to try them (RFC 2782). */
  resolveService(service: string, protocol: string, domain: string): Promise<IServiceTarget[]> {
    return resolveService((name, type) => this.resolve(name, type), service, protocol, domain);
  }

  /** The number of a type; `undefined` for an unknown name, as upstream. */
  convertDnsTypeNameToTypeNumber(dnsTypeNameArg: string): number {
    return this.dnsTypeMap[dnsTypeNameArg] as number;
  }

  /** The name of a type number; `null` for an unknown one, as upstream (whose types do not say so either). */
  convertDnsTypeNumberToTypeName(dnsTypeNumberArg: number): TDnsRecordType {
    for (const [name, number] of Object.entries(this.dnsTypeMap)) {
      if (number === dnsTypeNumberArg) return name as TDnsRecordType;
    }
    return null as unknown as TDnsRecordType;
  }

  /** Forgets all cached answers, or those of one name. */
  flushCache(name?: string): void {
    this.#engine.flushCache(name);
  }

  /**
   * Closes every handle and forgets all answers; whatever is under way ends with `EDESTROYED`. As with upstream, a
   * later call opens what it needs again.
   */
  destroy(): void {
    this.#propagation.stop();
    this.#propagation = new Propagation();
    this.#nodeDns.cancel();
    this.#pools.clear();
    this.#engine.release();
  }

  /** The resolvers of a route, opened when first needed. */
  #pool(route: TRoute): UpstreamPool {
    let pool = this.#pools.get(route);
    if (pool === undefined) {
      const upstreams: readonly TUpstream[] =
        route === 'system' ? ['system'] : (this.#options.resolvers?.[route] ?? defaultResolvers[route]);
      pool = this.#engine.addPool(new UpstreamPool(`${route}.`, upstreams, this.#options));
      this.#pools.set(route, pool);
    }
    return pool;
  }
}

/** Aliases and records as text; signatures only when they were asked for. */
function recordsOf(resolution: IResolution): IAnyDnsRecord[] {
  const { type, authenticated, answers } = resolution;
  const shown = (record: IResourceRecord): boolean => record.type !== 'RRSIG' || type === 'RRSIG' || type === 'ANY';
  return answers.filter(shown).map((record) => ({
    name: record.name,
    type: record.type,
    value: recordValue(record),
    dnsSecEnabled: authenticated,
  }));
}

/** "No records" in the words of Node's resolver. */
function absent(resolution: IResolution): DnsError {
  const { name, type, upstream, rcode } = resolution;
  const syscall = `query${type.charAt(0)}${type.slice(1).toLowerCase()}`;
  return new DnsError(rcode === 'NXDOMAIN' ? 'ENOTFOUND' : 'ENODATA', {
    hostname: name,
    type,
    upstream,
    rcode,
    syscall,
  });
}
