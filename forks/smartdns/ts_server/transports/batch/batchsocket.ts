/**
 * A UDP socket that receives and sends many datagrams per system call.
 *
 * @module
 */
import { isIPv6 } from 'node:net';
import { formatIpv4, formatIpv6 } from '#wire';
import { addressOctets } from '../../abuse/addresses.ts';
import {
  batchAddressesMax,
  batchInputBytes,
  batchSlots,
  udpBytesMax,
  udpReceiveBufferBytes,
} from '../../limits/index.ts';
import type { IDatagramBatch } from '../types.ts';
import * as layout from './layout.ts';
import type { ILibc } from './libc.ts';

const intBytes = 4;

/** Headers, vectors and data of one direction, each slot bound to its place once. */
interface IRing {
  /** Kept for the system, which writes to them: nothing else may hold them. */
  readonly headers: Buffer;
  readonly vectors: Buffer;
  readonly data: Buffer;
  /** The same memory as 32-bit words: what changes per batch is read and written there. */
  readonly words: Uint32Array;
  readonly vectorWords: Uint32Array;
  readonly headersAddress: bigint;
  /** Address of the second header. */
  readonly secondAddress: bigint;
}

export class BatchSocket {
  readonly fd: number;
  readonly batch: IDatagramBatch;
  readonly #libc: ILibc;
  readonly #names: Buffer;
  readonly #receive: IRing;
  readonly #send: IRing;
  readonly #six: boolean;
  readonly #nameLength: number;
  /** The address last told, and its text: datagrams of one resolver come in a row. */
  #lastKey = 0;
  #lastText = '';
  /** Address texts by their 32 bits: most queries come from few resolvers. */
  readonly #texts = new Map<number, string>();

