/**
 * Finds targets by name for the proxy and for health checks: every answer is kept for exactly its TTL, asked for again
 * behind the backs of those who use it, and used beyond it while no resolver answers.
 *
 * @module
 */
import { Resolver } from '@dcrouter/smartdns/client';
import type { ITargetEndpoint, ITargetResolver } from '@dcrouter/smartproxy';
import { endOf, NameEntry, type ITtlBounds } from './entry.ts';
import { resolveLimits } from './limits.ts';
import { findAddresses, findServices, NameNotFound, type TFamily } from './lookup.ts';
import type { INameStatus, IResolve, IResolveStats } from './types.ts';

export interface ITargetResolverOptions extends ITtlBounds {
  /** As smartdns's client takes them: `system`, `1.1.1.1`, `tcp://…`, `tls://…#name`, `https://…`. */
  readonly servers: readonly string[];
  readonly timeoutMs: number;
  readonly family: TFamily;
}

/** What happens to names. */
export interface INameListener {
  /** A name leads somewhere else now. */
  onMoved?(name: string, endpoints: readonly ITargetEndpoint[]): void;
  /** @param stale the answer before still serves */
  onFailed?(name: string, error: Error, stale: boolean): void;
}

export class TargetResolver implements ITargetResolver, IResolve {
  readonly #nowMs: () => number;
  readonly #listener: INameListener;
  /** Least recently used first. */
  readonly #entries = new Map<string, NameEntry>();
  #options: ITargetResolverOptions;
  #resolver: Resolver;
  #lookups = 0;
  #hits = 0;
  #queries = 0;
  #failures = 0;
  #staleUses = 0;
  #changes = 0;
  #evictions = 0;

  /**
   * @param nowMs monotonic clock, ms
   * @throws DnsError `EBADOPTION` for servers that cannot be
   */
  constructor(
    options: ITargetResolverOptions,
    listener: INameListener = {},
    nowMs: () => number = () => performance.now(),
  ) {
    this.#options = options;
    this.#resolver = resolverOf(options);
    this.#listener = listener;
    this.#nowMs = nowMs;
  }

  /** Goes over to other resolvers and bounds; answers that are there stay for their time. @throws DnsError as above */
  configure(options: ITargetResolverOptions): void {
    const next = resolverOf(options);
    this.#resolver.destroy();
    this.#resolver = next;
    this.#options = options;
  }

  peek(name: string, service: boolean): readonly ITargetEndpoint[] | null {
    const entry = this.#entries.get(keyOf(name, service));
    if (entry === undefined) return null;
    const nowMs = this.#nowMs();
    const found = entry.fresh(nowMs) ?? this.#staleOf(entry, nowMs);
    if (found === null) return null;
    this.#touch(entry);
    this.#hits += 1;
    if (entry.isDue(nowMs)) void this.#query(entry);
    return found;
  }

