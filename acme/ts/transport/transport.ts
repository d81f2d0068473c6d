/**
 * How requests reach the CA: one function, replaceable for tests and for unusual networks.
 *
 * @module
 */
import { Agent, request } from 'node:https';

import { AcmeError, messageOf, printable } from '../errors/acme-error.ts';
import * as limits from '../limits/limits.ts';

export interface IAcmeRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export interface IAcmeResponse {
  readonly status: number;
  /** Names in lower case; repeated fields joined by a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/**
 * Sends one request.
 *
 * Rejects with `ACME_UNREACHABLE` (retry) when there is no answer, `ACME_ABORTED` when the signal was raised.
 */
export type TAcmeTransport = (request: IAcmeRequest) => Promise<IAcmeResponse>;

export interface IHttpsTransportOptions {
  /** PEM of the roots that the CA's own HTTPS certificate must lead to, instead of the system's. */
  readonly trustedRoots?: string | readonly string[];
  /** One request; default 30 s. */
  readonly timeoutMs?: number;
}

/** A transport over `node:https`, with a few kept connections. */
export interface IHttpsTransport {
  readonly send: TAcmeTransport;
  /** Closes idle connections; the transport stays usable. */
  readonly close: () => void;
}

/** Makes the default transport. */
export function createHttpsTransport(options: IHttpsTransportOptions = {}): IHttpsTransport {
  const roots = options.trustedRoots;
  const agent = new Agent({
    keepAlive: true,
    maxSockets: limits.connectionsMax,
    ...(roots === undefined ? {} : { ca: typeof roots === 'string' ? roots : [...roots] }),
  });
  const timeoutMs = options.timeoutMs ?? limits.requestTimeoutMs;
  return { send: (item) => sendOnce(agent, timeoutMs, item), close: () => agent.destroy() };
}

function sendOnce(agent: Agent, timeoutMs: number, item: IAcmeRequest): Promise<IAcmeResponse> {
  // RFC 8555 §6.1: ACME is spoken over HTTPS and nothing else.
  if (!item.url.startsWith('https://')) {
    return Promise.reject(new AcmeError('ACME_PROTOCOL', `the CA's address ${printable(item.url)} is not https`));
  }
  const { promise, resolve, reject } = Promise.withResolvers<IAcmeResponse>();
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = item.signal === undefined ? timeout : AbortSignal.any([timeout, item.signal]);
  const fail = (cause: unknown): void => {
    if (item.signal?.aborted === true) {
      reject(new AcmeError('ACME_ABORTED', 'the request was aborted', { cause }));
      return;
    }
    const why = timeout.aborted ? `no answer within ${timeoutMs} ms` : messageOf(cause);
    reject(new AcmeError('ACME_UNREACHABLE', `${item.method} ${printable(item.url)}: ${why}`, { cause, retry: true }));
  };
  const headers = { ...item.headers };
  if (item.body !== undefined) headers['content-length'] = String(Buffer.byteLength(item.body));
  let outgoing;
  try {
    outgoing = request(item.url, { method: item.method, agent, headers, signal });
  } catch (cause) {
    fail(cause);
    return promise;
  }
  outgoing.on('error', fail);
  outgoing.on('response', (incoming) => {
    const chunks: Buffer[] = [];
    let length = 0;
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > limits.bodyBytesMax) incoming.destroy(new Error(`answer above ${limits.bodyBytesMax} bytes`));
      else chunks.push(chunk);
    });
    incoming.on('error', fail);
    incoming.on('end', () => {
      const fields = Object.entries(incoming.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : value,
      ]);
      resolve({ status: incoming.statusCode ?? 0, headers: Object.fromEntries(fields), body: Buffer.concat(chunks) });
    });
  });
  outgoing.end(item.body);
  return promise;
}
