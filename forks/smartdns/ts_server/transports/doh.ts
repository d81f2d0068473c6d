/**
 * DNS over HTTPS (RFC 8484), over HTTP/2 and HTTP/1.1 on one port.
 *
 * @module
 */
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import {
  dohBytesMax,
  dohRequestMs,
  dohStreamsMax,
  messageBytesMax,
  streamIdleMs,
  tlsHandshakeMs,
} from '../limits/index.ts';
import type { Exchange, IReplyTarget } from '../pipeline/exchange.ts';
import { Connections, type IConnectionLimits } from './connections.ts';
import { freshSeconds } from './freshness.ts';
import {
  shownHandle,
  sourceHttps,
  type IBoundAddress,
  type IListenerHandle,
  type IMessageSink,
  type ITransport,
} from './types.ts';

export interface IDohOptions extends IConnectionLimits {
  readonly address: string;
  readonly port: number;
  readonly reusePort: boolean;
  /** A socket that listens already, instead of address and port. */
  readonly fd?: number;
  readonly tls: SecureContextOptions;
  /** Path of the resource; default `/dns-query`. */
  readonly path?: string;
  readonly idleMs?: number;
}

const mediaType = 'application/dns-message';
const defaultPath = '/dns-query';
const base64Url = /^[A-Za-z0-9_-]*$/;
/** Octets as base64url characters: four for three. */
const parameterCharsMax = Math.ceil((dohBytesMax * 4) / 3);
const headerBytes = 12;
const rcodeBits = 0x0f;
const scratch = Buffer.allocUnsafeSlow(messageBytesMax);

export class DohTransport implements ITransport {
  readonly #sink: IMessageSink;
  readonly #options: IDohOptions;
  readonly #connections: Connections;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #server: Http2SecureServer;
  readonly #path: string;
  #listening = false;
  #closed: Promise<void> | undefined;

  constructor(sink: IMessageSink, options: IDohOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#path = options.path ?? defaultPath;
    this.#connections = new Connections(sink, sourceHttps, options);
    this.#server = this.#create();
  }

