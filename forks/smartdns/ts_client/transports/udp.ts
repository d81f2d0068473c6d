/**
 * DNS over UDP: connected sockets on random ports (RFC 5452 §9.2), random ids, replies checked byte by byte.
 *
 * @module
 */
import { randomInt } from 'node:crypto';
import { DnsError, asDnsError } from '../errors/errors.ts';
import { clientLimits } from '../limits/limits.ts';
import { CookieJar } from './cookies.ts';
import type { IEndpoint } from './endpoint.ts';
import type { IQuestion, IReply, ITransport, ITransportCounters } from './transport.ts';
import { UdpSocket } from './udpsocket.ts';
import type { IAskOptions } from './udpsocket.ts';

export interface IUdpOptions {
  /**
   * Questions sent from one socket before it is given up for one on another random port. Default 1: every question
   * has its own port, which is the strongest defence against forged replies. Higher values save system calls.
   */
  readonly queriesPerSocket?: number;
  /** Mix the case of the asked name and insist on it in the reply. Default true. */
  readonly randomizeCase?: boolean;
  /** Send DNS cookies and insist on ours in the reply (RFC 7873). Default true. */
  readonly cookies?: boolean;
}

/** UDP to one resolver. */
export class UdpTransport implements ITransport {
  readonly source = 'udp';
  readonly #endpoint: IEndpoint;
  readonly #queriesPerSocket: number;
  readonly #plain: IAskOptions;
  /** The way to ask first; becomes `plain` for a server that compares names byte by byte. */
  #first: IAskOptions;
  readonly #counters: ITransportCounters;
  /** Sockets that may take a further question; empty when each question has its own. */
  readonly #open: UdpSocket[] = [];
  readonly #live = new Set<UdpSocket>();
  #closed = false;

  constructor(endpoint: IEndpoint, counters: ITransportCounters, options: IUdpOptions = {}) {
    this.#endpoint = endpoint;
    this.#counters = counters;
    this.#queriesPerSocket = options.queriesPerSocket ?? 1;
    const cookies = options.cookies === false ? undefined : new CookieJar();
    this.#plain = { randomizeCase: false, cookies };
    this.#first = { randomizeCase: options.randomizeCase ?? true, cookies };
  }

  async exchange(question: IQuestion, edns: boolean, timeoutMs: number): Promise<IReply> {
    const startMs = performance.now();
    const reply = await this.#ask(question, edns, this.#first, timeoutMs);
    if (!this.#first.randomizeCase || !saysNothing(reply, question)) return reply;
    // Servers that compare names byte by byte do not find the mixed-case name, and tend to say so without an SOA.
    const leftMs = timeoutMs - (performance.now() - startMs);
    const again = await this.#ask(question, edns, this.#plain, leftMs).catch(() => reply);
    if (!saysNothing(again, question)) this.#first = this.#plain;
    return again;
  }

  async #ask(question: IQuestion, edns: boolean, options: IAskOptions, timeoutMs: number): Promise<IReply> {
    if (this.#closed) throw new DnsError('EDESTROYED', { hostname: question.name, type: question.type });
    const socket = this.#acquire();
    try {
      return await socket.ask(question, edns, options, timeoutMs);
    } catch (error) {
      throw asDnsError(error, 'ECONNECT', {
        hostname: question.name,
        type: question.type,
        upstream: this.#endpoint.label,
      });
    }
  }

  close(): void {
    this.#closed = true;
    for (const socket of this.#live) socket.destroy(new DnsError('EDESTROYED'));
    this.#open.length = 0;
  }

  #acquire(): UdpSocket {
    // Below the pool's size a new socket is better: it adds a port to guess.
    const full = this.#queriesPerSocket > 1 && this.#open.length >= clientLimits.udpSocketsMax;
    const at = full ? randomInt(this.#open.length) : -1;
    const socket = this.#open[at] ?? this.#create();
    socket.taken += 1;
    if (socket.taken >= this.#queriesPerSocket) {
      const index = this.#open.indexOf(socket);
      if (index >= 0) this.#open.splice(index, 1);
      socket.retire();
    }
    return socket;
  }

  #create(): UdpSocket {
    const socket = new UdpSocket(this.#endpoint, this.#counters, (gone) => {
      this.#live.delete(gone);
      const index = this.#open.indexOf(gone);
      if (index >= 0) this.#open.splice(index, 1);
    });
    this.#live.add(socket);
    if (this.#queriesPerSocket > 1) this.#open.push(socket);
    return socket;
  }
}

/** NOERROR without a record of the asked type, an alias, or the SOA that belongs to "no records" (RFC 2308 §2.2). */
function saysNothing({ message }: IReply, question: IQuestion): boolean {
  if (message.rcode !== 0 || message.tc || message.authorities.length > 0) return false;
  if (question.type === 'ANY') return message.answers.length === 0;
  return !message.answers.some(({ type }) => type === question.type || type === 'CNAME' || type === 'DNAME');
}
