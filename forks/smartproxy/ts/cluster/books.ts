/**
 * The primary's side of the numbers: reports of one worker are added to the recorder of the whole. When the worker
 * dies, its counts stay and what it had open is closed.
 *
 * @module
 */
import { REASON } from '../connection/reasons.ts';
import type { IConnectionOpenEvent } from '../interfaces/events.ts';
import type { ReasonCounts } from '../stats/counters.ts';
import type { EventGate } from '../stats/eventgate.ts';
import type { Recorder } from '../stats/recorder.ts';
import {
  addRingNumbers,
  addRouteNumbers,
  addTotals,
  addUpstreamNumbers,
  ringActive,
  UPSTREAM_NUMBERS,
} from './counts.ts';
import type { IConnectionProgress, IReport, TChanges } from './messages.ts';

interface IOpenConnection {
  readonly event: IConnectionOpenEvent;
  /** Monotonic ms at which we learned of it: the clock of the event may be set meanwhile. */
  readonly heardAtMs: number;
  progress: Omit<IConnectionProgress, 'connectionId'>;
}

const NO_PROGRESS = { bytesIn: 0, bytesOut: 0, requests: 0 };

export class WorkerBooks {
  readonly #recorder: Recorder;
  readonly #gate: EventGate;
  /** What this worker has open now, by the same names as in the recorder. */
  #active = 0;
  #inRing = 0;
  readonly #routes = new Map<string, number>();
  readonly #upstreams = new Map<string, { active: number; idle: number; waiting: number }>();
  readonly #addresses = new Map<string, number>();
  /** Connections whose open event was told and whose close event was not. */
  readonly #open = new Map<string, IOpenConnection>();

  constructor(recorder: Recorder, gate: EventGate) {
    this.#recorder = recorder;
    this.#gate = gate;
  }

