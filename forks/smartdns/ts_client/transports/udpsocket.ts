/**
 * One connected UDP socket and the questions that wait on it.
 *
 * @module
 */
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { DnsError, asDnsError } from '../errors/errors.ts';
import { clientLimits } from '../limits/limits.ts';
import type { IEndpoint } from './endpoint.ts';
import type { CookieJar } from './cookies.ts';
import { questionEnd, randomizeCase } from './casing.ts';
import { encodeQuery } from './query.ts';
import { randomId } from './random.ts';
import { matchReply, readReply } from './reply.ts';
import type { IQuestion, IReply, ITransportCounters } from './transport.ts';

const headerBytes = 12;

/** How questions are protected on their way. */
export interface IAskOptions {
  readonly randomizeCase: boolean;
  /** Undefined: no cookies. */
  readonly cookies: CookieJar | undefined;
}

class UdpPending {
  readonly id: number;
  readonly packet: Buffer;
  /** The question section as the caller spelled it. */
  readonly question: Buffer;
  readonly cookies: CookieJar | undefined;
  readonly resolve: (reply: IReply) => void;
  readonly reject: (error: Error) => void;
  /** Replies refused while waiting. */
  bogus: number;
  timer: NodeJS.Timeout | undefined;

  constructor(
    id: number,
    packet: Buffer,
    question: Buffer,
    cookies: CookieJar | undefined,
    resolve: (reply: IReply) => void,
    reject: (error: Error) => void,
  ) {
    this.id = id;
    this.packet = packet;
    this.question = question;
    this.cookies = cookies;
    this.resolve = resolve;
    this.reject = reject;
    this.bogus = 0;
    this.timer = undefined;
  }
}

/**
 * A socket on a random port, connected so that the kernel drops what comes from elsewhere and reports a closed port.
 * Holds the process open only while a question waits.
 */
export class UdpSocket {
  /** Questions it was used for; kept by the owner. */
  taken = 0;
  readonly #endpoint: IEndpoint;
  readonly #counters: ITransportCounters;
  readonly #onGone: (socket: UdpSocket) => void;
  readonly #socket: Socket;
  readonly #ready: Promise<void>;
  readonly #pending = new Map<number, UdpPending>();
  #asking = 0;
  #retired = false;
  #dead: DnsError | undefined;

