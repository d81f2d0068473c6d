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
  readonly headers: Buffer;
  readonly vectors: Buffer;
  readonly data: Buffer;
  readonly headersAddress: bigint;
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
    const names = libc.addressOf(this.#names);
    this.#receive = makeRing(libc, names, batchInputBytes);
    this.#send = makeRing(libc, names, udpBytesMax);
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

  /** Receives what is there, without waiting; the number of datagrams, also in `batch.count`. */
  receive(): number {
    const { headers, headersAddress } = this.#receive;
    const { batch } = this;
    for (let slot = 0; slot < batchSlots; slot++) {
      headers.writeUInt32LE(layout.addressBytes, slot * layout.messageHeaderBytes + layout.nameLengthAt);
    }
    const count = this.#libc.receiveMany(this.fd, headersAddress, batchSlots, layout.flagDontWait, 0n);
    batch.count = Math.max(count, 0);
    for (let slot = 0; slot < batch.count; slot++) {
      const name = slot * layout.addressBytes;
      batch.inputLengths[slot] = headers.readUInt32LE(slot * layout.messageHeaderBytes + layout.messageLengthAt);
      batch.ports[slot] = this.#names.readUInt16BE(name + layout.portAt);
      batch.addresses[slot] = this.#six ? this.#text6(name) : this.#text4(name);
    }
    return batch.count;
  }

  /**
   * Sends the answers of the batch.
   *
   * @param unsent gets each slot whose answer the system did not take
   */
  send(unsent: (slot: number) => void): void {
    const { headers, vectors, headersAddress } = this.#send;
    const { count, outputLengths } = this.batch;
    let start = 0;
    while (start < count) {
      if (outputLengths[start] === 0) {
        start++;
        continue;
      }
      let end = start;
      while (end < count && outputLengths[end]! > 0) {
        vectors.writeUInt32LE(outputLengths[end]!, end * layout.vectorBytes + layout.vectorLengthAt);
        headers.writeUInt32LE(this.#nameLength, end * layout.messageHeaderBytes + layout.nameLengthAt);
        end++;
      }
      const first = headersAddress + BigInt(start * layout.messageHeaderBytes);
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
    const known = this.#texts.get(key);
    if (known !== undefined) {
      return known;
    }
    const text = formatIpv4(this.#names, name + layout.ipv4At);
    if (this.#texts.size >= batchAddressesMax) {
      this.#texts.clear();
    }
    this.#texts.set(key, text);
    return text;
  }

  #text6(name: number): string {
    return formatIpv6(this.#names, name + layout.ipv6At);
  }
}

function makeRing(libc: ILibc, names: bigint, slotBytes: number): IRing {
  const headers = Buffer.alloc(batchSlots * layout.messageHeaderBytes);
  const vectors = Buffer.alloc(batchSlots * layout.vectorBytes);
  // Apart from Node's pool: the system keeps these addresses for as long as the socket lives.
  const data = Buffer.allocUnsafeSlow(batchSlots * slotBytes);
  const vectorsAddress = libc.addressOf(vectors);
  const dataAddress = libc.addressOf(data);
  for (let slot = 0; slot < batchSlots; slot++) {
    const header = slot * layout.messageHeaderBytes;
    headers.writeBigUInt64LE(names + BigInt(slot * layout.addressBytes), header + layout.nameAt);
    headers.writeBigUInt64LE(vectorsAddress + BigInt(slot * layout.vectorBytes), header + layout.vectorAt);
    headers.writeBigUInt64LE(1n, header + layout.vectorCountAt);
    vectors.writeBigUInt64LE(dataAddress + BigInt(slot * slotBytes), slot * layout.vectorBytes);
    vectors.writeBigUInt64LE(BigInt(slotBytes), slot * layout.vectorBytes + layout.vectorLengthAt);
  }
  return { headers, vectors, data, headersAddress: libc.addressOf(headers) };
}

function slotsOf(data: Buffer, slotBytes: number): Buffer[] {
  return Array.from({ length: batchSlots }, (_, slot) => data.subarray(slot * slotBytes, (slot + 1) * slotBytes));
}
