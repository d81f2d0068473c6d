/**
 * The grouped metrics of upstream 19.6.7 to 21.x. Tags as in the other interfaces: confirmed, recalled.
 *
 * @module
 */

/** Bytes per second: `in` from clients, `out` to clients. Confirmed. */
export interface IThroughputRate {
  readonly in: number;
  readonly out: number;
}

/** One second of the history. Confirmed. */
export interface IThroughputPoint extends IThroughputRate {
  /** Unix time in milliseconds. */
  readonly timestamp: number;
}

/** Quantiles, within 5 %; 0 while there is nothing. Recalled. */
export interface IPercentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface IMetrics {
  /** Confirmed. */
  readonly connections: {
    active(): number;
    total(): number;
    /** Active connections by route. */
    byRoute(): Map<string, number>;
    /** Active connections by client address. */
    byIP(): Map<string, number>;
    /** The addresses with most active connections; default 10. */
    topIPs(limit?: number): Array<{ ip: string; count: number }>;
  };
  /** Confirmed. */
  readonly throughput: {
    /** Last full second. */
    instant(): IThroughputRate;
    /** Mean of the last 10 s. */
    recent(): IThroughputRate;
    /** Mean of the last 60 s. */
    average(): IThroughputRate;
    /** Mean of the last `seconds`, as far as samples are kept. */
    custom(seconds: number): IThroughputRate;
    /** One point per second, oldest first. */
    history(seconds: number): IThroughputPoint[];
    /** By route, over the given number of seconds, at most 60; default 1. */
    byRoute(windowSeconds?: number): Map<string, IThroughputRate>;
    /**
     * By client address, as {@link byRoute}: those that moved bytes. In each second 1,000 addresses are told apart,
     * further ones share `other`.
     */
    byIP(windowSeconds?: number): Map<string, IThroughputRate>;
  };
  /** Recalled. */
  readonly requests: {
    perSecond(): number;
    perMinute(): number;
    total(): number;
  };
  /** Recalled. */
  readonly totals: {
    bytesIn(): number;
    bytesOut(): number;
    connections(): number;
  };
  /** Of the connections that had a route and are over. Recalled. */
  readonly percentiles: {
    /** Milliseconds from accept to close. */
    connectionDuration(): IPercentiles;
    bytesTransferred(): { readonly in: IPercentiles; readonly out: IPercentiles };
  };
}
