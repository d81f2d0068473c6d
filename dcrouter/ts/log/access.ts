/**
 * Lines from the forks' events: one per HTTP exchange, per connection that was not HTTP, per DNS query; and warnings
 * about what was refused or failed. Subscribes to the forks themselves: it is the hottest listener there is.
 *
 * @module
 */
import type { DnsServer, IQueryAnsweredEvent } from '@dcrouter/smartdns/server';
import type { IConnectionCloseEvent, IRequestCompletedEvent, SmartProxy } from '@dcrouter/smartproxy';
import { commonLogLine } from './clf.ts';
import type { IAccessSettings } from './settings.ts';
import type { Warnings } from './warnings.ts';

const SERVER_ERROR = 500;
/** Answers that say that we failed. */
const FAILED_RCODES = new Set(['SERVFAIL']);

/** Where access lines go. */
export interface IAccessSink {
  /** Null while no access lines are written at all. */
  readonly settings: IAccessSettings | null;
  readonly hidden: ReadonlySet<string>;
  /** One line of fields; `inLog` sends it to the log, whatever destination access lines have. */
  json(fields: object, message: string, inLog: boolean): void;
  /** One line of text. */
  text(line: string): void;
  /** Whether a line is written under sampling; what says that something failed always is. */
  keeps(failed: boolean): boolean;
}

/** Subscribes to the proxy's events until the returned function is called. */
export function logProxyEvents(proxy: SmartProxy, sink: IAccessSink, warnings: Warnings): () => void {
  const undo: Array<() => void> = [];
  const on: SmartProxy['on'] = (event, listener) => {
    undo.push(() => proxy.off(event, listener));
    return proxy.on(event, listener);
  };
  const { settings } = sink;
  if (settings !== null) {
    on('request-completed', (event) => writeRequest(event, sink, settings));
    on('request-refused', (event) => writeRequest(event, sink, settings));
    on('connection-close', (event) => writeConnection(event, sink, settings));
  }
  on('connection-rejected', ({ clientIp, routeName, reason }) => {
    warnings.warn('connection rejected', { routeName, reason }, { clientIp, routeName, reason });
  });
  on('upstream-error', ({ target, routeName, reason, error }) => {
    warnings.warn('upstream failed', { target, routeName, reason }, { target, routeName, reason, error });
  });
  on('tls-error', ({ clientIp, sni, reason }) => {
    warnings.warn('TLS handshake failed', { reason }, { clientIp, sni, reason });
  });
  return () => {
    for (const off of undo) off();
  };
}

/** Subscribes to the DNS server's events until the returned function is called. */
export function logDnsEvents(dns: DnsServer, sink: IAccessSink, warnings: Warnings): () => void {
  const undo: Array<() => void> = [];
  const on: DnsServer['on'] = (event, listener) => {
    undo.push(() => dns.off(event, listener));
    return dns.on(event, listener);
  };
  const { settings } = sink;
  if (settings !== null) on('query-answered', (event) => writeQuery(event, sink, settings));
  on('query-error', ({ clientIp, source, reason, error }) => {
    warnings.warn('query failed', { source, reason }, { clientIp, source, reason, error });
  });
  return () => {
    for (const off of undo) off();
  };
}

function writeRequest(event: IRequestCompletedEvent, sink: IAccessSink, settings: IAccessSettings): void {
  if (!sink.keeps(event.statusCode >= SERVER_ERROR || event.error !== undefined)) return;
  if (settings.format !== 'json') {
    sink.text(commonLogLine(event, settings.format === 'combined', sink.hidden));
    return;
  }
  const { timestamp: _, ...fields } = event;
  sink.json(fields, 'request', false);
}

/** A connection without exchanges: with some, they were told one by one. */
function writeConnection(event: IConnectionCloseEvent, sink: IAccessSink, settings: IAccessSettings): void {
  if (event.requests > 0 || !sink.keeps(false)) return;
  const { timestamp: _, ...fields } = event;
  sink.json(fields, 'connection', settings.format !== 'json');
}

function writeQuery(event: IQueryAnsweredEvent, sink: IAccessSink, settings: IAccessSettings): void {
  if (sink.keeps(FAILED_RCODES.has(event.responseCode))) sink.json(event, 'query', settings.format !== 'json');
}