  /** @throws NameNotFound, DnsError */
  async resolve(name: string, service: boolean): Promise<readonly ITargetEndpoint[]> {
    const entry = this.#entry(name, service);
    const known = entry.fresh(this.#nowMs()) ?? (await this.#asked(entry));
    return known;
  }

  stats(namesMax: number = resolveLimits.namesMax): IResolveStats {
    const nowMs = this.#nowMs();
    const names: INameStatus[] = [];
    for (const entry of this.#entries.values()) if (names.length < namesMax) names.push(entry.status(nowMs));
    return {
      entries: this.#entries.size,
      lookups: this.#lookups,
      hits: this.#hits,
      queries: this.#queries,
      failures: this.#failures,
      staleUses: this.#staleUses,
      changes: this.#changes,
      evictions: this.#evictions,
      names,
    };
  }

  flush(name?: string): void {
    if (name === undefined) this.#entries.clear();
    else for (const service of [false, true]) this.#entries.delete(keyOf(name, service));
  }

  /** Closes every handle. Questions under way fail. */
  destroy(): void {
    this.#resolver.destroy();
    this.#entries.clear();
  }

  async #asked(entry: NameEntry): Promise<readonly ITargetEndpoint[]> {
    if (entry.remembered(this.#nowMs()) === null) await this.#query(entry);
    const nowMs = this.#nowMs();
    // An answer whose TTL was over on the way is still the newest there is.
    const found = entry.fresh(nowMs) ?? this.#staleOf(entry, nowMs);
    if (found !== null) return found;
    throw entry.error ?? new NameNotFound(`${entry.name} has no address`, 0);
  }

  #staleOf(entry: NameEntry, nowMs: number): readonly ITargetEndpoint[] | null {
    const found = entry.stale(nowMs);
    if (found === null) return null;
    entry.staleUses += 1;
    this.#staleUses += 1;
    return found;
  }

  /** Asks, once for all who want to know. Never rejects: what came out stands in the entry. */
  #query(entry: NameEntry): Promise<void> {
    entry.flight ??= this.#ask(entry).finally(() => {
      entry.flight = null;
    });
    return entry.flight;
  }

  async #ask(entry: NameEntry): Promise<void> {
    entry.queries += 1;
    this.#queries += 1;
    try {
      const { endpoints, expiresAtMs } = entry.isService ? await this.#services(entry) : await this.#addresses(entry);
      if (!entry.found(endpoints, expiresAtMs, this.#nowMs(), this.#options)) return;
      this.#changes += 1;
      this.#listener.onMoved?.(entry.name, endpoints);
    } catch (cause) {
      const error = cause as Error;
      this.#failures += 1;
      const nowMs = this.#nowMs();
      entry.failed(error, nowMs);
      this.#listener.onFailed?.(entry.name, error, (entry.fresh(nowMs) ?? entry.stale(nowMs)) !== null);
    }
  }

  async #addresses({ name }: NameEntry): Promise<IAnswer> {
    const { items, ttlSeconds } = await findAddresses(this.#resolver, name, this.#options.family);
    const endpoints = [{ name, addresses: items, port: 0, priority: 0, weight: 0 }];
    return { endpoints, expiresAtMs: endOf(ttlSeconds, this.#nowMs(), this.#options) };
  }

  /** A service holds as long as its records and the addresses of its servers do. Servers without an address are left out. */
  async #services({ name }: NameEntry): Promise<IAnswer> {
    const { items, ttlSeconds } = await findServices(this.#resolver, name);
    let expiresAtMs = endOf(ttlSeconds, this.#nowMs(), this.#options);
    let failure: unknown;
    const found = await Promise.all(
      items.map(async ({ target, port, priority, weight }) => {
        try {
          const [endpoint] = await this.resolve(target, false);
          const ends = this.#entries.get(keyOf(target, false))?.expiresAtMs ?? expiresAtMs;
          expiresAtMs = Math.min(expiresAtMs, Math.max(ends, this.#nowMs() + resolveLimits.failureMs));
          return [{ name: target, addresses: endpoint!.addresses, port, priority, weight }];
        } catch (error) {
          failure = error;
          expiresAtMs = Math.min(expiresAtMs, this.#nowMs() + resolveLimits.failureMs);
          return [];
        }
      }),
    );
    const endpoints = found.flat();
    if (endpoints.length === 0) throw failure;
    return { endpoints, expiresAtMs };
  }

  #entry(name: string, service: boolean): NameEntry {
    const key = keyOf(name, service);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#makeRoom();
      entry = new NameEntry(name, service);
      this.#entries.set(key, entry);
    }
    this.#touch(entry);
    return entry;
  }

  #touch(entry: NameEntry): void {
    const key = keyOf(entry.name, entry.isService);
    entry.lookups += 1;
    this.#lookups += 1;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  #makeRoom(): void {
    if (this.#entries.size < resolveLimits.namesMax) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest!);
    this.#evictions += 1;
  }
}

interface IAnswer {
  readonly endpoints: readonly ITargetEndpoint[];
  readonly expiresAtMs: number;
}

function keyOf(name: string, service: boolean): string {
  const plain = name.endsWith('.') ? name.slice(0, -1) : name;
  return `${service ? 'srv' : 'a'} ${plain.toLowerCase()}`;
}

/** Its own cache is off: what is kept, and for how long, is decided here. */
function resolverOf({ servers, timeoutMs }: ITargetResolverOptions): Resolver {
  return new Resolver({ upstreams: servers, timeoutMs, cache: false });
}
