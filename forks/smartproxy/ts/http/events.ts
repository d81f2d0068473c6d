/**
 * The event of a finished exchange.
 *
 * @module
 */
import type { ExchangeState } from './exchangestate.ts';

/** Emits the event; called only when somebody listens. */
export function announceRequest(
  exchange: ExchangeState,
  event: 'request-completed' | 'request-refused',
  durationMs: number,
  error: string | undefined,
): void {
  const { connection, facts, plan, target, firstByteAtMs, sentAtMs } = exchange;
  exchange.engine.gate.emit(event, {
    connectionId: connection.id,
    routeName: plan === null ? connection.routeName : plan.name,
    method: exchange.method,
    host: exchange.host,
    path: exchange.path,
    statusCode: exchange.statusCode,
    duration: durationMs,
    upstream: target === null ? undefined : target.name,
    upstreamLatency: firstByteAtMs === 0 ? undefined : firstByteAtMs - sentAtMs,
    bytesIn: exchange.bytesIn,
    bytesOut: exchange.bytesOut,
    error,
    requestId: exchange.requestId === '' ? undefined : exchange.requestId,
    traceId: facts.traceId,
    httpVersion: exchange.method === '' ? undefined : exchange.clientMinor === 0 ? '1.0' : '1.1',
    referer: facts.referer,
    userAgent: facts.userAgent,
    clientIp: connection.clientIp,
    timestamp: new Date(),
  });
}
