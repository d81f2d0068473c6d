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
import {
  shownHandle,
  sourceTcp,
  sourceTls,
  type IBoundAddress,
  type IListenerHandle,
  type IMessageSink,
  type ITransport,
} from './types.ts';

export interface IStreamListenerOptions extends IConnectionLimits {
  readonly address: string;
  readonly port: number;
  readonly reusePort: boolean;
  /** A socket that listens already, instead of address and port. */
  readonly fd?: number;
  /** Certificate and key; TLS when given. */
  readonly tls?: SecureContextOptions;
  readonly idleMs?: number;
}

export class StreamTransport implements ITransport {
  readonly #sink: IMessageSink;
  readonly #options: IStreamListenerOptions;
  readonly #source: number;
  readonly #connections: Connections;
  readonly #streams = new Set<DnsStream>();
  #server: Server | undefined;
  #closed: Promise<void> | undefined;
  #draining = false;

  constructor(sink: IMessageSink, options: IStreamListenerOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#source = options.tls === undefined ? sourceTcp : sourceTls;
    this.#connections = new Connections(sink, this.#source, options);
  }

  async start(): Promise<IBoundAddress> {
    const { address, port, reusePort, tls, fd } = this.#options;
    const server: Server = tls === undefined ? createTcpServer({ allowHalfOpen: true }) : this.#createTls(tls);
    server.on('connection', (socket: Socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(fd === undefined ? { host: address, port, reusePort } : { fd }, () => {
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

  get listenerHandle(): IListenerHandle | null {
    return shownHandle((this.#server as unknown as { _handle: unknown } | undefined)?._handle);
  }

  async drain(): Promise<void> {
    this.#draining = true;
    const closed = this.#close();
    for (const stream of this.#streams) {
      stream.drain();
    }
    await closed;
  }

  async stop(): Promise<void> {
    await this.#connections.end(this.#close());
    this.#server = undefined;
  }

  #close(): Promise<void> {
    this.#closed ??= new Promise<void>((resolve) => {
      if (this.#server === undefined) {
        resolve();
      } else {
        this.#server.close(() => resolve());
      }
    });
    return this.#closed;
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
      this.#serve(socket);
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
      this.#serve(socket);
    }
  }

  #serve(socket: Socket): void {
    const stream = new DnsStream(this.#sink, socket, this.#source, { idleMs: this.#idleMs });
    this.#streams.add(stream);
    socket.once('close', () => this.#streams.delete(stream));
    if (this.#draining) {
      stream.drain();
    }
  }
}
