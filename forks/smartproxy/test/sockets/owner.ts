// A socket's owner that keeps what it was told, and the settings of every kind of socket.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { IDialOwner, IProxySocket, IStream } from '../../ts/connection/socket.ts';
import { connectSocket, useHandles } from '../../ts/connection/sockets.ts';
import { RingCounters, RingDoor } from '../../ts/ring/door.ts';
import { moves } from '../../ts/ring/moves.ts';
import { acquireRing, releaseRing } from '../../ts/ring/rings.ts';
import type { Ring } from '../../ts/ring/ring.ts';

export const KINDS = {
  handle: { onHandles: useHandles('auto'), noDelay: true },
  /** Pairs of this kind are in the ring when they are had. */
  ring: { onHandles: useHandles('ring'), noDelay: true },
  net: { onHandles: useHandles('net'), noDelay: true },
} as const;

export class KeepingOwner implements IDialOwner {
  readonly parts: Buffer[] = [];
  readonly told: string[] = [];
  error: NodeJS.ErrnoException | null = null;
  wireIn = -1;
  wireOut = -1;
  /** Bytes that came before the test began, and are not told. */
  warmBytes = 0;
  onBytes: ((source: IStream, bytes: Buffer, start: number, end: number) => void) | null = null;
  readonly connected: Promise<IProxySocket>;
  readonly ended: Promise<void>;
  readonly drained: Promise<void>;
  readonly gone: Promise<void>;
  #connected!: (socket: IProxySocket) => void;
  #ended!: () => void;
  #drained!: () => void;
  #gone!: () => void;

  constructor() {
    this.connected = new Promise((resolve) => (this.#connected = resolve));
    this.ended = new Promise((resolve) => (this.#ended = resolve));
    this.drained = new Promise((resolve) => (this.#drained = resolve));
    this.gone = new Promise((resolve) => (this.#gone = resolve));
  }

  get received(): Buffer {
    return Buffer.concat(this.parts);
  }

  onConnected(socket: IProxySocket): void {
    this.told.push('connected');
    this.#connected(socket);
  }

  onSocketData(source: IStream, bytes: Buffer, start: number, end: number): void {
    this.parts.push(Buffer.from(bytes.subarray(start, end)));
    this.onBytes?.(source, bytes, start, end);
  }

  onSocketEnd(): void {
    this.told.push('end');
    this.#ended();
  }

  onSocketDrain(): void {
    this.told.push('drain');
    this.#drained();
  }

  onSocketGone(source: IStream, error: Error | null): void {
    this.told.push('gone');
    this.error = error;
    const socket = source as IProxySocket;
    this.wireIn = socket.wireBytesIn - this.warmBytes;
    this.wireOut = socket.wireBytesOut;
    this.#gone();
  }
}

/** A socket of ours and the socket of Node's at its other end. */
export async function startPair(
  t: TestContext,
  kind: keyof typeof KINDS,
  host = '127.0.0.1',
): Promise<{ socket: IProxySocket; owner: KeepingOwner; peer: Socket }> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(0, host);
  await once(server, 'listening');
  const owner = new KeepingOwner();
  const accepted = once(server, 'connection');
  connectSocket(owner, host, (server.address() as AddressInfo).port, KINDS[kind]);
  const socket = await owner.connected;
  const [peer] = (await accepted) as [Socket];
  peer.on('error', () => {});
  if (kind === 'ring') await moveIn(holdRing(t), socket, owner, peer);
  t.after(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });
  return { socket, owner, peer };
}

/** The ring of this thread, held until the test is over. Sockets move into it with their first short read. */
export function holdRing(t: TestContext): Ring {
  const ring = acquireRing();
  if (typeof ring === 'string') throw new Error(ring);
  moves.reads = 1;
  moves.readsAgain = 1;
  t.after(releaseRing);
  return ring;
}

/** What sockets of tests count as they go in and out. */
export const counters = new RingCounters();

export const doorOf = (ring: Ring): RingDoor => new RingDoor(ring, counters);

/** Lets a socket of ours get a byte, of which its owner tells nothing, and with it into the ring. */
export async function moveIn(ring: Ring, socket: IProxySocket, owner: KeepingOwner, peer: Socket): Promise<void> {
  const before = ring.users;
  const { onBytes } = owner;
  socket.mayUseRing(doorOf(ring));
  const read = new Promise<void>((resolve) => (owner.onBytes = () => resolve()));
  peer.write('w');
  await read;
  owner.onBytes = onBytes;
  owner.parts.length = 0;
  owner.warmBytes += 1;
  assert.equal(ring.users, before + 1, 'the socket is in the ring');
}