  async start(): Promise<IBoundAddress> {
    const { address, port, reusePort, fd } = this.#options;
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(fd === undefined ? { host: address, port, reusePort } : { fd }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    this.#listening = true;
    const bound = server.address();
    if (bound === null || typeof bound === 'string') {
      throw new Error('the DoH listener has no address');
    }
    return { address: bound.address, port: bound.port };
  }

  get listenerHandle(): IListenerHandle | null {
    return shownHandle((this.#server as unknown as { _handle: unknown })._handle);
  }

  async drain(): Promise<void> {
    const closed = this.#close();
    // GOAWAY: requests under way are answered, and the client knows which others were not seen.
    for (const session of this.#sessions) {
      session.close();
    }
    await closed;
  }

  async stop(): Promise<void> {
    const closed = this.#close();
    for (const session of this.#sessions) {
      session.close();
    }
    // Keep-alive connections of HTTP/1.1 have nothing to wait for.
    await this.#connections.end(closed, () => {});
  }

  #close(): Promise<void> {
    this.#closed ??= this.#listening
      ? new Promise<void>((resolve) => {
          this.#server.close(() => resolve());
        })
      : Promise.resolve();
    this.#listening = false;
    return this.#closed;
  }

  /** Takes over a connection that was accepted elsewhere; TLS starts with its first octet. */
  handle(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  /** Takes a new certificate and key; connections that exist go on with the old one. */
  setTls(tls: SecureContextOptions): void {
    this.#server.setSecureContext(tls);
  }

  #create(): Http2SecureServer {
    const server = createSecureServer({
      ...this.#options.tls,
      minVersion: 'TLSv1.2',
      allowHTTP1: true,
      handshakeTimeout: tlsHandshakeMs,
      settings: { maxConcurrentStreams: dohStreamsMax },
    });
    server.setTimeout(this.#options.idleMs ?? streamIdleMs);
    server.on('timeout', () => {});
    server.on('connection', (socket: Socket) => {
      this.#connections.accept(socket);
    });
    server.on('session', (session) => {
      this.#sessions.add(session);
      session.setTimeout(this.#options.idleMs ?? streamIdleMs, () => session.close());
      session.on('error', () => session.destroy());
      session.once('close', () => this.#sessions.delete(session));
    });
    server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      this.#sink.failed('tls', sourceHttps, socket.remoteAddress ?? '', error.message);
      socket.destroy();
    });
    server.on('sessionError', () => {});
    server.on('error', (error) => this.#sink.failed('http', sourceHttps, '', error.message));
    server.on('request', (request, response) => this.#request(request, response));
    return server;
  }

  #request(request: Http2ServerRequest, response: Http2ServerResponse): void {
    request.on('error', () => {});
    response.on('error', () => {});
    const [path, parameters = ''] = (request.url ?? '').split('?', 2);
    if (path !== this.#path) {
      this.#refuse(request, response, 404);
    } else if (request.method === 'GET') {
      this.#get(request, response, parameters);
    } else if (request.method === 'POST') {
      this.#post(request, response);
    } else {
      response.setHeader('allow', 'GET, POST');
      this.#refuse(request, response, 405);
    }
  }

  #get(request: Http2ServerRequest, response: Http2ServerResponse, parameters: string): void {
    if (parameters.length > parameterCharsMax) {
      this.#refuse(request, response, 414);
      return;
    }
    const text = new URLSearchParams(parameters).get('dns');
    if (text === null || text === '' || !base64Url.test(text)) {
      this.#refuse(request, response, 400);
      return;
    }
    this.#answer(request, response, Buffer.from(text, 'base64url'));
  }

  #post(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const type = String(request.headers['content-type'] ?? '').split(';', 1)[0]!;
    if (type.trim().toLowerCase() !== mediaType) {
      this.#refuse(request, response, 415);
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    const late = setTimeout(() => this.#refuse(request, response, 408), dohRequestMs);
    response.once('close', () => clearTimeout(late));
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > dohBytesMax) {
        this.#refuse(request, response, 413);
        chunks.length = 0;
      } else {
        chunks.push(chunk);
      }
    });
    request.on('end', () => {
      clearTimeout(late);
      if (!response.headersSent) {
        this.#answer(request, response, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
      }
    });
  }

  #answer(request: Http2ServerRequest, response: Http2ServerResponse, packet: Buffer): void {
    const { remoteAddress = '', remotePort = 0 } = request.socket;
    const target = new DohReply(response);
    const bytes = this.#sink.answer(packet, packet.length, sourceHttps, remoteAddress, remotePort, scratch, 0, target);
    if (bytes > 0) {
      sendAnswer(response, Buffer.from(scratch.subarray(0, bytes)));
    } else if (bytes === 0) {
      target.abandon();
    }
  }

  /** Ends a request that never became a query. */
  #refuse(request: Http2ServerRequest, response: Http2ServerResponse, status: number): void {
    if (response.headersSent) {
      return;
    }
    this.#sink.failed('http', sourceHttps, request.socket.remoteAddress ?? '', `status ${status}`);
    response.writeHead(status);
    response.end();
    request.resume();
  }
}

/** Where the answer to one request goes when it was not ready at once. */
class DohReply implements IReplyTarget {
  readonly #response: Http2ServerResponse;

  constructor(response: Http2ServerResponse) {
    this.#response = response;
  }

  reply(_exchange: Exchange, response: Buffer): boolean {
    if (this.#response.writableEnded || this.#response.destroyed) {
      return false;
    }
    sendAnswer(this.#response, response);
    return true;
  }

  /** A query without an answer: HTTP has to say something. */
  abandon(): void {
    if (!this.#response.headersSent && !this.#response.destroyed) {
      this.#response.writeHead(400);
      this.#response.end();
    }
  }
}

function sendAnswer(response: Http2ServerResponse, packet: Buffer): void {
  // Every rcode is a success of HTTP (RFC 8484 §4.2.1); only what may be cached is given a life (§5.1).
  const cacheable = packet.length > headerBytes && [0, 3].includes(packet[3]! & rcodeBits);
  response.writeHead(200, {
    'content-type': mediaType,
    'content-length': packet.length,
    'cache-control': `max-age=${cacheable ? freshSeconds(packet) : 0}`,
  });
  response.end(packet);
}
