/**
 * The proxy's metrics. One snapshot is read per scrape, so the families of one scrape agree with each other.
 *
 * @module
 */
import { UNROUTED, type IProxySnapshot, type IRouteStats, type SmartProxy } from '@dcrouter/smartproxy';
import { LATENCY_BOUNDS_SECONDS } from '@dcrouter/smartproxy';
import { Gone, type Families } from './families.ts';
import { catchUp, catchUpAll, loadDurations } from './fill.ts';
import { certificateMetrics } from './certificates.ts';
import { upstreamMetrics } from './upstreams.ts';

/** What is read of a proxy. */
export type TProxySource = Pick<SmartProxy, 'stats' | 'getWorkerStats' | 'getCertificateStatus'>;

export function registerProxyMetrics(families: Families, source: () => TProxySource | null): void {
  const routes = routeMetrics(families);
  const upstreams = upstreamMetrics(families);
  const certificates = certificateMetrics(families);
  const process = processMetrics(families);
  const workers = workerMetrics(families);
  families.filling('dcrouter_proxy_uptime_seconds', 'Seconds since the proxy started.', (uptime) => {
    const proxy = source();
    if (proxy === null) return;
    const snapshot = proxy.stats.snapshot();
    uptime.set(snapshot.uptimeSeconds);
    routes(snapshot);
    upstreams(snapshot);
    process(snapshot);
    workers(proxy);
    certificates(snapshot, proxy);
  });
}

type TFill = (snapshot: IProxySnapshot) => void;

function routeMetrics(families: Families): TFill {
  const active = families.gauge('dcrouter_proxy_connections_active', 'Client connections now open, by route.', 'route');
  const total = families.counter('dcrouter_proxy_connections_total', 'Client connections accepted, by route.', 'route');
  const requests = families.counter('dcrouter_proxy_requests_total', 'HTTP exchanges completed, by route.', 'route');
  const received = families.counter(
    'dcrouter_proxy_received_bytes_total',
    'Bytes received from clients, by route.',
    'route',
  );
  const sent = families.counter('dcrouter_proxy_sent_bytes_total', 'Bytes sent to clients, by route.', 'route');
  const responses = families.counter(
    'dcrouter_proxy_responses_total',
    'HTTP responses sent to clients, by route and status class.',
    'route',
    'class',
  );
  const rejects = families.counter(
    'dcrouter_proxy_route_rejected_total',
    'Connections and requests that a route refused, by reason.',
    'route',
    'reason',
  );
  const duration = families.histogram(
    'dcrouter_proxy_request_duration_seconds',
    'Time from the first byte of a request to the last byte of its response, by route.',
    LATENCY_BOUNDS_SECONDS,
    'route',
  );
  const gone = new Gone(active, total, requests, received, sent, responses, rejects, duration);
  return (snapshot) => {
    const names = new Set<string>();
    for (const route of snapshot.routes) {
      const name = route.routeName;
      names.add(name);
      active.labels(name).set(route.active);
      catchUp(total.labels(name), settledTotal(route));
      catchUp(requests.labels(name), route.requests);
      catchUp(received.labels(name), route.bytesIn);
      catchUp(sent.labels(name), route.bytesOut);
      for (const [status, count] of Object.entries(route.statusClasses)) {
        gone.saw(status);
        catchUp(responses.labels(name, status), count);
      }
      for (const [reason, count] of Object.entries(route.rejects)) {
        gone.saw(reason);
        catchUp(rejects.labels(name, reason), count);
      }
      loadDurations(duration.labels(name), route.latency);
    }
    gone.keepOnly(names);
  };
}

/**
 * A connection stands under {@link UNROUTED} until its route is chosen, and then moves: a counter, which only grows, may
 * take it from there only once it has closed without a route.
 */
function settledTotal(route: IRouteStats): number {
  return route.routeName === UNROUTED ? route.total - route.active : route.total;
}

