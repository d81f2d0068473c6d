/**
 * DNS over TCP (RFC 7766) and over TLS (RFC 7858) to one resolver: few connections, opened when needed, closed when
 * idle.
 *
 * @module
 */
import { connect as connectTcp, isIP } from 'node:net';
import type { LookupFunction, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { DnsError, asDnsError } from '../errors/errors.ts';
import { clientLimits } from '../limits/limits.ts';
import type { IEndpoint } from './endpoint.ts';
import { StreamConnection } from './stream.ts';
import type { IStreamOwner } from './stream.ts';
import type { IQuestion, IReply, ITransport, ITransportCounters } from './transport.ts';

/** A `lookup` for `net.connect` that answers with the configured addresses, or leaves the name to the system. */
export function fixedLookup(endpoint: IEndpoint): LookupFunction | undefined {
  const { addresses } = endpoint;
  if (addresses.length === 0) return undefined;
  return (_hostname, options, callback) => {
    const found = addresses.map((address) => ({ address, family: isIP(address) }));
    if (options.all === true) callback(null, found);
    else callback(null, found[0]?.address ?? '', found[0]?.family);
  };
}

type TConnect = (endpoint: IEndpoint) => Socket;

/** A TCP connection to an endpoint. */
function openTcp(endpoint: IEndpoint): Socket {
  return connectTcp({ host: endpoint.host, port: endpoint.port, lookup: fixedLookup(endpoint) });
}

/** The last TLS session of each transport, so that the next handshake is a short one. */
class SessionStore {
  ticket: Buffer | undefined = undefined;
}

function tlsOpener(sessions: SessionStore): TConnect {
  return (endpoint) => {
    const socket = connectTls({
      host: endpoint.host,
      port: endpoint.port,
      lookup: fixedLookup(endpoint),
      // An address is no SNI name (RFC 6066 §3); the certificate is still checked against it.
      servername: isIP(endpoint.servername) === 0 ? endpoint.servername : '',
      ALPNProtocols: ['dot'],
      minVersion: 'TLSv1.2',
      ca: endpoint.ca,
      rejectUnauthorized: endpoint.rejectUnauthorized,
      session: sessions.ticket,
    });
    socket.on('session', (ticket: Buffer) => {
      sessions.ticket = ticket;
    });
    return socket;
  };
}

/** Questions over connections to one resolver. */
export class ConnectionTransport implements ITransport, IStreamOwner {
  readonly source: 'tcp' | 'tls';
  readonly label: string;
  readonly counters: ITransportCounters;
  readonly idleMs: number;
  readonly #endpoint: IEndpoint;
  readonly #open: TConnect;
  readonly #connections: StreamConnection[] = [];
  readonly #connecting = new Set<Socket>();
  /** The connection being opened, shared by all who need one meanwhile. */
  #next: Promise<StreamConnection> | undefined;
  readonly #paddingBlockBytes: number;
  #closed = false;

  constructor(
    source: 'tcp' | 'tls',
    endpoint: IEndpoint,
    counters: ITransportCounters,
    options: { idleMs?: number; padding?: boolean } = {},
  ) {
    this.source = source;
    this.label = endpoint.label;
    this.counters = counters;
    this.idleMs = options.idleMs ?? clientLimits.streamIdleMs;
    this.#endpoint = endpoint;
    this.#open = source === 'tls' ? tlsOpener(new SessionStore()) : openTcp;
    this.#paddingBlockBytes = source === 'tls' && options.padding !== false ? clientLimits.paddingBlockBytes : 0;
  }

  async exchange(question: IQuestion, edns: boolean, timeoutMs: number): Promise<IReply> {
    const startMs = performance.now();
    const options = { edns, paddingBlockBytes: this.#paddingBlockBytes };
    for (let fresh = false; ; fresh = true) {
      const connection = await this.#connection(timeoutMs - (performance.now() - startMs));
      const reused = connection.reused;
      try {
        return await connection.ask(question, options, timeoutMs - (performance.now() - startMs));
      } catch (error) {
        // The server may close an idle connection just as we use it; that is no fault of the server (RFC 7766 §6.2.4).
        const closed = error instanceof DnsError && error.code === 'ECONNECT';
        if (this.#closed || fresh || !reused || !closed) throw error;
      }
    }
  }

  gone(connection: StreamConnection): void {
    const index = this.#connections.indexOf(connection);
    if (index >= 0) this.#connections.splice(index, 1);
  }

  close(): void {
    this.#closed = true;
    for (const socket of this.#connecting) socket.destroy(new DnsError('EDESTROYED'));
    for (const connection of this.#connections.slice()) connection.destroy(new DnsError('EDESTROYED'));
  }

  async #connection(timeoutMs: number): Promise<StreamConnection> {
    if (this.#closed) throw new DnsError('EDESTROYED');
    let best: StreamConnection | undefined;
    for (const connection of this.#connections) {
      if (best === undefined || connection.waiting < best.waiting) best = connection;
    }
    const full = this.#connections.length >= clientLimits.streamConnectionsMax;
    if (best !== undefined && (full || best.waiting < clientLimits.pipelineMax)) {
      // Beyond this many a free id would be hard to find.
      if (best.waiting < clientLimits.connectionQuestionsMax) return best;
      throw new DnsError('EBUSY', { upstream: this.label });
    }
    this.#next ??= this.#connect(timeoutMs).finally(() => {
      this.#next = undefined;
    });
    return this.#next;
  }

  #connect(timeoutMs: number): Promise<StreamConnection> {
    return new Promise((resolve, reject) => {
      const socket = this.#open(this.#endpoint);
      this.#connecting.add(socket);
      this.counters.opened += 1;
      const fail = (error: Error): void => {
        clearTimeout(timer);
        this.#connecting.delete(socket);
        socket.destroy();
        reject(this.#connectError(error));
      };
      const timer = setTimeout(
        () => fail(new DnsError('ETIMEOUT', { upstream: this.label, note: 'connecting' })),
        Math.max(1, Math.min(timeoutMs, clientLimits.connectTimeoutMs)),
      );
      const closed = (): void => fail(new Error('the connection was closed'));
      socket.once('error', fail);
      socket.once('close', closed);
      socket.once(this.source === 'tls' ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        this.#connecting.delete(socket);
        socket.off('error', fail);
        socket.off('close', closed);
        const connection = new StreamConnection(socket, this);
        this.#connections.push(connection);
        resolve(connection);
      });
    });
  }

  #connectError(error: Error): DnsError {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const tls = this.source === 'tls' && !code.startsWith('ECONN') && !code.startsWith('EHOST');
    return asDnsError(error, tls ? 'ETLS' : 'ECONNECT', { upstream: this.label });
  }
}
