/**
 * A worker's side of the numbers: what its recorder counted since the last report.
 *
 * @module
 */
import { LatencyHistogram } from '@dcrouter/metrics';
import type { Connection } from '../connection/connection.ts';
import type { IEngine } from '../connection/engine.ts';
import type { RouteCounters, UpstreamCounters } from '../stats/counters.ts';
import { limits } from '../limits/limits.ts';
import { openTypes } from '../stats/opentypes.ts';
import { REMOVED_ROUTES } from '../stats/recorder.ts';
import { ringNumbers, routeNumbers, totalNumbers, upstreamNumbers } from './counts.ts';
import { CountsMemory, LatencyMemory, NumbersMemory } from './memory.ts';
import type { IConnectionProgress, IReport, IRouteChanges, IUpstreamChanges, TChanges } from './messages.ts';

class RouteMemory {
  readonly numbers = new NumbersMemory();
  readonly latency = new LatencyMemory();
  readonly rejects = new CountsMemory();

  absorb(other: RouteMemory): void {
    this.numbers.absorb(other.numbers);
    this.latency.absorb(other.latency, new LatencyHistogram());
    this.rejects.absorb(other.rejects);
  }

  changes(route: RouteCounters): IRouteChanges | null {
    const numbers = this.numbers.changes(routeNumbers(route));
    const latency = this.latency.changes(route.latency);
    const rejects = this.rejects.changes(route.rejects.counts);
    if (!this.numbers.changed && latency === null && rejects.length === 0) return null;
    return { name: route.name, numbers, latency, rejects };
  }
}

class UpstreamMemory {
  readonly numbers = new NumbersMemory();
  readonly connect = new LatencyMemory();
  readonly tls = new LatencyMemory();
  readonly firstByte = new LatencyMemory();
  readonly failures = new CountsMemory();

  changes(upstream: UpstreamCounters): IUpstreamChanges | null {
    const numbers = this.numbers.changes(upstreamNumbers(upstream));
    const failures = this.failures.changes(upstream.failures.counts);
    if (!this.numbers.changed && failures.length === 0) return null;
    return {
      target: upstream.target,
      numbers,
      connectLatency: this.connect.changes(upstream.connectLatency),
      tlsLatency: this.tls.changes(upstream.tlsLatency),
      firstByteLatency: this.firstByte.changes(upstream.firstByteLatency),
      failures,
    };
  }
}

export class Reporter {
  readonly #engine: IEngine;
  readonly #totals = new NumbersMemory();
  readonly #tlsNumbers = new NumbersMemory();
  readonly #ring = new NumbersMemory();
  readonly #routes = new Map<string, RouteMemory>();
  readonly #upstreams = new Map<string, UpstreamMemory>();
  readonly #counts = new Map<string, CountsMemory>();
  readonly #durations = new LatencyMemory();
  readonly #endedIn = new LatencyMemory();
  readonly #endedOut = new LatencyMemory();
  #progress = new WeakMap<Connection, number>();

  constructor(engine: IEngine) {
    this.#engine = engine;
  }

