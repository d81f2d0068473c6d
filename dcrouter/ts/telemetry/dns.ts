/**
 * The DNS server's metrics. One snapshot is read per scrape, so the families of one scrape agree with each other.
 *
 * @module
 */
import { latencyBoundsSeconds, type DnsServer, type IDnsSnapshot } from '@dcrouter/smartdns/server';
import { Gone, type Families } from './families.ts';
import { catchUp, catchUpAll, loadDurations } from './fill.ts';
import { forwardMetrics } from './forward.ts';

/** What is read of a DNS server. */
export type TDnsSource = Pick<DnsServer, 'stats' | 'zones' | 'forwardStats'>;

export function registerDnsMetrics(families: Families, source: () => TDnsSource | null): void {
  const messages = messageMetrics(families);
  const cache = cacheMetrics(families);
  const zones = zoneMetrics(families);
  const forward = forwardMetrics(families);
  families.filling('dcrouter_dns_uptime_seconds', 'Seconds since the DNS server started.', (uptime) => {
    const dns = source();
    if (dns === null) return;
    const snapshot = dns.stats.snapshot();
    uptime.set(snapshot.uptimeSeconds);
    messages(snapshot);
    cache(snapshot);
    zones(snapshot, dns);
    forward(dns.forwardStats);
  });
}

function messageMetrics(families: Families): (snapshot: IDnsSnapshot) => void {
  const queries = families.counter('dcrouter_dns_queries_total', 'DNS messages received, by query type.', 'type');
  const transports = families.counter(
    'dcrouter_dns_transport_queries_total',
    'DNS messages received, by transport.',
    'transport',
  );
  const responses = families.counter('dcrouter_dns_responses_total', 'DNS answers sent, by rcode.', 'rcode');
  const dropped = families.counter(
    'dcrouter_dns_dropped_total',
    'DNS messages that got no answer, by reason.',
    'reason',
  );
  const errors = families.counter('dcrouter_dns_errors_total', 'Failures while answering, by reason.', 'reason');
  const truncated = families.counter('dcrouter_dns_truncated_total', 'Answers sent with TC set.');
  const received = families.counter('dcrouter_dns_received_bytes_total', 'Bytes of DNS messages received.');
  const sent = families.counter('dcrouter_dns_sent_bytes_total', 'Bytes of DNS answers sent.');
  const open = families.gauge('dcrouter_dns_tcp_connections_active', 'DNS connections over TCP and TLS now open.');
  const accepted = families.counter('dcrouter_dns_tcp_connections_total', 'DNS connections over TCP and TLS accepted.');
  const duration = families.histogram(
    'dcrouter_dns_response_duration_seconds',
    'Time from the receipt of a query to its answer, by transport.',
    latencyBoundsSeconds,
    'transport',
  );
  return (snapshot) => {
    catchUpAll(queries, snapshot.types);
    catchUpAll(transports, snapshot.transports);
    catchUpAll(responses, snapshot.rcodes);
    catchUpAll(dropped, snapshot.dropsByReason);
    catchUpAll(errors, snapshot.errors);
    catchUp(truncated.labels(), snapshot.totals.truncated);
    catchUp(received.labels(), snapshot.totals.bytesIn);
    catchUp(sent.labels(), snapshot.totals.bytesOut);
    open.set(snapshot.tcpConnections.active);
    catchUp(accepted.labels(), snapshot.tcpConnections.total);
    for (const [transport, latency] of Object.entries(snapshot.latency))
      loadDurations(duration.labels(transport), latency);
  };
}

function cacheMetrics(families: Families): (snapshot: IDnsSnapshot) => void {
  const hits = families.counter('dcrouter_dns_cache_hits_total', 'Cacheable look-ups answered from the cache.');
  const misses = families.counter('dcrouter_dns_cache_misses_total', 'Cacheable look-ups not answered from the cache.');
  const evictions = families.counter('dcrouter_dns_cache_evictions_total', 'Cached answers that made room for others.');
  return ({ cache }) => {
    catchUp(hits.labels(), cache.hits);
    catchUp(misses.labels(), cache.misses);
    catchUp(evictions.labels(), cache.evictions);
  };
}

function zoneMetrics(families: Families): (snapshot: IDnsSnapshot, dns: TDnsSource) => void {
  const queries = families.counter(
    'dcrouter_dns_zone_queries_total',
    'Queries answered, by zone or handler pattern.',
    'zone',
  );
  const responses = families.counter(
    'dcrouter_dns_zone_responses_total',
    'Answers by zone or handler pattern, and rcode.',
    'zone',
    'rcode',
  );
  const zones = families.gauge('dcrouter_dns_zones', 'Zones served.');
  const serial = families.gauge('dcrouter_dns_zone_serial', 'Serial number of the SOA record, by zone.', 'zone');
  const signatures = families.counter(
    'dcrouter_dns_signatures_total',
    'DNSSEC signatures made; one serves many answers.',
  );
  const keys = families.gauge(
    'dcrouter_dns_dnssec_keys',
    'DNSSEC keys of a zone, by role and state.',
    'zone',
    'role',
    'state',
  );
  const gone = new Gone(queries, responses);
  const goneZones = new Gone(serial);
  const shown = new Map<string, readonly [zone: string, role: string, state: string]>();
  return (snapshot, dns) => {
    for (const zone of snapshot.zones) {
      catchUp(queries.labels(zone.zone), zone.queries);
      for (const [rcode, count] of Object.entries(zone.rcodes)) {
        gone.saw(rcode);
        catchUp(responses.labels(zone.zone, rcode), count);
      }
    }
    gone.keepOnly(new Set(snapshot.zones.map(({ zone }) => zone)));
    catchUp(signatures.labels(), snapshot.signatures);
    const served = dns.zones.list();
    zones.set(served.length);
    goneZones.keepOnly(new Set(served.map(({ origin }) => origin)));
    const counts = new Map<string, number>();
    for (const zone of served) {
      serial.labels(zone.origin).set(zone.serial);
      for (const { role, state } of dns.zones.signer(zone.origin)?.keyInfo() ?? []) {
        const key = `${zone.origin} ${role} ${state}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
        shown.set(key, [zone.origin, role, state]);
      }
    }
    for (const [key, labels] of shown) {
      const count = counts.get(key);
      if (count !== undefined) keys.labels(...labels).set(count);
      else if (keys.remove(...labels)) shown.delete(key);
    }
  };
}
