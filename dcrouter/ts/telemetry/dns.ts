/**
 * The DNS server's metrics. One snapshot is read per scrape, so the families of one scrape agree with each other.
 *
 * @module
 */
import type { Registry } from '@dcrouter/metrics';
import type { IDnsStats } from '@dcrouter/smartdns/server';
import { boundsOf, catchUp, catchUpAll, loadDurations } from './fill.ts';
import { SERIES_MAX } from './limits.ts';

export function registerDnsMetrics(registry: Registry, stats: IDnsStats): void {
  const queries = registry.counter({
    name: 'dcrouter_dns_queries_total',
    help: 'DNS messages received, by query type.',
    labelNames: ['type'],
  });
  const transports = registry.counter({
    name: 'dcrouter_dns_transport_queries_total',
    help: 'DNS messages received, by transport.',
    labelNames: ['transport'],
  });
  const responses = registry.counter({
    name: 'dcrouter_dns_responses_total',
    help: 'DNS answers sent, by rcode.',
    labelNames: ['rcode'],
  });
  const dropped = registry.counter({
    name: 'dcrouter_dns_dropped_total',
    help: 'DNS messages that got no answer, by reason.',
    labelNames: ['reason'],
  });
  const errors = registry.counter({
    name: 'dcrouter_dns_errors_total',
    help: 'Failures while answering, by reason.',
    labelNames: ['reason'],
  });
  const truncated = registry.counter({ name: 'dcrouter_dns_truncated_total', help: 'Answers sent with TC set.' });
  const received = registry.counter({
    name: 'dcrouter_dns_received_bytes_total',
    help: 'Bytes of DNS messages received.',
    unit: 'bytes',
  });
  const sent = registry.counter({
    name: 'dcrouter_dns_sent_bytes_total',
    help: 'Bytes of DNS answers sent.',
    unit: 'bytes',
  });
  const hits = registry.counter({
    name: 'dcrouter_dns_cache_hits_total',
    help: 'Cacheable look-ups answered from the cache.',
  });
  const misses = registry.counter({
    name: 'dcrouter_dns_cache_misses_total',
    help: 'Cacheable look-ups not answered from the cache.',
  });
  const zones = registry.counter({
    name: 'dcrouter_dns_zone_queries_total',
    help: 'Queries answered, by zone or handler pattern.',
    labelNames: ['zone'],
    seriesMax: SERIES_MAX,
  });
  const tcp = registry.gauge({
    name: 'dcrouter_dns_tcp_connections_active',
    help: 'DNS connections over TCP and TLS now open.',
  });
  const duration = registry.histogram({
    name: 'dcrouter_dns_response_duration_seconds',
    help: 'Time from the receipt of a query to its answer, by transport.',
    unit: 'seconds',
    labelNames: ['transport'],
    buckets: boundsOf(stats.getLatency()),
  });
  registry.gauge({
    name: 'dcrouter_dns_uptime_seconds',
    help: 'Seconds since the DNS server started.',
    unit: 'seconds',
    collect: (uptime) => {
      const snapshot = stats.snapshot();
      uptime.set(snapshot.uptimeSeconds);
      catchUpAll(queries, snapshot.types);
      catchUpAll(transports, snapshot.transports);
      catchUpAll(responses, snapshot.rcodes);
      catchUpAll(dropped, snapshot.dropsByReason);
      catchUpAll(errors, snapshot.errors);
      catchUp(truncated.labels(), snapshot.totals.truncated);
      catchUp(received.labels(), snapshot.totals.bytesIn);
      catchUp(sent.labels(), snapshot.totals.bytesOut);
      catchUp(hits.labels(), snapshot.cache.hits);
      catchUp(misses.labels(), snapshot.cache.misses);
      for (const zone of snapshot.zones) catchUp(zones.labels(zone.zone), zone.queries);
      tcp.set(snapshot.tcpConnections.active);
      for (const [transport, latency] of Object.entries(snapshot.latency))
        loadDurations(duration.labels(transport), latency);
    },
  });
}
