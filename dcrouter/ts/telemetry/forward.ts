/**
 * The metrics of what the DNS server asks other servers.
 *
 * @module
 */
import type { DnsServer } from '@dcrouter/smartdns/server';
import type { Families } from './families.ts';
import { catchUp, catchUpAll, flag } from './fill.ts';

type TForwardStats = DnsServer['forwardStats'];
type TForwardSnapshot = ReturnType<NonNullable<TForwardStats>['snapshot']>;

const MS_PER_SECOND = 1_000;

export function forwardMetrics(families: Families): (stats: TForwardStats) => void {
  const totals = totalMetrics(families);
  const upstreams = serverMetrics(families);
  return (stats) => {
    if (stats === undefined) return;
    const snapshot = stats.snapshot();
    totals(snapshot);
    upstreams(snapshot);
  };
}

function totalMetrics(families: Families): (snapshot: TForwardSnapshot) => void {
  const outcomes = families.counter(
    'dcrouter_dns_forward_queries_total',
    'Questions passed on, by outcome: answered or failed.',
    'outcome',
  );
  const pending = families.gauge('dcrouter_dns_forward_pending', 'Questions passed on that wait for an answer now.');
  const served = families.counter(
    'dcrouter_dns_forward_served_total',
    'Questions answered without one of their own to a server: cached, coalesced with an equal one, or special names.',
    'by',
  );
  const rcodes = families.counter('dcrouter_dns_forward_responses_total', 'Answers got, by rcode.', 'rcode');
  const errors = families.counter('dcrouter_dns_forward_errors_total', 'Failed questions, by error code.', 'code');
  const attempts = families.counter(
    'dcrouter_dns_forward_attempts_total',
    'Attempts at servers, by outcome: answered or failed.',
    'outcome',
  );
  const busy = families.counter('dcrouter_dns_forward_busy_total', 'Questions refused as too many were waiting.');
  const time = families.counter(
    'dcrouter_dns_forward_duration_seconds_total',
    'Time that answered questions took, added up.',
  );
  const entries = families.gauge('dcrouter_dns_forward_cache_entries', 'Answers in the cache.');
  const bytes = families.gauge('dcrouter_dns_forward_cache_bytes', 'Bytes of the answers in the cache, estimated.');
  const stale = families.counter(
    'dcrouter_dns_forward_stale_answers_total',
    'Answers given past their TTL, as no server answered.',
  );
  const evictions = families.counter(
    'dcrouter_dns_forward_cache_evictions_total',
    'Cached answers that made room for others.',
  );
  return ({ totals, cache, latency, ...snapshot }) => {
    catchUpAll(outcomes, { answered: totals.answered, failed: totals.failed });
    pending.set(totals.pending);
    catchUpAll(served, { cache: totals.cached, coalesced: totals.coalesced, special: totals.special });
    catchUpAll(rcodes, snapshot.rcodes);
    catchUpAll(errors, snapshot.errors);
    catchUpAll(attempts, { answered: totals.attempts - totals.attemptsFailed, failed: totals.attemptsFailed });
    catchUp(busy.labels(), totals.busy);
    catchUp(time.labels(), latency.sumSeconds);
    entries.set(cache.entries);
    bytes.set(cache.bytes);
    catchUp(stale.labels(), cache.staleHits);
    catchUp(evictions.labels(), cache.evictions);
  };
}

function serverMetrics(families: Families): (snapshot: TForwardSnapshot) => void {
  const sent = families.counter(
    'dcrouter_dns_forward_server_sent_total',
    'DNS messages sent to a server.',
    'server',
    'protocol',
  );
  const received = families.counter(
    'dcrouter_dns_forward_server_received_total',
    'DNS messages received from a server.',
    'server',
    'protocol',
  );
  const failures = families.counter(
    'dcrouter_dns_forward_server_failures_total',
    'Attempts at a server that brought no answer.',
    'server',
    'protocol',
  );
  const latency = families.gauge(
    'dcrouter_dns_forward_server_latency_seconds',
    'Smoothed time of an answered attempt at a server.',
    'server',
    'protocol',
  );
  const passedOver = families.gauge(
    'dcrouter_dns_forward_server_passed_over',
    '1 while others are asked first, as the server failed lately.',
    'server',
    'protocol',
  );
  return ({ upstreams }) => {
    for (const { upstream, protocol, ...stats } of upstreams) {
      catchUp(sent.labels(upstream, protocol), stats.sent);
      catchUp(received.labels(upstream, protocol), stats.received);
      catchUp(failures.labels(upstream, protocol), stats.failures);
      latency.labels(upstream, protocol).set(stats.latencyMs / MS_PER_SECOND);
      passedOver.labels(upstream, protocol).set(flag(stats.passedOver));
    }
  };
}
