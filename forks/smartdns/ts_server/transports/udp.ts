/**
 * DNS over UDP on `node:dgram` (RFC 1035 §4.2.1).
 *
 * @module
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Exchange, IReplyTarget } from '../pipeline/exchange.ts';
import { datagramSlots, udpBytesMax, udpReceiveBufferBytes } from '../limits/index.ts';
import {
  answerBatch,
  sourceUdp,
  type IBoundAddress,
  type IDatagramBatch,
  type IMessageSink,
  type ITransport,
} from './types.ts';

export interface IUdpOptions {
  readonly address: string;
  readonly port: number;
  /** Lets several processes or threads share the port, where the system has SO_REUSEPORT. */
  readonly reusePort: boolean;
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
    const { address, port, reusePort } = this.#options;
    const six = isIPv6(address);
    const socket = createSocket({
      type: six ? 'udp6' : 'udp4',
      reusePort,
      recvBufferSize: udpReceiveBufferBytes,
      lookup: makeLookup(six ? 6 : 4),
    });
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port, exclusive: false }, () => {
        socket.off('error', reject);
        resolve();
      });
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

  async stop(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) {
      return;
    }
    this.#socket = undefined;
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
