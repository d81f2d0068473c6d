/**
 * Listeners for DNS over TCP and over TLS: connection limits, life and end of the streams.
 *
 * @module
 */
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer, type SecureContextOptions } from 'node:tls';
import { streamIdleMs, tlsHandshakeMs } from '../limits/index.ts';
import { Connections, type IConnectionLimits } from './connections.ts';
import { DnsStream } from './stream.ts';
import { sourceTcp, sourceTls, type IBoundAddress, type IMessageSink, type ITransport } from './types.ts';

export interface IStreamListenerOptions extends IConnectionLimits {
  readonly address: string;
  readonly port: number;
  readonly reusePort: boolean;
  /** Certificate and key; TLS when given. */
  readonly tls?: SecureContextOptions;
  readonly idleMs?: number;
}

export class StreamTransport implements ITransport {
  readonly #sink: IMessageSink;
  readonly #options: IStreamListenerOptions;
  readonly #source: number;
  readonly #connections: Connections;
  #server: Server | undefined;

  constructor(sink: IMessageSink, options: IStreamListenerOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#source = options.tls === undefined ? sourceTcp : sourceTls;
    this.#connections = new Connections(sink, this.#source, options);
  }

  async start(): Promise<IBoundAddress> {
    const { address, port, reusePort, tls } = this.#options;
    const server: Server = tls === undefined ? createTcpServer({ allowHalfOpen: true }) : this.#createTls(tls);
    server.on('connection', (socket: Socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port, reusePort }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (error) => this.#sink.failed('connection-limit', this.#source, '', error.message));
    this.#server = server;
    const bound = server.address();
    if (bound === null || typeof bound === 'string') {
      throw new Error('a TCP listener has no address');
    }
    return { address: bound.address, port: bound.port };
  }

  get isTls(): boolean {
    return this.#source === sourceTls;
  }

  /** Takes a new certificate and key; connections that exist go on with the old one. */
  setTls(tls: SecureContextOptions): void {
    (this.#server as TlsServer | undefined)?.setSecureContext(tls);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) {
      return;
    }
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    await this.#connections.end(closed);
  }

  #createTls(tls: SecureContextOptions): TlsServer {
    const server = createTlsServer({
      ...tls,
      // RFC 8310 §8.1 with RFC 9325 §3.1.1; the token is registered by RFC 7858 §3.1.
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['dot'],
      handshakeTimeout: tlsHandshakeMs,
      allowHalfOpen: true,
    });
    server.on('secureConnection', (socket) => {
      new DnsStream(this.#sink, socket, this.#source, { idleMs: this.#idleMs });
    });
    server.on('tlsClientError', (error, socket) => {
      this.#sink.failed('tls', this.#source, socket.remoteAddress ?? '', error.message);
      socket.destroy();
    });
    return server;
  }

  get #idleMs(): number {
    return this.#options.idleMs ?? streamIdleMs;
  }

  #accept(socket: Socket): void {
    if (this.#connections.accept(socket) && this.#options.tls === undefined) {
      new DnsStream(this.#sink, socket, this.#source, { idleMs: this.#idleMs });
    }
  }
}
