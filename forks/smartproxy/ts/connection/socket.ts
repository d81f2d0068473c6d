/**
 * What the engine asks of its sockets, whatever they are made of, and what it is told by them.
 *
 * A listener per event and socket is what a connection costs on Node, so a socket has one owner instead, which it calls.
 *
 * @module
 */
import type { RingDoor } from '../ring/door.ts';
import type { Slab } from './slab.ts';

/** A stream that can be written to and paused: our sockets, and `TLSSocket`s over them. */
export interface IStream {
  readonly destroyed: boolean;
  /** Bytes that were written and that the kernel does not have yet. */
  readonly writableLength: number;
  /** A write was refused more, and its bytes are still on their way. */
  readonly writableNeedDrain: boolean;
  /** Writes bytes, or text as latin1; false when the stream wants no more for now. */
  write(bytes: Uint8Array): boolean;
  write(text: string, encoding: 'latin1'): boolean;
  /** Sends FIN behind what was written. */
  end(): unknown;
  /** Closes now. */
  destroy(error?: Error): unknown;
  /** Closes in order: what was written is sent first. */
  destroySoon(): unknown;
  pause(): unknown;
  resume(): unknown;
  setKeepAlive(enable: boolean, initialDelayMs: number): unknown;
}

/** A TCP socket of the proxy. */
export interface IProxySocket extends IStream {
  owner: ISocketOwner | null;
  /** The private read slab, if one is borrowed. */
  readonly slab: Slab | null;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  /** Bytes received from the peer, as the kernel counts them. */
  readonly wireBytesIn: number;
  /** Bytes the kernel took from us: handed over minus still queued. */
  readonly wireBytesOut: number;
  /**
   * From now on its handle is hardly ever asked for, and once it is busy the socket may move into the ring; null for no
   * ring.
   */
  mayUseRing(door: RingDoor | null): void;
  /** Reads from an accepted socket, unless it was paused meanwhile. */
  startReading(): void;
  /** Small packets are not held back by the kernel. */
  disableDelay(): void;
  /** Closes with a reset where that can be, so that the peer cannot take what it has for the whole. */
  resetOrDestroy(): void;
  /** Borrows a slab for a transfer of many big reads. */
  useOwnSlab(): void;
  /** A pending write refers to the slab: leave it to that write and borrow another. */
  replaceSlab(): void;
}

/** What a socket reports to. All calls are synchronous. */
export interface ISocketOwner {
  /** Bytes arrived in `bytes[start, end)`; they are valid only during the call unless `source` owns its slab. */
  onSocketData(source: IStream, bytes: Buffer, start: number, end: number): void;
  /** The peer sent FIN. */
  onSocketEnd(source: IStream): void;
  /** The outgoing buffer of a stream that refused more is empty again. */
  onSocketDrain(source: IStream): void;
  /** The socket is going away; nothing else follows. `error` is set when it broke. */
  onSocketGone(source: IStream, error: Error | null): void;
}

/** A socket owner that waits for a connection. */
export interface IDialOwner extends ISocketOwner {
  /**
   * @param socket the connected socket, which need not be the one that `dial` gave
   * @param destination `address:port` of a target by name that our resolver found; null for others
   */
  onConnected(socket: IProxySocket, destination: string | null): void;
}
