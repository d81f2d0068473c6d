/**
 * Health, as the API, telemetry, DNS and the proxy see it.
 *
 * @module
 */

/** `unknown` until the first `rise` successes or `fall` failures in a row; it counts as up. */
export type THealthState = 'unknown' | 'up' | 'down';

export type TCheckType = 'tcp' | 'http' | 'https' | 'tls-expiry' | 'dns';

/** One address that a check looks at. */
export interface IProbeStatus {
  /** `host:port`. */
  readonly target: string;
  readonly state: THealthState;
  /** Why it failed last; null while it succeeds. */
  readonly reason: string | null;
  /** Successes in a row, or failures as a negative number. */
  readonly streak: number;
  /** Milliseconds that the last run took. */
  readonly durationMs: number;
}

export interface ICheckStatus {
  readonly name: string;
  readonly type: TCheckType;
  /** As configured: `host:port`, or `route 'name'`. */
  readonly target: string;
  /** Down when every probe is down. */
  readonly state: THealthState;
  /** Unix time in milliseconds of the last change; of the start before that. */
  readonly sinceMs: number;
  readonly reason: string | null;
  readonly runs: number;
  readonly failures: number;
  readonly changes: number;
  readonly probes: readonly IProbeStatus[];
}

export interface IHealthStats {
  readonly checks: readonly ICheckStatus[];
  /** Checks under way now. */
  readonly running: number;
  readonly runs: number;
  readonly failures: number;
  /** Changes of state since the start. */
  readonly changes: number;
  /** Runs that had to wait as the bound of concurrent checks was reached. */
  readonly delayed: number;
}

/** What `health.changed` carries. */
export interface IHealthChange {
  readonly check: string;
  readonly type: TCheckType;
  readonly target: string;
  readonly previous: THealthState;
  readonly current: THealthState;
  readonly reason: string | null;
}

/** What the router offers about health. */
export interface IHealth {
  stats(): IHealthStats;
  /** Undefined for names that no check has. */
  check(name: string): ICheckStatus | undefined;
  /** False while the check is down; true for names that no check has. */
  isUp(name: string): boolean;
  /** Runs a check now and gives what came out. @throws RangeError when there is no such check */
  run(name: string): Promise<ICheckStatus>;
}