  constructor(endpoint: IEndpoint, counters: ITransportCounters, onGone: (socket: UdpSocket) => void) {
    this.#endpoint = endpoint;
    this.#counters = counters;
    this.#onGone = onGone;
    const family = isIPv6(endpoint.host) ? 6 : 4;
    this.#socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      // The address is literal: answering at once saves a trip through the thread pool.
      lookup: (host, _options, callback) => callback(null, host, family),
    });
    this.#socket.on('message', (packet, from) => this.#receive(packet, from));
    this.#socket.on('error', (error) => this.destroy(asDnsError(error, 'ECONNECT', { upstream: endpoint.label })));
    this.#ready = new Promise((resolve) => {
      this.#socket.once('connect', resolve);
      this.#socket.once('close', resolve);
    });
    // connect() binds to port 0 exclusively: the kernel chooses the port at random, in a cluster worker too.
    this.#socket.connect(endpoint.port, endpoint.host);
    counters.opened += 1;
  }

  /** Takes no further question, and closes after the last reply. */
  retire(): void {
    this.#retired = true;
  }

  async ask(question: IQuestion, edns: boolean, asking: IAskOptions, timeoutMs: number): Promise<IReply> {
    this.#asking += 1;
    if (this.#asking === 1) this.#socket.ref();
    try {
      await this.#ready;
      if (this.#dead !== undefined) throw this.#dead;
      return await this.#send(question, edns, asking, timeoutMs);
    } finally {
      this.#asking -= 1;
      if (this.#asking === 0) {
        if (this.#retired) this.destroy(new DnsError('EDESTROYED'));
        else if (this.#dead === undefined) this.#socket.unref();
      }
    }
  }

  destroy(reason: DnsError): void {
    if (this.#dead !== undefined) return;
    this.#dead = reason;
    this.#socket.close();
    this.#onGone(this);
    for (const pending of this.#pending.values()) this.#settle(pending, reason);
  }

  #send(question: IQuestion, edns: boolean, asking: IAskOptions, timeoutMs: number): Promise<IReply> {
    return new Promise((resolve, reject) => {
      const cookies = edns ? asking.cookies : undefined;
      let id = randomId();
      // A socket carries few questions at a time, so a free id is found at once.
      while (this.#pending.has(id)) id = randomId();
      const packet = encodeQuery(question, id, { edns, paddingBlockBytes: 0, cookie: cookies?.option });
      const spelled = Buffer.from(packet.subarray(headerBytes, questionEnd(packet)));
      if (asking.randomizeCase) randomizeCase(packet);
      const pending = new UdpPending(id, packet, spelled, cookies, resolve, reject);
      this.#pending.set(id, pending);
      pending.timer = setTimeout(
        () => {
          this.#settle(pending, new DnsError('ETIMEOUT', this.#detail(question)));
        },
        Math.max(1, timeoutMs),
      );
      this.#counters.sent += 1;
      this.#counters.bytesOut += packet.length;
      this.#socket.send(packet, (error) => {
        if (error) this.#settle(pending, asDnsError(error, 'ECONNECT', this.#detail(question)));
      });
    });
  }

  #receive(packet: Buffer, from: RemoteInfo): void {
    this.#counters.received += 1;
    this.#counters.bytesIn += packet.length;
    const { bogus } = this.#counters;
    if (packet.length < headerBytes) {
      bogus.short += 1;
      return;
    }
    // Between bind and connect the kernel still takes datagrams from anybody.
    if (from.port !== this.#endpoint.port || from.address !== this.#endpoint.host) {
      bogus.source += 1;
      return;
    }
    const pending = this.#pending.get(packet.readUInt16BE(0));
    if (pending === undefined) {
      bogus.id += 1;
      // Wrong ids on our port are guesses: each one counts against every question that waits here.
      for (const waiting of this.#pending.values()) this.#refuse(waiting);
      return;
    }
    const match = matchReply(packet, pending.packet);
    if (match !== 'match') {
      bogus[match] += 1;
      if (match === 'case') this.#settle(pending, this.#doubt('case-mismatch'));
      else this.#refuse(pending);
      return;
    }
    // Names in the reply point into its question: with the caller's spelling back in place they all read as asked.
    if (packet.readUInt16BE(4) === 1) pending.question.copy(packet, headerBytes);
    const reply = readReply(packet, 'udp', this.#endpoint.label);
    const verdict = reply instanceof DnsError ? 'fine' : (pending.cookies?.check(reply.message) ?? 'fine');
    if (verdict === 'fine') {
      this.#settle(pending, reply);
      return;
    }
    bogus.cookie += 1;
    if (verdict === 'forged') {
      this.#refuse(pending);
      return;
    }
    // Forged, or from a server that has stopped sending cookies: over TCP it does not matter which.
    pending.cookies?.forget();
    this.#settle(pending, this.#doubt('no-cookie'));
  }

  #refuse(pending: UdpPending): void {
    pending.bogus += 1;
    if (pending.bogus > clientLimits.bogusRepliesMax) this.#settle(pending, this.#doubt('bogus-replies'));
  }

  #doubt(reason: string): DnsError {
    return new DnsError('EBADRESP', { upstream: this.#endpoint.label, reason, note: reason });
  }

  #detail(question: IQuestion): { hostname: string; type: string; upstream: string } {
    return { hostname: question.name, type: question.type, upstream: this.#endpoint.label };
  }

  #settle(pending: UdpPending, outcome: IReply | DnsError): void {
    if (!this.#pending.delete(pending.id)) return;
    clearTimeout(pending.timer);
    if (outcome instanceof DnsError) pending.reject(outcome);
    else pending.resolve(outcome);
  }
}
