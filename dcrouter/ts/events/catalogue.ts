/**
 * Every event that the forks tell, with the meaning of each field. The types hold it against the forks' own: an event or
 * field that is added, renamed or removed there does not compile here.
 *
 * @module
 */
import type { IDnsServerEvents } from '@dcrouter/smartdns/server';
import type { ISmartProxyEvents } from '@dcrouter/smartproxy';
import type { TEventKind } from './types.ts';

export interface IEventDescription<TPayload extends object> {
  readonly kind: TEventKind;
  /** As it follows on “when”. */
  readonly when: string;
  readonly fields: { readonly [TField in keyof Required<TPayload>]: string };
}

type TCatalogue<TEvents extends Record<keyof TEvents, [object]>> = {
  readonly [TName in keyof TEvents]: IEventDescription<TEvents[TName][0]>;
};

const timestamp = 'when, in ISO 8601';
const routeName = 'name of the route';
const clientIp = 'address of the client';
const connectionId = 'id of the connection';
const certificate = {
  domain: 'first name of the certificate',
  expiry: 'when it ends, in ISO 8601',
  source: '`static`, `acme` or `custom`',
  error: 'what went wrong',
  timestamp,
};

const request = {
  connectionId,
  routeName,
  method: 'method of the request',
  host: 'host asked for, without port',
  path: 'path asked for, without the query',
  statusCode: 'status sent to the client; 0 when it was gone before any',
  duration: 'milliseconds from the first byte of the request to the last of the response',
  upstream: '`host:port` of the target, where one was chosen',
  upstreamLatency: 'milliseconds until the first byte of its response',
  bytesIn: 'bytes of the request on the wire',
  bytesOut: 'bytes of the response on the wire',
  error: 'what went wrong',
  requestId: 'id that target and client were told, with `telemetry.requestId`',
  traceId: 'trace that a valid `traceparent` field named',
  httpVersion: '`1.0` or `1.1`',
  referer: 'the field `Referer`',
  userAgent: 'the field `User-Agent`',
  clientIp,
  timestamp,
};

export const PROXY_EVENTS: TCatalogue<ISmartProxyEvents> = {
  'connection-open': {
    kind: 'proxy.connection-open',
    when: 'the route of a connection is chosen',
    fields: {
      connectionId,
      type: '`tcp`, `tls`, `http`, `https` or `websocket`',
      routeName,
      clientIp,
      clientPort: 'port of the client',
      localPort: 'port it came in at',
      domain: 'name that the client asked for',
      timestamp,
    },
  },
  'connection-upgrade': {
    kind: 'proxy.connection-upgrade',
    when: 'a connection becomes a WebSocket',
    fields: { connectionId, routeName, timestamp },
  },
  'connection-close': {
    kind: 'proxy.connection-close',
    when: 'a connection that was open is closed',
    fields: {
      connectionId,
      type: 'as in `proxy.connection-open`',
      routeName,
      clientIp,
      duration: 'milliseconds since it was accepted',
      bytesIn: 'bytes from the client',
      bytesOut: 'bytes to the client',
      bytesTransferred: 'their sum',
      requests: 'HTTP exchanges on it',
      reason: 'why it ended',
      timestamp,
    },
  },
  'connection-rejected': {
    kind: 'proxy.connection-rejected',
    when: 'a connection is refused',
    fields: { clientIp, routeName, reason: 'why', timestamp },
  },
  'request-completed': {
    kind: 'proxy.request-completed',
    when: 'an HTTP exchange is over, whatever its end',
    fields: request,
  },
  'request-refused': {
    kind: 'proxy.request-refused',
    when: 'a request is refused before its connection has a route',
    fields: { ...request, error: 'why it was refused' },
  },
  'upstream-error': {
    kind: 'proxy.upstream-error',
    when: 'a target fails',
    fields: { target: '`host:port`', routeName, reason: 'why', error: "the system's message", timestamp },
  },
  'upstream-health': {
    kind: 'proxy.upstream-health',
    when: "a target's health changes",
    fields: {
      target: '`host:port`',
      previous: '`healthy` or `unhealthy`',
      current: '`healthy` or `unhealthy`',
      reason: 'why',
      timestamp,
    },
  },
  'tls-error': {
    kind: 'proxy.tls-error',
    when: 'a TLS handshake with a client fails',
    fields: { clientIp, sni: 'name that the client asked for', reason: 'why', timestamp },
  },
  'certificate-issued': { kind: 'certificate.issued', when: 'a first certificate is there', fields: certificate },
  'certificate-renewed': { kind: 'certificate.renewed', when: 'a certificate is renewed', fields: certificate },
  'certificate-failed': { kind: 'certificate.failed', when: 'an order fails', fields: certificate },
  'certificate-expiring': {
    kind: 'certificate.expiring',
    when: 'a certificate ends soon and nothing renews it',
    fields: certificate,
  },
  'routes-updated': {
    kind: 'proxy.routes-updated',
    when: 'the routes were replaced',
    fields: { routes: 'how many there are', timestamp },
  },
  'listening': {
    kind: 'proxy.listening',
    when: 'the proxy has started',
    fields: { ports: 'ports that are open', timestamp },
  },
  'drained': {
    kind: 'proxy.drained',
    when: 'the proxy has stopped',
    fields: { forced: 'connections that were cut', timestamp },
  },
};

const domain = 'name asked for';
const type = 'record type asked for';
const source = '`udp`, `tcp`, `tls` or `https`';
const queryId = 'counts queries since the start';

export const DNS_EVENTS: TCatalogue<IDnsServerEvents> = {
  'query-received': {
    kind: 'dns.query-received',
    when: 'a query was read',
    fields: { queryId, type, domain, class: 'class asked for', source, clientIp, clientPort: 'its port', timestamp },
  },
  'query-answered': {
    kind: 'dns.query-answered',
    when: 'an answer is handed to the transport',
    fields: {
      queryId,
      domain,
      type,
      source,
      clientIp,
      cached: 'whether it came from a cache',
      responseTime: 'milliseconds since the query was received',
      responseCode: 'mnemonic of the rcode',
      answers: 'records in the answer section',
      bytes: 'size of the answer',
      truncated: 'whether TC was set',
      dnssec: 'whether signatures were included',
    },
  },
  'query-error': {
    kind: 'dns.query-error',
    when: 'a query fails, is refused or gets no answer',
    fields: { queryId, clientIp, source, reason: 'why', error: 'the message of the error' },
  },
  'cache-hit': { kind: 'dns.cache-hit', when: 'a cached answer is used', fields: { domain, type } },
  'cache-miss': { kind: 'dns.cache-miss', when: 'no cached answer is there', fields: { domain, type } },
  'cache-evict': { kind: 'dns.cache-evict', when: 'a cached answer makes room', fields: { domain, type } },
  'query': {
    kind: 'dns.query',
    when: 'a query is over; the form of `@push.rocks/smartdns`',
    fields: {
      questions: '`name`, `type` and `class` of each question',
      answered: 'whether there were records',
      responseTimeMs: 'milliseconds',
      timestamp: 'Unix time in milliseconds',
    },
  },
};
