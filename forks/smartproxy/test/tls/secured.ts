// A TLS socket of ours on a handle, with Node's client at its other end, and what both were told.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import { connect, createSecureContext, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import type { HandleSocket } from '../../ts/connection/handlesocket.ts';
import type { ITlsListener, ITlsTerms } from '../../ts/tls/session.ts';
import { ServerTlsSocket } from '../../ts/tls/serversocket.ts';
import { type KeepingOwner, startPair } from '../sockets/owner.ts';

const { key, cert } = selfSignedCertificate(['a.test']);
export const context = createSecureContext({ key, cert });

/** What TLS itself reports, and what is done at that moment. */
export class KeepingListener implements ITlsListener {
  readonly errors: Error[] = [];
  handshakes = 0;
  onDone: (() => void) | null = null;
  onFault: (() => void) | null = null;
  readonly secured: Promise<void>;
  readonly failed: Promise<void>;
  #secured!: () => void;
  #failed!: () => void;

  constructor() {
    this.secured = new Promise((resolve) => (this.#secured = resolve));
    this.failed = new Promise((resolve) => (this.#failed = resolve));
  }

  onSecured(): void {
    this.handshakes += 1;
    this.onDone?.();
    this.#secured();
  }

  onTlsError(error: Error): void {
    this.errors.push(error);
    this.onFault?.();
    this.#failed();
  }
}

interface IClientOptions extends ConnectionOptions {
  /** What the client's TLS stands on instead of the socket. */
  over?: (peer: Socket) => Duplex;
}

export interface IBegun {
  readonly socket: ServerTlsSocket;
  readonly owner: KeepingOwner;
  readonly listener: KeepingListener;
  /** The client, over `peer`. */
  readonly client: TLSSocket;
  readonly peer: Socket;
  /** The client has finished its handshake. */
  readonly connected: Promise<unknown>;
}

/** A stream over a socket that does not pass on its end: TLS over it is ended, and the socket under it is not. */
export function endless(peer: Socket): Duplex {
  const over = new Duplex({
    allowHalfOpen: true,
    read: () => peer.resume(),
    write: (bytes, _encoding, done) => void peer.write(bytes, () => done()),
    final: (done) => done(),
  });
  peer.on('data', (bytes) => over.push(bytes) || peer.pause());
  peer.on('end', () => over.push(null));
  return over;
}

/** Begins a handshake with the client's first flight, in the callback that brought it, as the proxy does. */
export async function begin(
  t: TestContext,
  terms: Partial<ITlsTerms> = {},
  options: IClientOptions = {},
  prepare: (begun: Omit<IBegun, 'client' | 'connected'>) => void = () => {},
): Promise<IBegun> {
  const { socket: plain, owner, peer } = await startPair(t, 'handle');
  const listener = new KeepingListener();
  const begun = Promise.withResolvers<ServerTlsSocket>();
  owner.onBytes = (_source, bytes, start, end) => {
    owner.onBytes = null;
    owner.parts.length = 0;
    const all = { context, protocols: null, clientCertificate: 'no' as const, stapling: null, ...terms };
    const socket = ServerTlsSocket.over(plain as HandleSocket, all, listener, true)!;
    prepare({ socket, owner, listener, peer });
    begun.resolve(socket);
    socket.begin(Buffer.from(bytes.subarray(start, end)));
  };
  const { over, ...more } = options;
  const client = connect({ socket: over?.(peer) ?? peer, servername: 'a.test', rejectUnauthorized: false, ...more });
  client.on('error', () => {});
  const connected = once(client, 'secureConnect').catch(() => {});
  // The option is of no effect over a given socket.
  client.allowHalfOpen = true;
  const socket = await begun.promise;
  t.after(() => {
    socket.destroy();
    client.destroy();
  });
  return { socket, owner, listener, client, peer, connected };
}

/** The same, once its handshake is over on both sides. */
export async function secured(
  t: TestContext,
  version: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
  options: IClientOptions = {},
): Promise<IBegun> {
  const bounds = { minVersion: version, maxVersion: version };
  const begun = await begin(t, {}, { ...bounds, ...options });
  await Promise.all([begun.connected, begun.listener.secured]);
  // What waits for it goes on while OpenSSL is still at work.
  await new Promise((resolve) => setImmediate(resolve));
  return begun;
}

/** All that a client gets until its end. */
export async function drainedOf(client: TLSSocket): Promise<Buffer> {
  const parts: Buffer[] = [];
  client.on('data', (part: Buffer) => parts.push(part));
  client.resume();
  await once(client, 'end');
  return Buffer.concat(parts);
}
