/**
 * Active health checks: each target of a route that asks for it is looked at in turn, and left out while it fails.
 *
 * @module
 */
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import type { RoutePlan } from '../connection/plan.ts';
import type { TargetPolicy } from '../connection/policy.ts';
import { targetName } from '../connection/target-name.ts';
import { generateV1, generateV2 } from '../proxy-protocol/index.ts';
import type { IRouteHealthCheck } from '../interfaces/http.ts';
import { limits } from '../limits/limits.ts';
import type { EventGate } from '../stats/eventgate.ts';
import type { Recorder } from '../stats/recorder.ts';

const HEALTHY_STATUS_MAX = 399;
const HEALTHY_STATUS_MIN = 200;

interface IWatched {
  readonly policy: TargetPolicy;
  readonly host: string;
  readonly port: number;
  readonly check: IRouteHealthCheck;
  /** Name to check in the target's certificate when the target is only an address. */
  readonly domain: string;
  nextAtMs: number;
  /** Successes in a row, or failures as a negative number. */
  streak: number;
  busy: boolean;
}

export class HealthChecker {
  readonly #gate: EventGate;
  readonly #recorder: Recorder;
  readonly #onTurn: () => void;
  #watched: IWatched[] = [];
  /** Results of checks that began for earlier routes are dropped. */
  #generation = 0;

  /** @param onTurn called when a target's health has turned */
  constructor(gate: EventGate, recorder: Recorder, onTurn: () => void) {
    this.#gate = gate;
    this.#recorder = recorder;
    this.#onTurn = onTurn;
  }

  /** Watches the targets of these routes instead of the earlier ones. Targets given by functions cannot be watched. */
  watch(plans: readonly RoutePlan[]): void {
    this.#generation += 1;
    this.#watched = plans.flatMap((plan) =>
      plan.policies.flatMap((policy) => {
        const balancing = policy.config.loadBalancing ?? plan.route.config.action.loadBalancing;
        const { host, port } = policy.config;
        if (balancing?.healthCheck === undefined || typeof host !== 'string' || typeof port !== 'number') return [];
        const { healthCheck: check } = balancing;
        const domain = firstName(plan.route.config.match.domains) ?? host;
        return [{ policy, host, port, check, domain, nextAtMs: 0, streak: 0, busy: false }];
      }),
    );
  }

  /** Begins the checks that are due. */
  tick(nowMs: number): void {
    for (const watched of this.#watched) {
      if (watched.busy || watched.nextAtMs > nowMs) continue;
      watched.busy = true;
      watched.nextAtMs = nowMs + (watched.check.interval ?? limits.healthIntervalMs);
      this.#run(watched, this.#generation);
    }
  }

  /** Stops; checks under way are not listened to any more. */
  stop(): void {
    this.#generation += 1;
    this.#watched = [];
  }

  #run(watched: IWatched, generation: number): void {
    const timeoutMs = watched.check.timeout ?? limits.healthTimeoutMs;
    let answered = false;
    const answer = (fault: string | null): void => {
      if (answered) return;
      answered = true;
      watched.busy = false;
      if (generation === this.#generation) this.#record(watched, fault);
    };
    if (watched.check.path === undefined) checkConnect(watched.host, watched.port, timeoutMs, answer);
    else checkRequest(watched, watched.check.path, timeoutMs, answer);
  }

  #record(watched: IWatched, fault: string | null): void {
    const { policy, check } = watched;
    watched.streak = fault === null ? Math.max(0, watched.streak) + 1 : Math.min(0, watched.streak) - 1;
    const rise = check.healthyThreshold ?? limits.healthyThreshold;
    const fall = check.unhealthyThreshold ?? limits.unhealthyThreshold;
    if (policy.checkedHealthy && watched.streak <= -fall) this.#turn(watched, false, fault);
    else if (!policy.checkedHealthy && watched.streak >= rise) this.#turn(watched, true, null);
  }

  #turn(watched: IWatched, healthy: boolean, fault: string | null): void {
    watched.policy.checkedHealthy = healthy;
    const target = targetName(watched.host, watched.port);
    this.#recorder.upstream(target).healthy = healthy;
    this.#onTurn();
    if (!this.#gate.upstreamHealth) return;
    this.#gate.emit('upstream-health', {
      target,
      previous: healthy ? 'unhealthy' : 'healthy',
      current: healthy ? 'healthy' : 'unhealthy',
      reason: fault ?? undefined,
      timestamp: new Date(),
    });
  }
}

/** Healthy when a connection can be made. */
function checkConnect(host: string, port: number, timeoutMs: number, answer: (fault: string | null) => void): void {
  const socket = net.connect({ host, port, timeout: timeoutMs });
  socket.once('connect', () => {
    answer(null);
    socket.destroy();
  });
  socket.once('timeout', () => {
    answer('timeout');
    socket.destroy();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => answer(error.code ?? 'error'));
}

/** Healthy when the answer is 2xx or 3xx. */
function checkRequest(
  watched: IWatched,
  path: string,
  timeoutMs: number,
  answer: (fault: string | null) => void,
): void {
  const { host, port } = watched;
  const signal = AbortSignal.timeout(timeoutMs);
  const createConnection: http.ClientRequestArgs['createConnection'] = (_options, done) => {
    connectAsRoute(watched, signal, done);
    return undefined;
  };
  const request = http.get({ host, port, path, signal, createConnection }, (response) => {
    const status = response.statusCode ?? 0;
    answer(status >= HEALTHY_STATUS_MIN && status <= HEALTHY_STATUS_MAX ? null : `status-${status}`);
    response.destroy();
  });
  request.on('error', (error: NodeJS.ErrnoException) =>
    answer(error.name === 'TimeoutError' || error.name === 'AbortError' ? 'timeout' : (error.code ?? 'error')),
  );
}

/** Speaks to the target as the route does: in TLS, and with a PROXY header, here one that says nothing of a client. */
function connectAsRoute(
  { policy, host, port, domain }: IWatched,
  signal: AbortSignal,
  done: (error: Error | null, socket: net.Socket) => void,
): void {
  const raw = net.connect({ host, port, signal } as net.NetConnectOpts);
  const failed = (error: Error): void => done(error, raw);
  raw.once('error', failed);
  raw.once('connect', () => {
    raw.off('error', failed);
    if (policy.proxyVersion !== 0) {
      const generate = policy.proxyVersion === 2 ? generateV2 : generateV1;
      raw.write(generate({ sourceIp: '', sourcePort: 0, destinationIp: '', destinationPort: 0 }));
    }
    const secure = policy.tlsTo(host, domain);
    done(null, secure === null ? raw : tls.connect({ ...secure.options, socket: raw }));
  });
}

/** A name of the route that is no pattern. */
function firstName(domains: string | readonly string[] | undefined): string | undefined {
  return (typeof domains === 'string' ? [domains] : domains)?.find((name) => !name.includes('*'));
}
