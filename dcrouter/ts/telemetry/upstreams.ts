/**
 * The metrics of upstreams and of the addresses that their names led to.
 *
 * @module
 */
import { LATENCY_BOUNDS_SECONDS, type IProxySnapshot, type IUpstreamStats } from '@dcrouter/smartproxy';
import { Gone, type Families } from './families.ts';
import { catchUp, flag, loadDurations } from './fill.ts';

const STATES = ['ready', 'drain', 'disabled'] as const satisfies ReadonlyArray<IUpstreamStats['state']>;

type TFillOne = (upstream: IUpstreamStats) => void;

export function upstreamMetrics(families: Families): (snapshot: IProxySnapshot) => void {
  const gone: Gone[] = [];
  const fills = [
    connectionMetrics(families, gone),
    exchangeMetrics(families, gone),
    stateMetrics(families, gone),
    destinationMetrics(families),
  ];
  return (snapshot) => {
    const names = new Set<string>();
    for (const upstream of snapshot.upstreams) {
      names.add(upstream.target);
      for (const fill of fills) fill(upstream);
    }
    for (const each of gone) each.keepOnly(names);
  };
}

function connectionMetrics(families: Families, gone: Gone[]): TFillOne {
  const active = families.gauge(
    'dcrouter_proxy_upstream_connections_active',
    'Upstream connections in use.',
    'upstream',
  );
  const idle = families.gauge(
    'dcrouter_proxy_upstream_connections_idle',
    'Upstream connections waiting in the pool.',
    'upstream',
  );
  const connects = families.counter(
    'dcrouter_proxy_upstream_connects_total',
    'Upstream connections opened.',
    'upstream',
  );
  const reuses = families.counter(
    'dcrouter_proxy_upstream_reuses_total',
    'Exchanges that found a pooled upstream connection.',
    'upstream',
  );
  const connect = families.histogram(
    'dcrouter_proxy_upstream_connect_duration_seconds',
    'Time to open an upstream TCP connection.',
    LATENCY_BOUNDS_SECONDS,
    'upstream',
  );
  const tls = families.histogram(
    'dcrouter_proxy_upstream_tls_duration_seconds',
    'Time of TLS handshakes with the upstream.',
    LATENCY_BOUNDS_SECONDS,
    'upstream',
  );
  gone.push(new Gone(active, idle, connects, reuses, connect, tls));
  return (upstream) => {
    const { target } = upstream;
    active.labels(target).set(upstream.active);
    idle.labels(target).set(upstream.idle);
    catchUp(connects.labels(target), upstream.connects);
    catchUp(reuses.labels(target), upstream.reuses);
    loadDurations(connect.labels(target), upstream.connectLatency);
    loadDurations(tls.labels(target), upstream.tlsLatency);
  };
}

function exchangeMetrics(families: Families, gone: Gone[]): TFillOne {
  const requests = families.counter(
    'dcrouter_proxy_upstream_requests_total',
    'HTTP exchanges sent to the upstream.',
    'upstream',
  );
  const retries = families.counter(
    'dcrouter_proxy_upstream_retries_total',
    'HTTP exchanges sent a second time, as a pooled connection turned out to be closed.',
    'upstream',
  );
  const waiting = families.gauge(
    'dcrouter_proxy_upstream_requests_waiting',
    "Exchanges that wait now, as the upstream's maximum of connections is reached.",
    'upstream',
  );
  const queued = families.counter(
    'dcrouter_proxy_upstream_requests_queued_total',
    'Exchanges that had to wait for a connection.',
    'upstream',
  );
  const failures = families.counter(
    'dcrouter_proxy_upstream_failures_total',
    'Failed connects and exchanges, by reason.',
    'upstream',
    'reason',
  );
  const firstByte = families.histogram(
    'dcrouter_proxy_upstream_first_byte_duration_seconds',
    'Time from a request handed to the upstream to its first response byte.',
    LATENCY_BOUNDS_SECONDS,
    'upstream',
  );
  const left = new Gone(requests, retries, waiting, queued, failures, firstByte);
  gone.push(left);
  return (upstream) => {
    const { target } = upstream;
    catchUp(requests.labels(target), upstream.requests);
    catchUp(retries.labels(target), upstream.retries);
    waiting.labels(target).set(upstream.waiting);
    catchUp(queued.labels(target), upstream.queued);
    for (const [reason, count] of Object.entries(upstream.failures)) {
      left.saw(reason);
      catchUp(failures.labels(target, reason), count);
    }
    loadDurations(firstByte.labels(target), upstream.firstByteLatency);
  };
}

function stateMetrics(families: Families, gone: Gone[]): TFillOne {
  const up = families.gauge(
    'dcrouter_proxy_upstream_healthy',
    '1 when the upstream is considered healthy.',
    'upstream',
  );
  const state = families.gauge(
    'dcrouter_proxy_upstream_state',
    '1 for the state that the upstream was set to: ready, drain or disabled.',
    'upstream',
    'state',
  );
  const weight = families.gauge(
    'dcrouter_proxy_upstream_weight',
    'Share of the upstream as set at run time; no series while the routes say it.',
    'upstream',
  );
  const left = new Gone(up, state, weight);
  for (const each of STATES) left.saw(each);
  gone.push(left);
  return (upstream) => {
    const { target } = upstream;
    up.labels(target).set(flag(upstream.healthy));
    for (const each of STATES) state.labels(target, each).set(flag(upstream.state === each));
    if (upstream.weight === null) weight.remove(target);
    else weight.labels(target).set(upstream.weight);
  };
}

/** Addresses move, and the fork keeps a bounded number of them: those that it forgot go. */
function destinationMetrics(families: Families): TFillOne {
  const connects = families.counter(
    'dcrouter_proxy_destination_connects_total',
    'Connections opened to an address that the name of an upstream led to.',
    'upstream',
    'destination',
  );
  const failures = families.counter(
    'dcrouter_proxy_destination_failures_total',
    'Failed connects to an address that the name of an upstream led to.',
    'upstream',
    'destination',
  );
  const known = new Map<string, ReadonlySet<string>>();
  return ({ target, destinations }) => {
    const now = new Set<string>();
    for (const { destination, ...counts } of destinations) {
      now.add(destination);
      catchUp(connects.labels(target, destination), counts.connects);
      catchUp(failures.labels(target, destination), counts.failures);
    }
    for (const destination of known.get(target) ?? []) {
      if (now.has(destination)) continue;
      connects.remove(target, destination);
      failures.remove(target, destination);
    }
    known.set(target, now);
  };
}