  /** What changed since the last call; null when nothing did and there is no event to tell. */
  make(events: IReport['events']): IReport | null {
    const { recorder, connections } = this.#engine;
    recorder.sampleOpen();
    const { tls, ended } = recorder;
    const totals = this.#totals.changes(totalNumbers(recorder));
    const [handshakes = 0, resumptions = 0] = this.#tlsNumbers.changes([tls.handshakes, tls.resumptions]);
    const types = new Map(recorder.closedTypes.counts);
    for (const [type, count] of openTypes(connections)) types.set(type, (types.get(type) ?? 0) + count);
    const report: IReport = {
      totals,
      routes: this.#routeChanges(),
      upstreams: this.#upstreamChanges(),
      terminations: this.#changes('terminations', recorder.terminations.counts),
      rejects: this.#changes('rejects', recorder.rejects.counts),
      types: this.#changes('types', types),
      ring: recorder.ring.opened ? this.#ring.changes(ringNumbers(recorder)) : [],
      addresses: this.#changes('addresses', new Map(recorder.byIp)),
      topClients: this.#topChanges(),
      addressBytes: recorder.addressBytes.take(),
      ended: [
        this.#durations.changes(ended.durations),
        this.#endedIn.changes(ended.bytesIn),
        this.#endedOut.changes(ended.bytesOut),
      ],
      tls: {
        handshakes,
        resumptions,
        failures: this.#changes('tls-failures', tls.failures.counts),
        versions: this.#changes('tls-versions', tls.versions.counts),
        alpn: this.#changes('tls-alpn', tls.alpn.counts),
      },
      events,
      progress: this.#engine.gate.close ? this.#progressChanges() : [],
    };
    // Every part counts: what a report holds is remembered as told.
    const { routes, upstreams, terminations, rejects, addresses, topClients, addressBytes, progress } = report;
    const lists = [
      routes,
      upstreams,
      terminations,
      rejects,
      report.types,
      addresses,
      topClients,
      addressBytes,
      progress,
      events,
    ];
    const { failures, versions, alpn } = report.tls;
    const numbers = this.#totals.changed || this.#tlsNumbers.changed || this.#ring.changed;
    const changed = numbers || [...lists, failures, versions, alpn].some((list) => list.length > 0);
    return changed ? report : null;
  }

  #changes(name: string, now: ReadonlyMap<string, number>): TChanges {
    let memory = this.#counts.get(name);
    if (memory === undefined) {
      memory = new CountsMemory();
      this.#counts.set(name, memory);
    }
    return memory.changes(now);
  }

  /** An entry's least true count only grows while it is in the sketch; one that left takes nothing back. */
  #topChanges(): TChanges {
    const entries = this.#engine.recorder.topClients.top(limits.topClients);
    const sure = new Map(entries.map(({ key, count, maxError }) => [key, count - maxError]));
    return this.#changes('top', sure).filter(([, change]) => change > 0);
  }

  #routeChanges(): IRouteChanges[] {
    const routes = this.#engine.recorder.routes();
    const names = new Set(routes.map((route) => route.name));
    for (const [name, memory] of this.#routes) {
      if (names.has(name)) continue;
      // Its counters were folded into those of removed routes: what was reported under its name is reported already.
      this.#memoryOf(REMOVED_ROUTES).absorb(memory);
      this.#routes.delete(name);
    }
    return routes.map((route) => this.#memoryOf(route.name).changes(route)).filter((changes) => changes !== null);
  }

  #memoryOf(routeName: string): RouteMemory {
    let memory = this.#routes.get(routeName);
    if (memory === undefined) {
      memory = new RouteMemory();
      this.#routes.set(routeName, memory);
    }
    return memory;
  }

  #upstreamChanges(): IUpstreamChanges[] {
    const changed: IUpstreamChanges[] = [];
    for (const [target, upstream] of this.#engine.recorder.upstreams) {
      let memory = this.#upstreams.get(target);
      if (memory === undefined) {
        memory = new UpstreamMemory();
        this.#upstreams.set(target, memory);
      }
      const changes = memory.changes(upstream);
      if (changes !== null) changed.push(changes);
    }
    return changed;
  }

  /** So that the primary can close the books of connections that die with this process. */
  #progressChanges(): IConnectionProgress[] {
    const progress: IConnectionProgress[] = [];
    for (const connection of this.#engine.connections) {
      if (!connection.isOpen) continue;
      const { bytesIn, bytesOut, requests } = connection;
      const sum = bytesIn + bytesOut + requests;
      if (this.#progress.get(connection) === sum) continue;
      this.#progress.set(connection, sum);
      progress.push({ connectionId: connection.id, bytesIn, bytesOut, requests });
    }
    return progress;
  }
}
