/**
 * The proxy's metrics. One snapshot is read per scrape, so the families of one scrape agree with each other.
 *
 * @module
 */
import type { Registry } from '@dcrouter/metrics';
import { UNROUTED, type IProxySnapshot, type IProxyStats, type IRouteStats } from '@dcrouter/smartproxy';
import { boundsOf, catchUp, catchUpAll, loadDurations } from './fill.ts';
import { SERIES_MAX } from './limits.ts';

export function registerProxyMetrics(registry: Registry, stats: IProxyStats): void {
  const routes = registerRouteMetrics(registry, stats);
  const upstreams = registerUpstreamMetrics(registry, stats);
  const process = registerProcessMetrics(registry);
  registry.gauge({
    name: 'dcrouter_proxy_uptime_seconds',
    help: 'Seconds since the proxy started.',
    unit: 'seconds',
    collect: (uptime) => {
      const snapshot = stats.snapshot();
      uptime.set(snapshot.uptimeSeconds);
      routes(snapshot);
      upstreams(snapshot);
      process(snapshot);
    },
  });
}

type TFill = (snapshot: IProxySnapshot) => void;

function registerRouteMetrics(registry: Registry, stats: IProxyStats): TFill {
  const labelNames = ['route'] as const;
  const seriesMax = SERIES_MAX;
  const active = registry.gauge({
    name: 'dcrouter_proxy_connections_active',
    help: 'Client connections now open, by route.',
    labelNames,
    seriesMax,
  });
  const total = registry.counter({
    name: 'dcrouter_proxy_connections_total',
    help: 'Client connections accepted, by route.',
    labelNames,
    seriesMax,
  });
  const requests = registry.counter({
    name: 'dcrouter_proxy_requests_total',
    help: 'HTTP exchanges completed, by route.',
    labelNames,
    seriesMax,
  });
  const received = registry.counter({
    name: 'dcrouter_proxy_received_bytes_total',
    help: 'Bytes received from clients, by route.',
    unit: 'bytes',
    labelNames,
    seriesMax,
  });
  const sent = registry.counter({
    name: 'dcrouter_proxy_sent_bytes_total',
    help: 'Bytes sent to clients, by route.',
    unit: 'bytes',
    labelNames,
    seriesMax,
  });
  const responses = registry.counter({
    name: 'dcrouter_proxy_responses_total',
    help: 'HTTP responses sent to clients, by route and status class.',
    labelNames: ['route', 'class'],
    seriesMax,
  });
  const rejects = registry.counter({
    name: 'dcrouter_proxy_route_rejected_total',
    help: 'Connections and requests that a route refused, by reason.',
    labelNames: ['route', 'reason'],
    seriesMax,
  });
  const [first] = stats.getRouteStats();
  const duration = registry.histogram({
    name: 'dcrouter_proxy_request_duration_seconds',
    help: 'Time from the first byte of a request to the last byte of its response, by route.',
    unit: 'seconds',
    labelNames,
    seriesMax,
    buckets: first && boundsOf(first.latency),
  });
  return (snapshot) => {
    for (const route of snapshot.routes) {
      const name = route.routeName;
      active.labels(name).set(route.active);
      catchUp(total.labels(name), settledTotal(route));
      catchUp(requests.labels(name), route.requests);
      catchUp(received.labels(name), route.bytesIn);
      catchUp(sent.labels(name), route.bytesOut);
      for (const [status, count] of Object.entries(route.statusClasses)) catchUp(responses.labels(name, status), count);
      for (const [reason, count] of Object.entries(route.rejects)) catchUp(rejects.labels(name, reason), count);
      loadDurations(duration.labels(name), route.latency);
    }
  };
}

/**
 * A connection stands under {@link UNROUTED} until its route is chosen, and then moves: a counter, which only grows, may
 * take it from there only once it has closed without a route.
 */
function settledTotal(route: IRouteStats): number {
  return route.routeName === UNROUTED ? route.total - route.active : route.total;
}

