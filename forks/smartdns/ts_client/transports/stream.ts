/**
 * One TCP or TLS connection that carries many questions at a time (RFC 7766 §6.2.1.1): two bytes of length before
 * each message, replies in any order.
 *
 * @module
 */
import type { Socket } from 'node:net';
import { DnsError, asDnsError } from '../errors/errors.ts';
import type { TClientSource } from '../interfaces/answers.ts';
import { encodeQuery } from './query.ts';
import { randomId } from './random.ts';
import { matchReply, readReply } from './reply.ts';
import type { IEncodeOptions, IQuestion, IReply, ITransportCounters } from './transport.ts';

class StreamPending {
  readonly id: number;
  readonly packet: Buffer;
  readonly resolve: (reply: IReply) => void;
  readonly reject: (error: Error) => void;
  /** The connection's count of messages received when this question left. */
  readonly receivedBefore: number;
  timer: NodeJS.Timeout | undefined;

  constructor(
    id: number,
    packet: Buffer,
    resolve: (reply: IReply) => void,
    reject: (error: Error) => void,
    receivedBefore: number,
  ) {
    this.id = id;
    this.packet = packet;
    this.resolve = resolve;
    this.reject = reject;
    this.receivedBefore = receivedBefore;
    this.timer = undefined;
  }
}

/** What a connection needs to know from its transport. */
export interface IStreamOwner {
  readonly label: string;
  readonly source: TClientSource;
  readonly counters: ITransportCounters;
  readonly idleMs: number;
  gone(connection: StreamConnection): void;
}

/** A connected socket. Holds the process open only while a question waits. */
export class StreamConnection {
  readonly #socket: Socket;
  readonly #owner: IStreamOwner;
  readonly #pending = new Map<number, StreamPending>();
  readonly #idle: NodeJS.Timeout;
  /** Bytes of a message that has not arrived whole. */
  #rest: Buffer | undefined;
  #received = 0;
  #dead: DnsError | undefined;

  constructor(socket: Socket, owner: IStreamOwner) {
    this.#socket = socket;
    this.#owner = owner;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.destroy(asDnsError(error, 'ECONNECT', { upstream: owner.label })));
    socket.on('close', () => this.destroy(this.#closedError()));
    this.#idle = setTimeout(() => {
      if (this.#pending.size === 0) this.destroy(this.#closedError());
    }, owner.idleMs);
    this.#idle.unref();
    socket.unref();
  }

  get waiting(): number {
    return this.#pending.size;
  }

  /** Whether it has carried a reply before: then its end may be the server's idle time-out, not a fault. */
  get reused(): boolean {
    return this.#received > 0;
  }

  ask(question: IQuestion, options: IEncodeOptions, timeoutMs: number): Promise<IReply> {
    return new Promise((resolve, reject) => {
      if (this.#dead !== undefined) {
        reject(this.#dead);
        return;
      }
      let id = randomId();
      // At most pipelineMax of 65,536 ids are taken.
      while (this.#pending.has(id)) id = randomId();
      const packet = encodeQuery(question, id, options);
      const pending = new StreamPending(id, packet, resolve, reject, this.#received);
      pending.timer = setTimeout(() => this.#expire(pending, question), Math.max(1, timeoutMs));
      if (this.#pending.size === 0) this.#socket.ref();
      this.#pending.set(id, pending);
      const { counters } = this.#owner;
      counters.sent += 1;
      counters.bytesOut += packet.length;
      // One write: a length that travels alone makes some servers drop the connection (RFC 7766 §8).
      const framed = Buffer.allocUnsafe(packet.length + 2);
      framed.writeUInt16BE(packet.length, 0);
      packet.copy(framed, 2);
      this.#socket.write(framed);
    });
  }

  destroy(reason: DnsError): void {
    if (this.#dead !== undefined) return;
    this.#dead = reason;
    clearTimeout(this.#idle);
    this.#socket.destroy();
    this.#owner.gone(this);
    for (const pending of this.#pending.values()) this.#settle(pending, reason);
  }

  #closedError(): DnsError {
    return new DnsError('ECONNECT', {
      upstream: this.#owner.label,
      reason: 'closed',
      note: 'the connection was closed',
    });
  }

  #expire(pending: StreamPending, question: IQuestion): void {
    const { label } = this.#owner;
    this.#settle(pending, new DnsError('ETIMEOUT', { hostname: question.name, type: question.type, upstream: label }));
    // Nothing at all came in since: the connection is dead although TCP has not noticed.
    if (this.#received === pending.receivedBefore) this.destroy(this.#closedError());
  }

  #read(chunk: Buffer): void {
    let data = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    while (data.length >= 2 && this.#dead === undefined) {
      const end = 2 + data.readUInt16BE(0);
      if (data.length < end) break;
      this.#message(data.subarray(2, end));
      data = data.subarray(end);
    }
    if (data.length > 0 && this.#dead === undefined) this.#rest = data;
  }

  #message(packet: Buffer): void {
    const { counters, source, label } = this.#owner;
    this.#received += 1;
    counters.received += 1;
    counters.bytesIn += packet.length;
    const pending = packet.length < 2 ? undefined : this.#pending.get(packet.readUInt16BE(0));
    if (pending === undefined) {
      counters.bogus[packet.length < 12 ? 'short' : 'id'] += 1;
      return;
    }
    const match = matchReply(packet, pending.packet);
    // Over a connection letter case protects from nothing, and some servers fold it.
    if (match !== 'match' && match !== 'case') {
      counters.bogus[match] += 1;
      this.#settle(pending, new DnsError('EBADRESP', { upstream: label, reason: match, note: match }));
      return;
    }
    this.#settle(pending, readReply(packet, source, label));
  }

  #settle(pending: StreamPending, outcome: IReply | DnsError): void {
    if (!this.#pending.delete(pending.id)) return;
    clearTimeout(pending.timer);
    if (this.#pending.size === 0 && this.#dead === undefined) {
      this.#socket.unref();
      this.#idle.refresh();
    }
    if (outcome instanceof DnsError) pending.reject(outcome);
    else pending.resolve(outcome);
  }
}
