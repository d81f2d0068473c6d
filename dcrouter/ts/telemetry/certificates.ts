/**
 * When certificates end, and how it stands with them.
 *
 * @module
 */
import type { IProxySnapshot } from '@dcrouter/smartproxy';
import { Gone, type Families } from './families.ts';
import { flag, unixSeconds } from './fill.ts';
import type { TProxySource } from './proxy.ts';

const STATES = ['valid', 'pending', 'expired', 'error'] as const;

export function certificateMetrics(families: Families): (snapshot: IProxySnapshot, proxy: TProxySource) => void {
  const expiry = families.gauge(
    'dcrouter_proxy_certificate_expiry_timestamp_seconds',
    'When the certificate of a route ends, as Unix time. The name is the first one of the certificate.',
    'route',
    'name',
  );
  const issued = families.gauge(
    'dcrouter_proxy_certificate_issued_timestamp_seconds',
    'From when the certificate of a route is valid, as Unix time.',
    'route',
  );
  const attempt = families.gauge(
    'dcrouter_proxy_certificate_next_attempt_timestamp_seconds',
    'When the next order for the certificate of a route is due, as Unix time.',
    'route',
  );
  const status = families.gauge(
    'dcrouter_proxy_certificate_status',
    '1 for the state that the certificate of a route is in: valid, pending, expired or error.',
    'route',
    'status',
  );
  const failing = families.gauge(
    'dcrouter_proxy_certificate_failing',
    '1 while the last order for the certificate of a route failed, also when the old one still serves.',
    'route',
  );
  const gone = new Gone(expiry, issued, attempt, status, failing);
  for (const state of STATES) gone.saw(state);
  const names = new Map<string, string>();
  return (snapshot, proxy) => {
    const routes = new Set<string>();
    for (const { routeName } of snapshot.routes) {
      const known = proxy.getCertificateStatus(routeName);
      if (known === undefined) continue;
      routes.add(routeName);
      gone.saw(known.domain);
      const before = names.get(routeName);
      if (before !== undefined && before !== known.domain) expiry.remove(routeName, before);
      names.set(routeName, known.domain);
      for (const state of STATES) status.labels(routeName, state).set(flag(known.status === state));
      failing.labels(routeName).set(flag(known.error !== undefined));
      if (known.expiryDate) expiry.labels(routeName, known.domain).set(unixSeconds(known.expiryDate.getTime()));
      if (known.issueDate) issued.labels(routeName).set(unixSeconds(known.issueDate.getTime()));
      if (known.nextAttemptDate) attempt.labels(routeName).set(unixSeconds(known.nextAttemptDate.getTime()));
      else attempt.remove(routeName);
    }
    gone.keepOnly(routes);
    for (const route of names.keys()) if (!routes.has(route)) names.delete(route);
  };
}
