/**
 * Where the engine counts: totals, routes, addresses, reasons. One per proxy.
 *
 * @module
 */
import { BoundedCounterMap, RateMeter, ThroughputMeter, TopK } from '@dcrouter/metrics';
import { UNROUTED } from '../interfaces/stats.ts';
import { limits } from '../limits/limits.ts';
import { RingCounters } from '../ring/door.ts';
import { AddressBytes } from './addressbytes.ts';
import { EndedCounters, ReasonCounts, RouteCounters, TlsCounters, UpstreamCounters } from './counters.ts';

/** What the recorder reads from an open connection, so that a sum is up to date when somebody asks. */
export interface ISampledConnection {
  /** Adds the bytes moved since the last call to the counters. */
  sample(nowMs: number): void;
}

/** Route name under which the counters of routes removed long ago are folded together. */
export const REMOVED_ROUTES = '(removed)';

/** Name under which targets are counted for which there is no room. */
export const OTHER_TARGETS = 'other';

export class Recorder {
  readonly startedAtMs = performance.now();
  active = 0;
  connections = 0;
  requests = 0;
  bytesIn = 0;
  bytesOut = 0;
  errors = 0;
  readonly unrouted = new RouteCounters(UNROUTED);
  readonly byIp = new BoundedCounterMap({ limit: limits.trackedIps });
  readonly topClients = new TopK({ capacity: limits.topClients });
  readonly requestRate = new RateMeter();
  readonly throughput = new ThroughputMeter();
  readonly addressBytes = new AddressBytes();
  readonly ended = new EndedCounters();
  readonly terminations = new ReasonCounts();
  readonly rejects = new ReasonCounts();
  readonly closedTypes = new ReasonCounts();
  readonly tls = new TlsCounters();
  readonly ring = new RingCounters();
  readonly upstreams = new Map<string, UpstreamCounters>();
  readonly #open: ReadonlySet<ISampledConnection>;
  readonly #routes = new Map<string, RouteCounters>();
  readonly #retired: string[] = [];

  /** @param open the connections that are open */
  constructor(open: ReadonlySet<ISampledConnection>) {
    this.#open = open;
  }

  /** The counters of a route; they outlive a swap of the routes as long as the name stays. */
  route(name: string): RouteCounters {
    let counters = this.#routes.get(name);
    if (counters === undefined) {
      counters = new RouteCounters(name);
      this.#routes.set(name, counters);
    }
    return counters;
  }

  /** The counters of a target. */
  upstream(target: string): UpstreamCounters {
    let counters = this.upstreams.get(target);
    if (counters === undefined) {
      const name = this.upstreams.size < limits.upstreamTargets ? target : OTHER_TARGETS;
      counters = this.upstreams.get(name) ?? new UpstreamCounters(name);
      this.upstreams.set(name, counters);
    }
    return counters;
  }

  /** Tells which routes exist now. Counters of others stay readable; the oldest of too many are folded together. */
  setRoutes(names: ReadonlySet<string>): void {
    for (const name of names) this.route(name);
    for (const name of this.#routes.keys()) {
      if (!names.has(name) && name !== REMOVED_ROUTES && !this.#retired.includes(name)) this.#retired.push(name);
    }
    for (let at = 0; at < this.#retired.length && this.#retired.length > limits.retiredRoutes;) {
      const name = this.#retired[at]!;
      const counters = this.#routes.get(name);
      // One with open connections is still counted into, so it stays.
      if (names.has(name) || counters === undefined) this.#retired.splice(at, 1);
      else if (counters.active > 0) at += 1;
      else {
        this.#retired.splice(at, 1);
        this.route(REMOVED_ROUTES).absorb(counters);
        this.#routes.delete(name);
      }
    }
  }

  /** Counts a refusal, also under its route when one is known. */
  reject(reason: string, route: RouteCounters | null): void {
    this.rejects.add(reason);
    if (route !== null) route.rejects.add(reason);
  }

  /** Brings the byte counters of open connections up to date. */
  sampleOpen(): void {
    const nowMs = performance.now();
    for (const connection of this.#open) connection.sample(nowMs);
  }

  /** Gives what routes moved since the last call to `bytes`: only those that moved something cost anything. */
  rateRoutes(bytes: AddressBytes): void {
    rateRoute(this.unrouted, bytes);
    for (const route of this.#routes.values()) rateRoute(route, bytes);
  }

  /** Every route's counters, {@link UNROUTED} first. */
  routes(): RouteCounters[] {
    return [this.unrouted, ...this.#routes.values()];
  }
}

function rateRoute(route: RouteCounters, bytes: AddressBytes): void {
  const { bytesIn, bytesOut } = route;
  if (bytesIn === route.ratedIn && bytesOut === route.ratedOut) return;
  bytes.add(route.name, bytesIn - route.ratedIn, bytesOut - route.ratedOut);
  route.ratedIn = bytesIn;
  route.ratedOut = bytesOut;
}
