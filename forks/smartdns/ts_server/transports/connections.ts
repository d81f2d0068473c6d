/**
 * Connections of one listener: how many there are, how many of one client, and their end.
 *
 * @module
 */
import type { Socket } from 'node:net';
import { drainMs, streamConnectionsMax, streamConnectionsPerClientMax } from '../limits/index.ts';
import type { IMessageSink } from './types.ts';

export interface IConnectionLimits {
  readonly connectionsMax?: number;
  readonly connectionsPerClientMax?: number;
}

export class Connections {
  readonly #sink: IMessageSink;
  readonly #source: number;
  readonly #max: number;
  readonly #perClientMax: number;
  readonly #sockets = new Set<Socket>();
  readonly #byClient = new Map<string, number>();

  constructor(sink: IMessageSink, source: number, limits: IConnectionLimits) {
    this.#sink = sink;
    this.#source = source;
    this.#max = limits.connectionsMax ?? streamConnectionsMax;
    this.#perClientMax = limits.connectionsPerClientMax ?? streamConnectionsPerClientMax;
  }

  /** Takes a connection in, or closes it when there are too many. */
  accept(socket: Socket): boolean {
    const client = socket.remoteAddress ?? '';
    const ofClient = this.#byClient.get(client) ?? 0;
    if (this.#sockets.size >= this.#max || ofClient >= this.#perClientMax) {
      this.#sink.failed('connection-limit', this.#source, client);
      socket.destroy();
      return false;
    }
    this.#sockets.add(socket);
    this.#byClient.set(client, ofClient + 1);
    this.#sink.streamOpened();
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#closed(socket, client));
    return true;
  }

  /** Ends every connection, and cuts those that have not ended after the drain time. */
  async end(closed: Promise<void>, endOne: (socket: Socket) => void = (socket) => socket.end()): Promise<void> {
    for (const socket of this.#sockets) {
      endOne(socket);
    }
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) {
        socket.destroy();
      }
    }, drainMs);
    await closed;
    clearTimeout(cut);
  }

  #closed(socket: Socket, client: string): void {
    this.#sockets.delete(socket);
    const left = (this.#byClient.get(client) ?? 1) - 1;
    if (left > 0) {
      this.#byClient.set(client, left);
    } else {
      this.#byClient.delete(client);
    }
    this.#sink.streamClosed();
  }
}
