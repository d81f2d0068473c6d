// A small DNS server for the client's tests: UDP, TCP, DoT and DoH on loopback, with every answer under the test's control.
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket as UdpServerSocket } from 'node:dgram';
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { Http2SecureServer, ServerHttp2Session } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { Server as HttpsServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { TLSSocket, createServer as createTlsServer } from 'node:tls';
import { decodeMessage, encodeMessage, rcodes } from '#wire';
import type { IDnsMessage, IResourceRecord } from '#wire';

export type TFakeSource = 'udp' | 'tcp' | 'tls' | 'https';

export interface IFakeQuery {
  readonly message: IDnsMessage;
  readonly packet: Buffer;
  readonly source: TFakeSource;
  readonly name: string;
  readonly type: string;
  readonly clientPort: number;
  /** 1 for the first query that the server has seen. */
  readonly number: number;
}

/** Messages to send back: parts that differ from a plain answer, raw packets, or nothing at all. */
export type TFakeReply = Partial<IDnsMessage> | Buffer | Buffer[] | undefined;
export type TFakeAnswer = (query: IFakeQuery) => TFakeReply | Promise<TFakeReply>;

export interface IFakeHttp {
  status?: number;
  headers?: Record<string, string>;
  /** Answers with this body instead of the DNS message. */
  body?: Buffer;
}

export interface IFakeOptions {
  readonly answer: TFakeAnswer;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Speak HTTP/2 for DoH; default true. */
  readonly http2?: boolean;
  /** What an HTTP answer looks like. */
  readonly http?: (request: IncomingMessage) => IFakeHttp;
  /** Refuse TCP. */
  readonly noTcp?: boolean;
  readonly host?: string;
}

/** A record with class IN. */
export function record(name: string, type: string, data: unknown, ttl = 300): IResourceRecord {
  return { name, type, class: 'IN', ttl, data: data as IResourceRecord['data'] };
}

export function soa(zone: string, ttl = 600, minimum = 60): IResourceRecord {
  return record(
    zone,
    'SOA',
    { mname: `ns.${zone}`, rname: `hostmaster.${zone}`, serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
    ttl,
  );
}

export class FakeServer {
  readonly queries: IFakeQuery[] = [];
  connections = 0;
  /** TLS connections that took up an earlier session. */
  resumed = 0;
  httpRequests: string[] = [];
  readonly #options: IFakeOptions;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  /** HTTP/2 sessions that were told to end, and have said so to their client. */
  sessionsEnding = 0;
  #udp: UdpServerSocket | undefined;
  #tcp: Server | undefined;
  #tls: Server | undefined;
  #https: Http2SecureServer | HttpsServer | undefined;

  constructor(options: IFakeOptions) {
    this.#options = options;
  }

  static async start(options: IFakeOptions): Promise<FakeServer> {
    const server = new FakeServer(options);
    await server.#listen();
    return server;
  }

  get port(): number {
    return this.#udp!.address().port;
  }

  get tlsPort(): number {
    return (this.#tls!.address() as AddressInfo).port;
  }

  get httpsPort(): number {
    return (this.#https!.address() as AddressInfo).port;
  }

  get host(): string {
    return this.#options.host ?? '127.0.0.1';
  }

  get address(): string {
    return this.host.includes(':') ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }

  /** Queries of one kind, in order. */
  count(source?: TFakeSource): number {
    return source === undefined ? this.queries.length : this.queries.filter((query) => query.source === source).length;
  }

  /** Cuts all connections that are open. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Tells every HTTP/2 client that its session ends (GOAWAY). */
  endSessions(): void {
    for (const session of this.#sessions) {
      session.goaway();
      // A ping comes back after the client has read what was sent before it.
      session.ping(() => (this.sessionsEnding += 1));
    }
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    this.cut();
    const open = [this.#udp, this.#tcp, this.#tls, this.#https].filter((server) => server !== undefined);
    this.#udp = undefined;
    this.#tcp = undefined;
    this.#tls = undefined;
    this.#https = undefined;
    await Promise.all(open.map((server) => new Promise<void>((resolve) => void server.close(() => resolve()))));
  }

  async #listen(): Promise<void> {
    const { host } = this;
    for (let attempt = 0; ; attempt += 1) {
      this.#udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
      this.#udp.bind(0, host);
      await once(this.#udp, 'listening');
      if (this.#options.noTcp === true) break;
      this.#tcp = createTcpServer((socket) => this.#stream(socket, 'tcp'));
      this.#tcp.listen(this.port, host);
      try {
        await once(this.#tcp, 'listening');
        break;
      } catch (error) {
        // The UDP port's number may be taken for TCP.
        this.#udp.close();
        if (attempt > 20) throw error;
      }
    }
    this.#udp.on('message', (packet, from) => void this.#datagram(packet, from));
    if (this.#options.tls === undefined) return;
    this.#tls = createTlsServer({ ...this.#options.tls, ALPNProtocols: ['dot'] }, (socket) =>
      this.#stream(socket, 'tls'),
    );
    this.#tls.listen(0, host);
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => void this.#http(request, response);
    this.#https =
      this.#options.http2 === false
        ? createHttpsServer(this.#options.tls, onRequest)
        : createSecureServer(
            { ...this.#options.tls, allowHTTP1: true },
            onRequest as unknown as Parameters<typeof createSecureServer>[1],
          );
    this.#https.on('session', (session: ServerHttp2Session) => this.#sessions.add(session));
    this.#https.on('secureConnection', (socket: Socket) => this.#track(socket));
    this.#https.listen(0, host);
    await Promise.all([once(this.#tls, 'listening'), once(this.#https, 'listening')]);
  }

  #track(socket: Socket): void {
    this.connections += 1;
    if (socket instanceof TLSSocket && socket.isSessionReused()) this.resumed += 1;
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  async #datagram(packet: Buffer, from: RemoteInfo): Promise<void> {
    for (const reply of await this.#replies(packet, 'udp', from.port)) this.#udp?.send(reply, from.port, from.address);
  }

  #stream(socket: Socket, source: 'tcp' | 'tls'): void {
    this.#track(socket);
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
        const end = 2 + rest.readUInt16BE(0);
        const packet = rest.subarray(2, end);
        rest = rest.subarray(end);
        void this.#replies(packet, source, socket.remotePort ?? 0).then((replies) => {
          for (const reply of replies) {
            const length = Buffer.alloc(2);
            length.writeUInt16BE(reply.length);
            if (!socket.destroyed) socket.write(Buffer.concat([length, reply]));
          }
        });
      }
    });
  }

  async #http(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.httpRequests.push(`${request.httpVersion} ${request.method}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'https://x');
    const packet =
      request.method === 'GET' ? Buffer.from(url.searchParams.get('dns') ?? '', 'base64url') : Buffer.concat(chunks);
    const [reply] = await this.#replies(packet, 'https', 0);
    if (reply === undefined) return;
    const { status = 200, headers = {}, body = reply } = this.#options.http?.(request) ?? {};
    response.writeHead(status, { 'content-type': 'application/dns-message', ...headers });
    response.end(body);
  }

  async #replies(packet: Buffer, source: TFakeSource, clientPort: number): Promise<Buffer[]> {
    const decoded = decodeMessage(packet);
    if (!decoded.ok) throw new Error(`the client sent a malformed query: ${decoded.reason}`);
    const { message } = decoded;
    const [question] = message.questions;
    const number = this.queries.length + 1;
    const { name, type } = question!;
    const query = { message, packet: Buffer.from(packet), source, name, type, clientPort, number };
    this.queries.push(query);
    const reply = await this.#options.answer(query);
    if (reply === undefined) return [];
    if (Buffer.isBuffer(reply)) return [reply];
    if (Array.isArray(reply)) return reply;
    return [answerPacket(query, reply)];
  }
}

/** A plain answer to a query with some parts replaced. */
export function answerPacket(query: IFakeQuery, parts: Partial<IDnsMessage>): Buffer {
  const { message } = query;
  return encodeMessage({
    ...message,
    qr: true,
    ra: true,
    ad: false,
    rcode: rcodes.NOERROR,
    answers: [],
    authorities: [],
    additionals: [],
    ...parts,
  });
}

/** Answers from a table of records by `name type`; NXDOMAIN with an SOA of `test` for unknown names. */
export function zoneAnswer(records: readonly IResourceRecord[]): TFakeAnswer {
  return ({ name, type }) => {
    const owned = records.filter((entry) => entry.name.toLowerCase() === name.toLowerCase());
    const answers = owned
      .filter((entry) => entry.type === type || entry.type === 'CNAME')
      .map((entry) => ({ ...entry, name }));
    if (answers.length > 0) return { answers };
    const rcode = owned.length > 0 ? rcodes.NOERROR : rcodes.NXDOMAIN;
    return { rcode, authorities: [soa('test')] };
  };
}