  /**
   * @param inherited a socket that is bound already, instead of address and port
   * @throws Error when the address cannot be had; a socket of Node's own tells the reason
   */
  constructor(libc: ILibc, address: string, port: number, reusePort: boolean, inherited?: number) {
    this.#libc = libc;
    this.#six = isIPv6(address);
    this.#nameLength = this.#six ? layout.address6Length : layout.address4Length;
    this.#names = Buffer.alloc(batchSlots * layout.addressBytes);
    for (let slot = 0; slot < batchSlots; slot++) {
      this.#names.writeUInt16LE(this.#six ? layout.familyInet6 : layout.familyInet, slot * layout.addressBytes);
    }
    const names = libc.addressOf(this.#names);
    this.#receive = makeRing(libc, names, this.#nameLength, batchInputBytes);
    this.#send = makeRing(libc, names, this.#nameLength, udpBytesMax);
    this.batch = {
      count: 0,
      inputs: slotsOf(this.#receive.data, batchInputBytes),
      inputLengths: Array.from({ length: batchSlots }, () => 0),
      addresses: Array.from({ length: batchSlots }, () => ''),
      ports: Array.from({ length: batchSlots }, () => 0),
      outputs: slotsOf(this.#send.data, udpBytesMax),
      outputLengths: Array.from({ length: batchSlots }, () => 0),
    };
    this.fd = inherited ?? this.#open(address, port, reusePort);
  }

  /**
   * Puts a datagram that came another way into the first slot, as if it had been received here.
   *
   * @returns false where it has no room or its address has a zone, which only the system can resolve
   */
  place(message: Uint8Array, address: string, port: number): boolean {
    const { batch } = this;
    if (message.length > batchInputBytes || address.includes('%')) {
      return false;
    }
    const names = this.#names;
    names[layout.portAt] = port >>> 8;
    names[layout.portAt + 1] = port & 0xff;
    if (this.#six) {
      names.fill(0, layout.flowAt, layout.addressBytes);
      const mapped = address.includes('.');
      if (mapped) {
        // RFC 4291 §2.5.5.2: what a socket for both families shows of IPv4.
        names.fill(0xff, layout.mappedAt - 2, layout.mappedAt);
      }
      addressOctets(address, names.subarray(mapped ? layout.mappedAt : layout.ipv6At));
    } else {
      addressOctets(address, names.subarray(layout.ipv4At));
    }
    batch.inputs[0]!.set(message);
    batch.inputLengths[0] = message.length;
    batch.addresses[0] = address;
    batch.ports[0] = port;
    return true;
  }

  /**
   * Receives what is there, without waiting.
   *
   * @param placed slots that hold a datagram already: 0, or 1 after `place`
   * @returns the number of datagrams, those placed with them; also in `batch.count`
   */
  receive(placed: number): number {
    const { words, headersAddress, secondAddress } = this.#receive;
    const { batch } = this;
    const first = placed === 0 ? headersAddress : secondAddress;
    const received = this.#libc.receiveMany(this.fd, first, batchSlots - placed, layout.flagDontWait, 0n);
    const count = received > 0 ? placed + received : placed;
    batch.count = count;
    const names = this.#names;
    for (let slot = placed; slot < count; slot++) {
      const name = slot * layout.addressBytes;
      batch.inputLengths[slot] = words[slot * layout.messageHeaderWords + layout.messageLengthWord]!;
      batch.ports[slot] = (names[name + layout.portAt]! << 8) | names[name + layout.portAt + 1]!;
      batch.addresses[slot] = this.#six ? this.#text6(name) : this.#text4(name);
    }
    return count;
  }

  /**
   * Sends the answers of the batch.
   *
   * @param unsent gets each slot whose answer the system did not take
   */
  send(unsent: (slot: number) => void): void {
    const { vectorWords, headersAddress } = this.#send;
    const { count, outputLengths } = this.batch;
    let start = 0;
    while (start < count) {
      if (outputLengths[start] === 0) {
        start++;
        continue;
      }
      let end = start;
      while (end < count && outputLengths[end]! > 0) {
        vectorWords[end * layout.vectorWords + layout.vectorLengthWord] = outputLengths[end]!;
        end++;
      }
      const first = start === 0 ? headersAddress : headersAddress + BigInt(start * layout.messageHeaderBytes);
      const sent = this.#libc.sendMany(this.fd, first, end - start, layout.flagDontWait);
      if (sent < end - start) {
        // The one that failed is told; those behind it are tried again.
        end = start + Math.max(sent, 0);
        unsent(end);
        end++;
      }
      start = end;
    }
  }

  #open(address: string, port: number, reusePort: boolean): number {
    const libc = this.#libc;
    const fd = libc.socket(this.#six ? layout.familyInet6 : layout.familyInet, layout.socketType, 0);
    if (fd < 0) {
      throw new Error('the system gives no more sockets');
    }
    const value = Buffer.alloc(intBytes);
    const valueAddress = libc.addressOf(value);
    if (reusePort) {
      value.writeInt32LE(1);
      libc.setOption(fd, layout.levelSocket, layout.optionReusePort, valueAddress, intBytes);
    }
    value.writeInt32LE(udpReceiveBufferBytes);
    libc.setOption(fd, layout.levelSocket, layout.optionReceiveBuffer, valueAddress, intBytes);
    const name = Buffer.alloc(layout.addressBytes);
    name.writeUInt16LE(this.#six ? layout.familyInet6 : layout.familyInet, 0);
    name.writeUInt16BE(port, layout.portAt);
    addressOctets(address, name.subarray(this.#six ? layout.ipv6At : layout.ipv4At));
    if (libc.bind(fd, libc.addressOf(name), this.#nameLength) < 0) {
      libc.close(fd);
      throw new Error(`${address} port ${port} cannot be bound`);
    }
    return fd;
  }

  #text4(name: number): string {
    const key = this.#names.readInt32LE(name + layout.ipv4At);
    if (key === this.#lastKey && this.#lastText !== '') {
      return this.#lastText;
    }
    let text = this.#texts.get(key);
    if (text === undefined) {
      text = formatIpv4(this.#names, name + layout.ipv4At);
      if (this.#texts.size >= batchAddressesMax) {
        this.#texts.clear();
      }
      this.#texts.set(key, text);
    }
    this.#lastKey = key;
    this.#lastText = text;
    return text;
  }

  #text6(name: number): string {
    return formatIpv6(this.#names, name + layout.ipv6At);
  }
}

function makeRing(libc: ILibc, names: bigint, nameLength: number, slotBytes: number): IRing {
  // All apart from Node's pool: the system is given these addresses for as long as the socket lives.
  const headers = Buffer.from(new ArrayBuffer(batchSlots * layout.messageHeaderBytes));
  const vectors = Buffer.from(new ArrayBuffer(batchSlots * layout.vectorBytes));
  const data = Buffer.allocUnsafeSlow(batchSlots * slotBytes);
  const vectorsAddress = libc.addressOf(vectors);
  const dataAddress = libc.addressOf(data);
  for (let slot = 0; slot < batchSlots; slot++) {
    const header = slot * layout.messageHeaderBytes;
    headers.writeBigUInt64LE(names + BigInt(slot * layout.addressBytes), header + layout.nameAt);
    headers.writeBigUInt64LE(vectorsAddress + BigInt(slot * layout.vectorBytes), header + layout.vectorAt);
    // What the system writes back is the same number: every address on a socket has the length of its family.
    headers.writeUInt32LE(nameLength, header + layout.nameLengthAt);
    headers.writeBigUInt64LE(1n, header + layout.vectorCountAt);
    vectors.writeBigUInt64LE(dataAddress + BigInt(slot * slotBytes), slot * layout.vectorBytes);
    vectors.writeBigUInt64LE(BigInt(slotBytes), slot * layout.vectorBytes + layout.vectorLengthAt);
  }
  const headersAddress = libc.addressOf(headers);
  return {
    headers,
    vectors,
    data,
    words: new Uint32Array(headers.buffer),
    vectorWords: new Uint32Array(vectors.buffer),
    headersAddress,
    secondAddress: headersAddress + BigInt(layout.messageHeaderBytes),
  };
}

function slotsOf(data: Buffer, slotBytes: number): Buffer[] {
  return Array.from({ length: batchSlots }, (_, slot) => data.subarray(slot * slotBytes, (slot + 1) * slotBytes));
}
