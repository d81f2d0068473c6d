/**
 * The counters themselves: plain objects with number fields, resolved once and then only added to.
 *
 * @module
 */
import { LatencyHistogram } from '@dcrouter/metrics';
import { DestinationCounts } from './destinations.ts';

/** Counts by reason. Reasons are constants of this package, so the map is bounded by the code. */
export class ReasonCounts {
  readonly counts = new Map<string, number>();
  total = 0;

  add(reason: string): void {
    this.total += 1;
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
  }

  merge(other: ReasonCounts): void {
    this.total += other.total;
    for (const [reason, count] of other.counts) this.counts.set(reason, (this.counts.get(reason) ?? 0) + count);
  }

  toRecord(): Record<string, number> {
    return Object.fromEntries(this.counts);
  }
}

/** What is counted per route. */
export class RouteCounters {
  readonly name: string;
  active = 0;
  total = 0;
  requests = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** As far as rates of the seconds hold them. */
  ratedIn = 0;
  ratedOut = 0;
  /** Responses by status class: index 1 is 1xx. */
  readonly statusClasses: number[] = [0, 0, 0, 0, 0, 0];
  readonly latency = new LatencyHistogram();
  readonly rejects = new ReasonCounts();

  constructor(name: string) {
    this.name = name;
  }

  /** Takes over everything that `other` counted; used when routes that are gone are folded together. */
  absorb(other: RouteCounters): void {
    this.active += other.active;
    this.total += other.total;
    this.requests += other.requests;
    this.bytesIn += other.bytesIn;
    this.bytesOut += other.bytesOut;
    this.ratedIn += other.ratedIn;
    this.ratedOut += other.ratedOut;
    for (let at = 0; at < this.statusClasses.length; at += 1) this.statusClasses[at]! += other.statusClasses[at]!;
    this.latency.merge(other.latency);
    this.rejects.merge(other.rejects);
  }
}

/** What is counted per target. */
export class UpstreamCounters {
  readonly target: string;
  active = 0;
  idle = 0;
  connects = 0;
  reuses = 0;
  requests = 0;
  retries = 0;
  evicted = 0;
  /** Exchanges waiting for a connection now, and all that ever had to. */
  waiting = 0;
  queued = 0;
  healthy = true;
  readonly connectLatency = new LatencyHistogram();
  readonly tlsLatency = new LatencyHistogram();
  readonly firstByteLatency = new LatencyHistogram();
  readonly failures = new ReasonCounts();
  readonly destinations = new DestinationCounts();
  /** Connections begun by name, so that addresses take turns. */
  turn = 0;

  constructor(target: string) {
    this.target = target;
  }
}

/** How long connections lasted and what they moved, of those that had a route and are over. */
export class EndedCounters {
  /** Seconds. */
  readonly durations = new LatencyHistogram();
  readonly bytesIn = new LatencyHistogram();
  readonly bytesOut = new LatencyHistogram();
}

/** What is counted about TLS on the client side. */
export class TlsCounters {
  handshakes = 0;
  resumptions = 0;
  readonly failures = new ReasonCounts();
  readonly versions = new ReasonCounts();
  readonly alpn = new ReasonCounts();
}
