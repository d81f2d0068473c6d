/**
 * DNS over HTTPS (RFC 8484) to one resolver: HTTP/2 where the server speaks it, else HTTP/1.1.
 *
 * @module
 */
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { isIP } from 'node:net';
import { DnsError, asDnsError } from '../errors/errors.ts';
import { clientLimits } from '../limits/limits.ts';
import { fixedLookup } from './connections.ts';
import type { IEndpoint } from './endpoint.ts';
import { mediaType } from './http.ts';
import type { IHttpAnswer, IHttpExchange } from './http.ts';
import { Http1Exchange } from './http1.ts';
import { Http2Exchange } from './http2.ts';
import { encodeQuery } from './query.ts';
import { matchReply, readReply } from './reply.ts';
import type { IQuestion, IReply, ITransport, ITransportCounters } from './transport.ts';

/** Questions as HTTP requests. */
export class HttpsTransport implements ITransport {
  readonly source = 'https';
  readonly #endpoint: IEndpoint;
  readonly #counters: ITransportCounters;
  readonly #padding: boolean;
  readonly #idleMs: number;
  readonly #connecting = new Set<TLSSocket>();
  /** Those that are open; one that takes no more may still be finishing. */
  readonly #exchanges = new Set<IHttpExchange>();
  #exchange: IHttpExchange | undefined;
  #next: Promise<IHttpExchange> | undefined;
  #ticket: Buffer | undefined;
  #closed = false;

  constructor(endpoint: IEndpoint, counters: ITransportCounters, options: { idleMs?: number; padding?: boolean } = {}) {
    this.#endpoint = endpoint;
    this.#counters = counters;
    this.#padding = options.padding ?? true;
    this.#idleMs = options.idleMs ?? clientLimits.streamIdleMs;
  }

  async exchange(question: IQuestion, edns: boolean, timeoutMs: number): Promise<IReply> {
    // Id 0, so that equal questions are equal requests to HTTP caches (RFC 8484 §4.1).
    const paddingBlockBytes = this.#padding ? clientLimits.paddingBlockBytes : 0;
    const packet = encodeQuery(question, 0, { edns, paddingBlockBytes });
    this.#counters.sent += 1;
    this.#counters.bytesOut += packet.length;
    const answer = await this.#request(packet, timeoutMs);
    this.#counters.received += 1;
    this.#counters.bytesIn += answer.body.length;
    return this.#read(packet, answer);
  }

  close(): void {
    this.#closed = true;
    const reason = new DnsError('EDESTROYED');
    for (const socket of this.#connecting) socket.destroy(reason);
    for (const exchange of this.#exchanges) exchange.destroy(reason);
  }

  async #request(packet: Buffer, timeoutMs: number): Promise<IHttpAnswer> {
    const { path, method } = this.#endpoint;
    const joint = path.includes('?') ? '&' : '?';
    const get = method === 'GET';
    const target = get ? `${path}${joint}dns=${packet.toString('base64url')}` : path;
    const startMs = performance.now();
    for (let fresh = false; ; fresh = true) {
      const exchange = await this.#usable(timeoutMs - (performance.now() - startMs));
      const reused = exchange.reused;
      try {
        return await exchange.request(target, get ? undefined : packet, timeoutMs - (performance.now() - startMs));
      } catch (error) {
        const failure = asDnsError(error, 'ECONNECT', { upstream: this.#endpoint.label });
        if (this.#closed || fresh || !reused || failure.code !== 'ECONNECT') throw failure;
      }
    }
  }

  #read(packet: Buffer, answer: IHttpAnswer): IReply {
    const upstream = this.#endpoint.label;
    if (answer.status !== 200) {
      throw new DnsError('EHTTP', { upstream, reason: `status-${answer.status}`, note: `status ${answer.status}` });
    }
    if (answer.contentType.split(';', 1)[0]?.trim().toLowerCase() !== mediaType) {
      throw new DnsError('EHTTP', { upstream, reason: 'content-type', note: `content-type '${answer.contentType}'` });
    }
    const match = matchReply(answer.body, packet);
    if (match !== 'match' && match !== 'case') {
      this.#counters.bogus[match] += 1;
      throw new DnsError('EBADRESP', { upstream, reason: match, note: match });
    }
    const reply = readReply(answer.body, 'https', upstream, answer.ageSeconds);
    if (reply instanceof DnsError) throw reply;
    return reply;
  }

  async #usable(timeoutMs: number): Promise<IHttpExchange> {
    if (this.#closed) throw new DnsError('EDESTROYED');
    if (this.#exchange?.usable === true) return this.#exchange;
    this.#next ??= this.#connect(timeoutMs).finally(() => {
      this.#next = undefined;
    });
    return this.#next;
  }

  /** Opens a TLS connection; its ALPN result decides which HTTP version this resolver is asked with. */
  #connect(timeoutMs: number): Promise<IHttpExchange> {
    const endpoint = this.#endpoint;
    this.#counters.opened += 1;
    return new Promise((resolve, reject) => {
      const socket = this.#open(['h2', 'http/1.1']);
      this.#connecting.add(socket);
      const fail = (error: Error): void => {
        clearTimeout(timer);
        this.#connecting.delete(socket);
        socket.destroy();
        const code = (error as NodeJS.ErrnoException).code ?? '';
        const tls = !code.startsWith('ECONN') && !code.startsWith('EHOST');
        reject(asDnsError(error, tls ? 'ETLS' : 'ECONNECT', { upstream: endpoint.label }));
      };
      const timer = setTimeout(
        () => fail(new DnsError('ETIMEOUT', { upstream: endpoint.label, note: 'connecting' })),
        Math.max(1, Math.min(timeoutMs, clientLimits.connectTimeoutMs)),
      );
      const closed = (): void => fail(new Error('the connection was closed'));
      socket.once('error', fail);
      socket.once('close', closed);
      socket.once('secureConnect', () => {
        clearTimeout(timer);
        this.#connecting.delete(socket);
        socket.off('error', fail);
        socket.off('close', closed);
        this.#exchange =
          socket.alpnProtocol === 'h2'
            ? new Http2Exchange(endpoint, socket, this.#idleMs, (gone) => this.#exchanges.delete(gone))
            : new Http1Exchange(endpoint, socket, this.#idleMs, () => {
                this.#counters.opened += 1;
                return this.#open(['http/1.1']);
              });
        this.#exchanges.add(this.#exchange);
        resolve(this.#exchange);
      });
    });
  }

  #open(protocols: string[]): TLSSocket {
    const endpoint = this.#endpoint;
    const socket = connectTls({
      host: endpoint.host,
      port: endpoint.port,
      lookup: fixedLookup(endpoint),
      servername: isIP(endpoint.servername) === 0 ? endpoint.servername : '',
      ALPNProtocols: protocols,
      minVersion: 'TLSv1.2',
      ca: endpoint.ca,
      rejectUnauthorized: endpoint.rejectUnauthorized,
      session: this.#ticket,
    });
    socket.on('session', (ticket: Buffer) => {
      this.#ticket = ticket;
    });
    return socket;
  }
}
