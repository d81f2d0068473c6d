/**
 * DNS over UDP on `node:dgram` (RFC 1035 §4.2.1).
 *
 * @module
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Exchange, IReplyTarget } from '../pipeline/exchange.ts';
import { batchesPerTurn, batchSlots, datagramSlots, udpBytesMax, udpReceiveBufferBytes } from '../limits/index.ts';
import { BatchSocket } from './batch/batchsocket.ts';
import { loadLibc } from './batch/libc.ts';
import {
  answerBatch,
  shownHandle,
  sourceUdp,
  type IBoundAddress,
  type IDatagramBatch,
  type IListenerHandle,
  type IMessageSink,
  type ITransport,
} from './types.ts';

export interface IUdpOptions {
  readonly address: string;
  readonly port: number;
  /** Lets several processes or threads share the port, where the system has SO_REUSEPORT. */
  readonly reusePort: boolean;
  /** A socket that is bound already, of the address's family, instead of address and port. */
  readonly fd?: number;
  /** Many datagrams per system call where the runtime can; told through `onNoBatch` where it cannot. */
  readonly batch?: boolean;
  readonly onNoBatch?: (reason: string) => void;
}

/** What Node's datagram socket stands on; it shows it under a symbol of its own. */
interface IDatagramHandle extends IListenerHandle {
  recvStart?(): number;
  recvStop?(): number;
}

type TLookedUp = (error: null, address: string, family: number) => void;

/** Addresses are known when answering: a real look-up would put each answer off by a turn of the event loop. */
function makeLookup(version: 4 | 6): (address: string, options: unknown, callback?: unknown) => void {
  return (address, options, callback) => {
    ((typeof options === 'function' ? options : callback) as TLookedUp)(null, address, version);
  };
}

export class UdpTransport implements ITransport, IReplyTarget {
  readonly #sink: IMessageSink;
  readonly #options: IUdpOptions;
  readonly #batch: IDatagramBatch;
  #socket: Socket | undefined;
  #native: BatchSocket | undefined;
  /** The next look into the socket while datagrams come thick; the event loop does not watch it meanwhile. */
  #next: NodeJS.Immediate | undefined;
  /** Nothing more is read: a handler may ask for that in the middle of a batch. */
  #draining = false;
  #slots: Buffer[] = makeSlots();
  #slot = 0;

  constructor(sink: IMessageSink, options: IUdpOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#batch = {
      count: 1,
      inputs: [this.#slots[0]!],
      inputLengths: [0],
      addresses: [''],
      ports: [0],
      outputs: [this.#slots[0]!],
      outputLengths: [0],
    };
  }

  async start(): Promise<IBoundAddress> {
    const { address, port, reusePort, fd, batch = false } = this.#options;
    const six = isIPv6(address);
    this.#native = batch ? await this.#openNative() : undefined;
    const socket = createSocket({
      type: six ? 'udp6' : 'udp4',
      reusePort,
      recvBufferSize: udpReceiveBufferBytes,
      lookup: makeLookup(six ? 6 : 4),
    });
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      const bound = (): void => {
        socket.off('error', reject);
        resolve();
      };
      const own = this.#native?.fd ?? fd;
      if (own === undefined) {
        socket.bind({ address, port, exclusive: false }, bound);
      } else {
        socket.bind({ fd: own, exclusive: true }, bound);
      }
    }).catch((error: unknown) => {
      this.#socket = undefined;
      socket.close();
      throw error;
    });
    // An ICMP error or a failed send must not end the server.
    socket.on('error', (error) => this.#sink.unsent(sourceUdp, '', error.message));
    socket.on('message', (message, remote) => this.#receive(message, remote));
    const bound = socket.address();
    return { address: bound.address, port: bound.port };
  }

  get listenerHandle(): IListenerHandle | null {
    return this.#handle;
  }

  /** Reads no more: what waits in the system's queue is left to a process that shares the socket. */
  async drain(): Promise<void> {
    this.#draining = true;
    this.#stopLooking();
    this.#handle?.recvStop?.();
  }

  async stop(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) {
      return;
    }
    this.#socket = undefined;
    this.#native = undefined;
    this.#stopLooking();
    await new Promise<void>((resolve) => {
      socket.close(() => resolve());
    });
  }

  reply(exchange: Exchange, response: Buffer): boolean {
    return this.send(response, exchange.clientPort, exchange.clientIp);
  }

  /** Sends one datagram of its own; false when the socket is closed. */
  send(response: Buffer, port: number, address: string): boolean {
    if (this.#socket === undefined) {
      return false;
    }
    this.#send(response, response.length, port, address);
    return true;
  }

