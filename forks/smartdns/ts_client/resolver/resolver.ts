/**
 * Full records, and errors that can be told from "no records".
 *
 * @module
 */
import { EventEmitter } from 'node:events';
import type { IResolution } from '../interfaces/answers.ts';
import type { IResolverEvents } from '../interfaces/events.ts';
import type { IResolveOptions, IResolverOptions } from '../interfaces/options.ts';
import { lookupFunction } from '../lookup/lookup.ts';
import type { ILookupDefaults, TLookupFunction } from '../lookup/lookup.ts';
import { resolveService } from '../lookup/srv.ts';
import type { IServiceTarget } from '../lookup/srv.ts';
import { UpstreamPool } from '../upstreams/pool.ts';
import { ClientStats } from './clientstats.ts';
import { ResolverEngine } from './engine.ts';

/**
 * A stub resolver over UDP, TCP, TLS, HTTPS or the system.
 *
 * ```ts
 * const resolver = new Resolver({ upstreams: ['1.1.1.1', 'tls://9.9.9.9#dns.quad9.net'] });
 * const { rcode, records, authenticated } = await resolver.resolve('example.com', 'MX');
 * resolver.destroy();
 * ```
 */
export class Resolver extends EventEmitter<IResolverEvents> {
  readonly stats: ClientStats;
  readonly #engine: ResolverEngine;
  readonly #pool: UpstreamPool;

  /** @throws DnsError `EBADOPTION`. Without `upstreams` the system's resolver is used. */
  constructor(options: IResolverOptions = {}) {
    super();
    this.#engine = new ResolverEngine(options, this);
    this.#pool = this.#engine.addPool(new UpstreamPool('r', options.upstreams ?? ['system'], options));
    this.stats = new ClientStats(this.#engine);
  }

  /**
   * Resolves a name to its records of one type. `NXDOMAIN` and "no such records" are results.
   *
   * @param type mnemonic, `TYPEn` (RFC 3597 §5) or number
   * @throws DnsError when no resolver gave an answer; see `code`
   */
  resolve(name: string, type: string | number = 'A', options: IResolveOptions = {}): Promise<IResolution> {
    return this.#engine.resolve(this.#pool, name, type, options);
  }

  /** A function for the `lookup` option of `net.connect`, `http.request`, `dgram.createSocket` and undici. */
  lookup(defaults: ILookupDefaults = {}): TLookupFunction {
    return lookupFunction((name, type) => this.resolve(name, type), defaults);
  }

  /**
   * The servers of a service, in the order in which to try them (RFC 2782).
   *
   * @param service with or without underscore: `imaps`, `_xmpp-client`
   */
  resolveService(service: string, protocol: string, domain: string): Promise<IServiceTarget[]> {
    return resolveService((name, type) => this.resolve(name, type), service, protocol, domain);
  }

  /** Forgets all cached answers, or those of one name. */
  flushCache(name?: string): void {
    this.#engine.flushCache(name);
  }

  /** Closes every handle. Whatever is under way rejects with `EDESTROYED`, and so does every later call. */
  destroy(): void {
    this.#engine.destroy();
  }
}