function registerUpstreamMetrics(registry: Registry, stats: IProxyStats): TFill {
  const labelNames = ['upstream'] as const;
  const seriesMax = SERIES_MAX;
  const active = registry.gauge({
    name: 'dcrouter_proxy_upstream_connections_active',
    help: 'Upstream connections in use.',
    labelNames,
    seriesMax,
  });
  const idle = registry.gauge({
    name: 'dcrouter_proxy_upstream_connections_idle',
    help: 'Upstream connections waiting in the pool.',
    labelNames,
    seriesMax,
  });
  const connects = registry.counter({
    name: 'dcrouter_proxy_upstream_connects_total',
    help: 'Upstream connections opened.',
    labelNames,
    seriesMax,
  });
  const reuses = registry.counter({
    name: 'dcrouter_proxy_upstream_reuses_total',
    help: 'Exchanges that found a pooled upstream connection.',
    labelNames,
    seriesMax,
  });
  const requests = registry.counter({
    name: 'dcrouter_proxy_upstream_requests_total',
    help: 'HTTP exchanges sent to the upstream.',
    labelNames,
    seriesMax,
  });
  const failures = registry.counter({
    name: 'dcrouter_proxy_upstream_failures_total',
    help: 'Failed connects and exchanges, by reason.',
    labelNames: ['upstream', 'reason'],
    seriesMax,
  });
  const up = registry.gauge({
    name: 'dcrouter_proxy_upstream_healthy',
    help: '1 when the upstream is considered healthy.',
    labelNames,
    seriesMax,
  });
  const bounds = stats.getRouteStats()[0]?.latency;
  const buckets = bounds && boundsOf(bounds);
  const connect = registry.histogram({
    name: 'dcrouter_proxy_upstream_connect_duration_seconds',
    help: 'Time to open an upstream TCP connection.',
    unit: 'seconds',
    labelNames,
    seriesMax,
    buckets,
  });
  const firstByte = registry.histogram({
    name: 'dcrouter_proxy_upstream_first_byte_duration_seconds',
    help: 'Time from a request handed to the upstream to its first response byte.',
    unit: 'seconds',
    labelNames,
    seriesMax,
    buckets,
  });
  return (snapshot) => {
    for (const upstream of snapshot.upstreams) {
      const { target } = upstream;
      active.labels(target).set(upstream.active);
      idle.labels(target).set(upstream.idle);
      up.labels(target).set(upstream.healthy ? 1 : 0);
      catchUp(connects.labels(target), upstream.connects);
      catchUp(reuses.labels(target), upstream.reuses);
      catchUp(requests.labels(target), upstream.requests);
      for (const [reason, count] of Object.entries(upstream.failures)) catchUp(failures.labels(target, reason), count);
      loadDurations(connect.labels(target), upstream.connectLatency);
      loadDurations(firstByte.labels(target), upstream.firstByteLatency);
    }
  };
}

function registerProcessMetrics(registry: Registry): TFill {
  const closed = registry.counter({
    name: 'dcrouter_proxy_connections_closed_total',
    help: 'Client connections closed, by reason.',
    labelNames: ['reason'],
  });
  const types = registry.counter({
    name: 'dcrouter_proxy_connection_types_total',
    help: 'Client connections accepted, by type.',
    labelNames: ['type'],
  });
  const rejected = registry.counter({
    name: 'dcrouter_proxy_rejected_total',
    help: 'Connections and requests refused, by reason.',
    labelNames: ['reason'],
  });
  const errors = registry.counter({
    name: 'dcrouter_proxy_errors_total',
    help: 'Client connections that did not end in order.',
  });
  const handshakes = registry.counter({
    name: 'dcrouter_proxy_tls_handshakes_total',
    help: 'TLS handshakes completed with clients.',
  });
  const resumptions = registry.counter({
    name: 'dcrouter_proxy_tls_resumptions_total',
    help: 'TLS handshakes that resumed a session.',
  });
  const failures = registry.counter({
    name: 'dcrouter_proxy_tls_failures_total',
    help: 'TLS handshakes that failed, by reason.',
    labelNames: ['reason'],
  });
  const versions = registry.counter({
    name: 'dcrouter_proxy_tls_versions_total',
    help: 'TLS handshakes completed, by version.',
    labelNames: ['version'],
  });
  return (snapshot) => {
    catchUpAll(closed, snapshot.terminationReasons);
    catchUpAll(types, snapshot.connectionTypes);
    catchUpAll(rejected, snapshot.rejectReasons);
    catchUp(errors.labels(), snapshot.totals.errors);
    catchUp(handshakes.labels(), snapshot.tls.handshakes);
    catchUp(resumptions.labels(), snapshot.tls.resumptions);
    catchUpAll(failures, snapshot.tls.failures);
    catchUpAll(versions, snapshot.tls.versions);
  };
}
