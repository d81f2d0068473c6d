/**
 * Requests over one HTTP/2 connection (RFC 8484 §5.2 recommends HTTP/2 as the minimum).
 *
 * @module
 */
import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { DnsError, asDnsError } from '../errors/errors.ts';
import type { IEndpoint } from './endpoint.ts';
import { BodyCollector, parseAge, requestHeaders } from './http.ts';
import type { IHttpAnswer, IHttpExchange } from './http.ts';

const { NGHTTP2_CANCEL } = constants;

/** An HTTP/2 session. Holds the process open only while a request waits. */
export class Http2Exchange implements IHttpExchange {
  readonly #endpoint: IEndpoint;
  readonly #session: ClientHttp2Session;
  readonly #idle: NodeJS.Timeout;
  readonly #onGone: (exchange: IHttpExchange) => void;
  #waiting = 0;
  #answered = 0;
  #dead: DnsError | undefined;

  constructor(endpoint: IEndpoint, socket: TLSSocket, idleMs: number, onGone: (exchange: IHttpExchange) => void) {
    this.#endpoint = endpoint;
    this.#onGone = onGone;
    this.#session = connect(`https://${urlHost(endpoint.servername)}:${endpoint.port}`, {
      createConnection: () => socket,
    });
    this.#session.on('error', (error) => this.destroy(asDnsError(error, 'ECONNECT', { upstream: endpoint.label })));
    this.#session.on('goaway', () => this.#retire());
    this.#session.on('close', () => this.destroy(this.#closedError()));
    this.#idle = setTimeout(() => {
      if (this.#waiting === 0) this.destroy(this.#closedError());
    }, idleMs);
    this.#idle.unref();
    this.#session.unref();
  }

  get usable(): boolean {
    // Past the server's limit of streams, Node holds requests back by itself (RFC 9113 §5.1.2).
    return this.#dead === undefined && !this.#session.closed;
  }

  get reused(): boolean {
    return this.#answered > 0;
  }

  async request(path: string, body: Buffer | undefined, timeoutMs: number): Promise<IHttpAnswer> {
    if (this.#dead !== undefined) throw this.#dead;
    if (this.#waiting === 0) this.#session.ref();
    this.#waiting += 1;
    const answeredBefore = this.#answered;
    try {
      const answer = await this.#send(path, body, timeoutMs);
      this.#answered += 1;
      return answer;
    } catch (error) {
      // Nothing has come back on any stream since: the connection is dead although TCP has not noticed.
      const timedOut = error instanceof DnsError && error.code === 'ETIMEOUT';
      if (timedOut && this.#answered === answeredBefore) this.destroy(this.#closedError());
      throw error;
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0 && this.#dead === undefined) {
        if (this.#session.closed) this.destroy(this.#closedError());
        else this.#session.unref();
        this.#idle.refresh();
      }
    }
  }

  destroy(reason: DnsError): void {
    if (this.#dead !== undefined) return;
    this.#dead = reason;
    clearTimeout(this.#idle);
    this.#session.destroy();
    this.#onGone(this);
  }

  /** Lets what is under way finish, and takes no more. */
  #retire(): void {
    this.#session.close();
  }

  #closedError(): DnsError {
    return new DnsError('ECONNECT', {
      upstream: this.#endpoint.label,
      reason: 'closed',
      note: 'the session was closed',
    });
  }

  #send(path: string, body: Buffer | undefined, timeoutMs: number): Promise<IHttpAnswer> {
    const upstream = this.#endpoint.label;
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        ':method': body === undefined ? 'GET' : 'POST',
        ':path': path,
        ...requestHeaders(body?.length),
      });
      let head: (IncomingHttpHeaders & IncomingHttpStatusHeader) | undefined;
      const collector = new BodyCollector();
      let failure: DnsError | undefined;
      const cancel = (error: DnsError): void => {
        failure = error;
        stream.close(NGHTTP2_CANCEL);
      };
      const timer = setTimeout(() => cancel(new DnsError('ETIMEOUT', { upstream })), Math.max(1, timeoutMs));
      stream.on('response', (headers) => {
        head = headers;
      });
      stream.on('data', (chunk: Buffer) => {
        if (!collector.add(chunk))
          cancel(new DnsError('EHTTP', { upstream, reason: 'too-long', note: 'body too long' }));
      });
      stream.on('error', (error) => {
        failure ??= asDnsError(error, 'ECONNECT', { upstream });
      });
      stream.on('close', () => {
        clearTimeout(timer);
        if (failure !== undefined || head === undefined || !stream.readableEnded) {
          reject(failure ?? this.#dead ?? this.#closedError());
          return;
        }
        resolve({
          status: head[':status'] ?? 0,
          contentType: head['content-type'] ?? '',
          ageSeconds: parseAge(head.age),
          body: collector.take(),
        });
      });
      stream.end(body);
    });
  }
}

/** A host as a URL wants it. */
function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
