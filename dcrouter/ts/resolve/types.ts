/**
 * Targets by name, as the API and telemetry see them.
 *
 * @module
 */

/** Where a name leads now: one for a host name, one per SRV record for a service. */
export interface IResolvedEndpoint {
  /** The host name, or the target of the SRV record. */
  readonly name: string;
  /** Preferred family first. */
  readonly addresses: readonly string[];
  /** Of the SRV record; 0 for host names, whose port stands in the route. */
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** One name that targets use. */
export interface INameStatus {
  readonly name: string;
  readonly type: 'address' | 'srv';
  /** Empty while nothing was found. */
  readonly endpoints: readonly IResolvedEndpoint[];
  /** Milliseconds until the answer's TTL ends; negative once it has. */
  readonly expiresInMs: number;
  /** The answer is past its TTL and used because no resolver answers. */
  readonly stale: boolean;
  /** How often it was asked for by the proxy or a check. */
  readonly lookups: number;
  /** How often resolvers were asked. */
  readonly queries: number;
  readonly failures: number;
  /** Connections that used an answer past its TTL. */
  readonly staleUses: number;
  /** The last failure's message; null when the last query succeeded. */
  readonly lastError: string | null;
}

export interface IResolveStats {
  /** Names in the cache. */
  readonly entries: number;
  readonly lookups: number;
  /** Lookups that the cache answered, stale answers included. */
  readonly hits: number;
  /** Questions to resolvers, one per name and refresh. */
  readonly queries: number;
  readonly failures: number;
  readonly staleUses: number;
  /** Answers with other addresses than the one before. */
  readonly changes: number;
  /** Names that made room for others: the bound of names was reached. */
  readonly evictions: number;
  /** Most recently used last; as many as `namesMax` was asked for. */
  readonly names: readonly INameStatus[];
}

/** What the router offers about names. */
export interface IResolve {
  /** @param namesMax most names to list, default all that are kept */
  stats(namesMax?: number): IResolveStats;
  /** Forgets every answer, or that of one name; connections that are open stay. */
  flush(name?: string): void;
}
