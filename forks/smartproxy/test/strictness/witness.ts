// The servers behind the proxy that say what really arrived, and the raw client in front of it.
import { EventEmitter, once } from 'node:events';
import { createServer as createHttp, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { IArrival } from './corpus/shape.ts';

export interface IWitnessed extends IArrival {
  readonly headers: IncomingHttpHeaders;
}

export interface IWitness {
  readonly port: number;
  /** Requests that arrived with their whole body, in order. */
  readonly requests: IWitnessed[];
  /** Heads that arrived, whole request or not. */
  heads: number;
  /** Resolves when that many heads have arrived. */
  headsReach(count: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startWitness(): Promise<IWitness> {
  const requests: IWitnessed[] = [];
  const arrived = new EventEmitter();
  const server = createHttp((request, response) => {
    witness.heads += 1;
    arrived.emit('head');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      requests.push({ method, target: url, body: Buffer.concat(chunks).toString('latin1'), headers });
      response.end(`seen ${url}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const witness: IWitness = {
    port: (server.address() as AddressInfo).port,
    requests,
    heads: 0,
    async headsReach(count) {
      while (witness.heads < count) await once(arrived, 'head');
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return witness;
}

export interface IRawBackend {
  readonly port: number;
  /** What the next connections answer to each request head. */
  answer: string;
  /** Connections accepted so far. */
  connections: number;
  stop(): Promise<void>;
}

/** A backend that answers every request head with the same bytes, right or wrong. */
export async function startRawBackend(): Promise<IRawBackend> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    backend.connections += 1;
    sockets.add(socket);
    let seen = '';
    socket.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1');
      for (let end = seen.indexOf('\r\n\r\n'); end >= 0; end = seen.indexOf('\r\n\r\n')) {
        seen = seen.slice(end + 4);
        socket.write(backend.answer, 'latin1');
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const backend: IRawBackend = {
    port: (server.address() as AddressInfo).port,
    answer: '',
    connections: 0,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return backend;
}

/** Sends bytes, then what `more` resolves to, and resolves to all that came back, once the peer closed. */
export async function exchangeUntilClose(port: number, bytes: string, more?: () => Promise<string>): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  let reply = '';
  socket.on('data', (chunk: Buffer) => (reply += chunk.toString('latin1')));
  // A reset after the answer is a lawful way to refuse.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(bytes, 'latin1');
  if (more !== undefined) socket.write(await more(), 'latin1');
  await closed;
  return reply;
}

/** Sends bytes and resolves once `enough` says that the answer is whole; the connection stays open until then. */
export async function exchange(port: number, bytes: string, enough: (reply: string) => boolean): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  let reply = '';
  socket.on('error', () => undefined);
  socket.write(bytes, 'latin1');
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      reply += chunk.toString('latin1');
      if (enough(reply)) resolve();
    });
    socket.once('close', () => resolve());
  });
  socket.destroy();
  return reply;
}

/** A TCP port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