  /** Adds a report, then tells its events: a listener that reads the statistics finds the event in them. */
  take(report: IReport): void {
    const recorder = this.#recorder;
    const [active = 0, , requests = 0, bytesIn = 0, bytesOut = 0] = report.totals;
    const nowMs = performance.now();
    addTotals(recorder, report.totals);
    addRingNumbers(recorder, report.ring);
    this.#inRing += ringActive(report.ring);
    this.#active += active;
    if (requests > 0) recorder.requestRate.add(requests, nowMs);
    if (bytesIn > 0 || bytesOut > 0) recorder.throughput.add(bytesIn, bytesOut, nowMs);
    this.#takeRoutes(report);
    this.#takeUpstreams(report);
    addReasons(recorder.terminations, report.terminations);
    addReasons(recorder.rejects, report.rejects);
    addReasons(recorder.closedTypes, report.types);
    for (const [address, change] of report.addresses) {
      recorder.byIp.add(address, change);
      addTo(this.#addresses, address, change);
    }
    for (const [address, change] of report.topClients) recorder.topClients.add(address, change);
    this.#takeBytes(report);
    const { tls } = recorder;
    tls.handshakes += report.tls.handshakes;
    tls.resumptions += report.tls.resumptions;
    addReasons(tls.failures, report.tls.failures);
    addReasons(tls.versions, report.tls.versions);
    addReasons(tls.alpn, report.tls.alpn);
    this.#takeEvents(report);
  }

  /** The worker is gone: what it had open ended with it. */
  close(): void {
    const recorder = this.#recorder;
    recorder.ring.closed += this.#inRing;
    this.#inRing = 0;
    const cut = this.#active;
    recorder.active -= cut;
    recorder.errors += cut;
    if (cut > 0) addReasons(recorder.terminations, [[REASON.workerDied, cut]]);
    for (const [name, active] of this.#routes) this.#route(name).active -= active;
    for (const [target, { active, idle, waiting }] of this.#upstreams) {
      const upstream = recorder.upstream(target);
      upstream.active -= active;
      upstream.idle -= idle;
      upstream.waiting -= waiting;
    }
    for (const [address, active] of this.#addresses) recorder.byIp.add(address, -active);
    for (const open of this.#open.values()) this.#announceCut(open);
    this.#active = 0;
    this.#routes.clear();
    this.#upstreams.clear();
    this.#addresses.clear();
    this.#open.clear();
  }

  #route(name: string): ReturnType<Recorder['route']> {
    const { unrouted } = this.#recorder;
    return name === unrouted.name ? unrouted : this.#recorder.route(name);
  }

  #takeBytes({ addressBytes, ended }: IReport): void {
    const recorder = this.#recorder;
    for (const [address, moreIn, moreOut] of addressBytes) recorder.addressBytes.add(address, moreIn, moreOut);
    const { durations, bytesIn, bytesOut } = recorder.ended;
    const [moreDurations, moreIn, moreOut] = ended;
    if (moreDurations !== null) durations.mergeData(moreDurations);
    if (moreIn !== null) bytesIn.mergeData(moreIn);
    if (moreOut !== null) bytesOut.mergeData(moreOut);
  }

  #takeRoutes(report: IReport): void {
    for (const { name, numbers, latency, rejects } of report.routes) {
      const route = this.#route(name);
      addRouteNumbers(route, numbers);
      if (latency !== null) route.latency.mergeData(latency);
      addReasons(route.rejects, rejects);
      addTo(this.#routes, name, numbers[0] ?? 0);
    }
  }

  #takeUpstreams(report: IReport): void {
    for (const changes of report.upstreams) {
      const upstream = this.#recorder.upstream(changes.target);
      addUpstreamNumbers(upstream, changes.numbers);
      if (changes.connectLatency !== null) upstream.connectLatency.mergeData(changes.connectLatency);
      if (changes.tlsLatency !== null) upstream.tlsLatency.mergeData(changes.tlsLatency);
      if (changes.firstByteLatency !== null) upstream.firstByteLatency.mergeData(changes.firstByteLatency);
      addReasons(upstream.failures, changes.failures);
      const own = this.#upstreams.get(changes.target) ?? { active: 0, idle: 0, waiting: 0 };
      own.active += changes.numbers[0] ?? 0;
      own.idle += changes.numbers[1] ?? 0;
      own.waiting += changes.numbers[UPSTREAM_NUMBERS.indexOf('waiting')] ?? 0;
      this.#upstreams.set(changes.target, own);
    }
  }

  #takeEvents({ events, progress }: IReport): void {
    for (const { connectionId, bytesIn, bytesOut, requests } of progress) {
      const open = this.#open.get(connectionId);
      if (open !== undefined) open.progress = { bytesIn, bytesOut, requests };
    }
    const late = new Map(progress.map((item) => [item.connectionId, item]));
    for (const { name, payload } of events) {
      if (name === 'connection-open') {
        const event = payload as IConnectionOpenEvent;
        const soFar = late.get(event.connectionId) ?? NO_PROGRESS;
        this.#open.set(event.connectionId, { event, heardAtMs: performance.now(), progress: soFar });
      } else if (name === 'connection-close') {
        this.#open.delete((payload as IConnectionOpenEvent).connectionId);
      }
      this.#gate.emit(name, payload as never);
    }
  }

  #announceCut({ event, heardAtMs, progress }: IOpenConnection): void {
    if (!this.#gate.close) return;
    const { connectionId, type, routeName, clientIp } = event;
    this.#gate.emit('connection-close', {
      connectionId,
      type,
      routeName,
      clientIp,
      duration: performance.now() - heardAtMs,
      bytesIn: progress.bytesIn,
      bytesOut: progress.bytesOut,
      bytesTransferred: progress.bytesIn + progress.bytesOut,
      requests: progress.requests,
      reason: REASON.workerDied,
      timestamp: new Date(),
    });
  }
}

function addReasons(counts: ReasonCounts, changes: TChanges): void {
  for (const [reason, change] of changes) {
    counts.total += change;
    counts.counts.set(reason, (counts.counts.get(reason) ?? 0) + change);
  }
}

function addTo(map: Map<string, number>, name: string, change: number): void {
  const next = (map.get(name) ?? 0) + change;
  if (next === 0) map.delete(name);
  else map.set(name, next);
}