function processMetrics(families: Families): TFill {
  const closed = families.counter(
    'dcrouter_proxy_connections_closed_total',
    'Client connections closed, by reason.',
    'reason',
  );
  const types = families.counter(
    'dcrouter_proxy_connection_types_total',
    'Client connections accepted, by type.',
    'type',
  );
  const rejected = families.counter(
    'dcrouter_proxy_rejected_total',
    'Connections and requests refused, by reason.',
    'reason',
  );
  const errors = families.counter('dcrouter_proxy_errors_total', 'Client connections that did not end in order.');
  const poolTargets = families.gauge('dcrouter_proxy_pool_targets', 'Upstreams with a connection pool.');
  const evicted = families.counter(
    'dcrouter_proxy_pool_evicted_total',
    'Idle upstream connections closed to make room for others.',
  );
  const tls = tlsMetrics(families);
  const ring = ringMetrics(families);
  return (snapshot) => {
    catchUpAll(closed, snapshot.terminationReasons);
    catchUpAll(types, snapshot.connectionTypes);
    catchUpAll(rejected, snapshot.rejectReasons);
    catchUp(errors.labels(), snapshot.totals.errors);
    poolTargets.set(snapshot.pool.targets);
    catchUp(evicted.labels(), snapshot.pool.evicted);
    tls(snapshot);
    ring(snapshot);
  };
}

/** Without a ring they stay at 0. */
function ringMetrics(families: Families): TFill {
  const active = families.gauge('dcrouter_proxy_ring_sockets', 'Sockets served through an io_uring.');
  const entered = families.counter('dcrouter_proxy_ring_entered_total', 'Sockets that moved into an io_uring.');
  const returned = families.counter(
    'dcrouter_proxy_ring_returned_total',
    'Sockets that moved out of an io_uring again, for long messages or as reading was held back.',
  );
  const bounds = families.counter(
    'dcrouter_proxy_ring_bounds_total',
    'Times an io_uring had no place for a socket, no buffer to receive into or no block to send from.',
    'bound',
  );
  return ({ ring }) => {
    if (ring === undefined) return;
    active.set(ring.active);
    catchUp(entered.labels(), ring.entered);
    catchUp(returned.labels(), ring.returned);
    catchUpAll(bounds, { places: ring.refused, buffers: ring.bufferless, blocks: ring.blockless });
  };
}

function tlsMetrics(families: Families): TFill {
  const handshakes = families.counter('dcrouter_proxy_tls_handshakes_total', 'TLS handshakes completed with clients.');
  const resumptions = families.counter(
    'dcrouter_proxy_tls_resumptions_total',
    'TLS handshakes that resumed a session.',
  );
  const failures = families.counter(
    'dcrouter_proxy_tls_failures_total',
    'TLS handshakes that failed, by reason.',
    'reason',
  );
  const versions = families.counter(
    'dcrouter_proxy_tls_versions_total',
    'TLS handshakes completed, by version.',
    'version',
  );
  const alpn = families.counter(
    'dcrouter_proxy_tls_alpn_total',
    'TLS handshakes completed, by the protocol agreed on.',
    'protocol',
  );
  return ({ tls }) => {
    catchUp(handshakes.labels(), tls.handshakes);
    catchUp(resumptions.labels(), tls.resumptions);
    catchUpAll(failures, tls.failures);
    catchUpAll(versions, tls.versions);
    catchUpAll(alpn, tls.alpn);
  };
}

function workerMetrics(families: Families): (proxy: TProxySource) => void {
  const configured = families.gauge(
    'dcrouter_proxy_workers_configured',
    'Worker processes that there shall be; 0 when the router serves itself.',
  );
  const running = families.gauge('dcrouter_proxy_workers_running', 'Worker processes that there are.');
  const died = families.counter('dcrouter_proxy_workers_died_total', 'Worker processes that ended by themselves.');
  const replaced = families.counter(
    'dcrouter_proxy_workers_replaced_total',
    'Worker processes started in place of one that died.',
  );
  return (proxy) => {
    const workers = proxy.getWorkerStats();
    configured.set(workers?.configured ?? 0);
    running.set(workers?.running ?? 0);
    catchUp(died.labels(), workers?.died ?? 0);
    catchUp(replaced.labels(), workers?.replaced ?? 0);
  };
}