  abandon(): void {
    // A datagram without an answer leaves nothing behind.
  }

  #receive(message: Buffer, remote: RemoteInfo): void {
    const native = this.#native;
    // One datagram through the event loop says that there are more; those come many at a time.
    if (native !== undefined && native.place(message, remote.address, remote.port)) {
      if (this.#answerMany(native, 1) > 1) {
        this.#keepLooking();
      }
      return;
    }
    const batch = this.#batch;
    batch.inputs[0] = message;
    batch.inputLengths[0] = message.length;
    batch.addresses[0] = remote.address;
    batch.ports[0] = remote.port;
    batch.outputs[0] = this.#slots[this.#slot]!;
    answerBatch(this.#sink, batch, this);
    const length = batch.outputLengths[0]!;
    if (length > 0) {
      this.#send(batch.outputs[0], length, remote.port, remote.address);
      this.#nextSlot();
    }
  }

  get #handle(): IDatagramHandle | null {
    const socket = this.#socket as unknown as Record<symbol, { handle?: unknown } | undefined> | undefined;
    const symbol = Object.getOwnPropertySymbols(socket ?? {}).find(({ description }) => description === 'state symbol');
    return symbol === undefined ? null : shownHandle(socket?.[symbol]?.handle);
  }

  async #openNative(): Promise<BatchSocket | undefined> {
    const { address, port, reusePort, fd, onNoBatch } = this.#options;
    const libc = await loadLibc();
    if (typeof libc === 'string') {
      onNoBatch?.(libc);
      return undefined;
    }
    try {
      return new BatchSocket(libc, address, port, reusePort, fd);
    } catch (error) {
      // An ordinary socket says better what is wrong, or works.
      onNoBatch?.(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** Answers what waits; the number of datagrams. */
  #answerMany(native: BatchSocket, placed: number): number {
    let total = 0;
    for (let turn = 0; turn < batchesPerTurn; turn++) {
      const count = native.receive(turn === 0 ? placed : 0);
      total += count;
      if (count === 0) {
        return total;
      }
      answerBatch(this.#sink, native.batch, this);
      // Stopped by a handler: the descriptor may be somebody else's by now.
      if (this.#native === undefined) {
        return total;
      }
      native.send(this.#unsent);
      if (count < batchSlots || this.#draining) {
        return total;
      }
    }
    return total;
  }

  /** A datagram that the event loop brings costs as much as several of a batch: under load it does not watch. */
  #keepLooking(): void {
    const handle = this.#handle;
    if (this.#next === undefined && this.#native !== undefined && !this.#draining && handle?.recvStart !== undefined) {
      handle.recvStop?.();
      this.#next = setImmediate(this.#look);
    }
  }

  #stopLooking(): void {
    clearImmediate(this.#next);
    this.#next = undefined;
  }

  readonly #look = (): void => {
    // Before anything that may throw: nothing else would look again.
    this.#next = setImmediate(this.#look);
    const native = this.#native;
    if (native !== undefined && this.#answerMany(native, 0) > 0) {
      return;
    }
    // Not when a handler stopped the transport meanwhile.
    if (this.#next !== undefined) {
      this.#stopLooking();
      this.#handle?.recvStart?.();
    }
  };

  readonly #unsent = (slot: number): void => {
    const { batch } = this.#native!;
    const port = batch.ports[slot]!;
    // Port 0 cannot be answered; a full send buffer is the socket's own queue to take.
    const answer = Buffer.from(batch.outputs[slot]!.subarray(0, batch.outputLengths[slot]));
    this.#send(answer, answer.length, port, batch.addresses[slot]!);
  };

  #send(response: Buffer, length: number, port: number, address: string): void {
    // Port 0 cannot be answered and would throw.
    if (port === 0) {
      this.#sink.unsent(sourceUdp, address, 'the query came from port 0');
      return;
    }
    try {
      this.#socket?.send(response, 0, length, port, address);
    } catch (error) {
      this.#sink.unsent(sourceUdp, address, error instanceof Error ? error.message : String(error));
    }
  }

  /** Sends leave at once as a rule; a buffer that had to queue must not be written again before it left. */
  #nextSlot(): void {
    this.#slot++;
    if (this.#slot === datagramSlots) {
      this.#slot = 0;
      if ((this.#socket?.getSendQueueCount() ?? 0) > 0) {
        this.#slots = makeSlots();
      }
    }
  }
}

function makeSlots(): Buffer[] {
  // Apart, not views of one block: a queued answer then keeps only itself alive.
  return Array.from({ length: datagramSlots }, () => Buffer.allocUnsafeSlow(udpBytesMax));
}
