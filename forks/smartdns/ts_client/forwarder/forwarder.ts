/**
 * Asks other servers on behalf of a DNS server, for names outside its own zones.
 *
 * What comes back has passed the bailiwick checks of `resolver/answer.ts`: records that do not belong to the question
 * are gone, aliases are complete, and nothing of the additional section is passed on.
 *
 * @module
 */
import { EventEmitter } from 'node:events';
import { normalizeName, parentName } from '#wire';
import { asDnsError } from '../errors/errors.ts';
import type { IResolution } from '../interfaces/answers.ts';
import type { IResolverEvents } from '../interfaces/events.ts';
import type { IResolveOptions, IResolverOptions, TUpstream } from '../interfaces/options.ts';
import { ClientStats } from '../resolver/clientstats.ts';
import { ResolverEngine } from '../resolver/engine.ts';
import { UpstreamPool } from '../upstreams/pool.ts';

export interface IForwarderOptions extends IResolverOptions {
  /** Asked for every name that no entry of `zones` holds. */
  readonly upstreams: readonly TUpstream[];
  /** Other resolvers for some domains and everything below them: `{ 'corp.example': ['10.0.0.53'] }`. */
  readonly zones?: Readonly<Record<string, readonly TUpstream[]>>;
}

/** What of the client's query matters to the server that is asked. */
export type IForwardOptions = Pick<IResolveOptions, 'dnssec' | 'checkingDisabled' | 'timeoutMs' | 'signal'>;

/**
 * A forwarder with its own cache, counters and events.
 *
 * ```ts
 * const forwarder = new Forwarder({ upstreams: ['tls://1.1.1.1#cloudflare-dns.com', '9.9.9.9'] });
 * const { rcode, answers, authorities, authenticated } = await forwarder.forward('example.com', 'A', { dnssec: true });
 * ```
 */
export class Forwarder extends EventEmitter<IResolverEvents> {
  readonly stats: ClientStats;
  readonly #engine: ResolverEngine;
  readonly #fallback: UpstreamPool;
  readonly #zones = new Map<string, UpstreamPool>();

  /** @throws DnsError `EBADOPTION`, `ENOUPSTREAM` */
  constructor(options: IForwarderOptions) {
    super();
    this.#engine = new ResolverEngine(options, this);
    this.#fallback = this.#engine.addPool(new UpstreamPool('f', options.upstreams, options));
    for (const [index, [zone, upstreams]] of Object.entries(options.zones ?? {}).entries()) {
      const pool = this.#engine.addPool(new UpstreamPool(`z${index}.`, upstreams, options));
      this.#zones.set(normalizeName(zone), pool);
    }
    this.stats = new ClientStats(this.#engine);
  }

  /**
   * Asks for a name.
   *
   * @returns `NOERROR` or `NXDOMAIN` with the sections to send on; AD is what the asked server claims
   * @throws DnsError when no server gave an answer that can be passed on: the client gets SERVFAIL (RFC 1035 §4.1.1)
   */
  async forward(name: string, type: string | number, options: IForwardOptions = {}): Promise<IResolution> {
    let pool = this.#fallback;
    try {
      pool = this.#poolFor(normalizeName(name));
    } catch (error) {
      throw asDnsError(error, 'EBADNAME', { hostname: name });
    }
    return this.#engine.resolve(pool, name, type, options);
  }

  /** Forgets all cached answers, or those of one name. */
  flushCache(name?: string): void {
    this.#engine.flushCache(name);
  }

  /** Closes every handle. Whatever is under way rejects with `EDESTROYED`. */
  destroy(): void {
    this.#engine.destroy();
  }

  /** The longest configured domain that holds the name decides. */
  #poolFor(name: string): UpstreamPool {
    if (this.#zones.size === 0) return this.#fallback;
    for (let at = name; ; at = parentName(at)) {
      const pool = this.#zones.get(at);
      if (pool !== undefined) return pool;
      if (at === '.') return this.#fallback;
    }
  }
}
