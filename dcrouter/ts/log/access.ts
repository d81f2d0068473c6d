/**
 * Log lines from the forks' events: one per HTTP exchange, per connection that was not HTTP, per DNS query.
 *
 * @module
 */
import type { DnsServer } from '@dcrouter/smartdns/server';
import type { SmartProxy } from '@dcrouter/smartproxy';
import type { TLogger } from './logger.ts';

/** Subscribes to the proxy's events until the returned function is called. */
export function logProxyEvents(proxy: SmartProxy, logger: TLogger, access: boolean): () => void {
  const undo: Array<() => void> = [];
  const on: SmartProxy['on'] = (event, listener) => {
    undo.push(() => proxy.off(event, listener));
    return proxy.on(event, listener);
  };
  if (access) {
    on('request-completed', (event) => {
      const { timestamp: _, ...fields } = event;
      logger.info(fields, 'request');
    });
    on('connection-close', (event) => {
      if (event.requests > 0) return;
      const { timestamp: _, ...fields } = event;
      logger.info(fields, 'connection');
    });
  }
  on('connection-rejected', (event) => {
    logger.warn({ clientIp: event.clientIp, routeName: event.routeName, reason: event.reason }, 'connection rejected');
  });
  on('upstream-error', (event) => {
    logger.warn(
      { target: event.target, routeName: event.routeName, reason: event.reason, error: event.error },
      'upstream failed',
    );
  });
  on('tls-error', (event) => {
    logger.warn({ clientIp: event.clientIp, sni: event.sni, reason: event.reason }, 'TLS handshake failed');
  });
  return () => {
    for (const off of undo) off();
  };
}

/** Subscribes to the DNS server's events until the returned function is called. */
export function logDnsEvents(dns: DnsServer, logger: TLogger, access: boolean): () => void {
  const undo: Array<() => void> = [];
  const on: DnsServer['on'] = (event, listener) => {
    undo.push(() => dns.off(event, listener));
    return dns.on(event, listener);
  };
  if (access) on('query-answered', (event) => logger.info(event, 'query'));
  on('query-error', (event) => {
    logger.warn(
      { clientIp: event.clientIp, source: event.source, reason: event.reason, error: event.error },
      'query failed',
    );
  });
  return () => {
    for (const off of undo) off();
  };
}
