/**
 * One resolver: its transports, how it has behaved, and what was asked of it.
 *
 * @module
 */
import { DnsError } from '../errors/errors.ts';
import type { IResolverOptions, TUpstream } from '../interfaces/options.ts';
import type { IUpstreamStats } from '../interfaces/stats.ts';
import { clientLimits } from '../limits/limits.ts';
import { SystemTransport } from '../system/system.ts';
import { ConnectionTransport } from '../transports/connections.ts';
import { HttpsTransport } from '../transports/https.ts';
import { newTransportCounters } from '../transports/transport.ts';
import type { IQuestion, IReply, ITransport } from '../transports/transport.ts';
import { UdpTransport } from '../transports/udp.ts';
import { parseUpstream } from './parse.ts';
import type { IParsedUpstream } from './parse.ts';

const rcodeFormErr = 1;
const rcodeNotImp = 4;
/** RFC 7873 §8. */
const rcodeBadCookie = 23;
/** BADVERS (RFC 6891 §9). */
const rcodeBadVers = 16;

/** A resolver that can be asked. Knows UDP's way on over TCP, but neither retries nor caches. */
export class Upstream {
  readonly label: string;
  readonly protocol: IParsedUpstream['protocol'];
  /** Failures since the last answer. */
  failuresInRow = 0;
  readonly #primary: ITransport;
  /** For what UDP cannot carry or what is doubtful; only beside UDP. */
  readonly #overTcp: ITransport | undefined;
  readonly #counters = newTransportCounters();
  #penaltyUntilMs = 0;
  #plainUntilMs = 0;
  #answers = 0;
  #failures = 0;
  #tcpFallbacks = 0;
  #latencyMs = 0;

  constructor(upstream: TUpstream, options: IResolverOptions) {
    const { protocol, endpoint } = parseUpstream(upstream);
    this.protocol = protocol;
    this.label = endpoint.label;
    const counters = this.#counters;
    if (protocol === 'udp') {
      this.#primary = new UdpTransport(endpoint, counters, options);
      this.#overTcp = new ConnectionTransport('tcp', endpoint, counters, options);
    } else if (protocol === 'https') this.#primary = new HttpsTransport(endpoint, counters, options);
    else if (protocol === 'system') {
      this.#primary = new SystemTransport(options, (server) => new Upstream(server, options));
    } else this.#primary = new ConnectionTransport(protocol, endpoint, counters, options);
  }

  /** Milliseconds that one attempt may take in the given round (0 is the first). */
  attemptTimeoutMs(options: IResolverOptions, round: number): number {
    const first =
      this.protocol === 'udp'
        ? (options.attemptTimeoutMs ?? clientLimits.attemptTimeoutMs)
        : Math.max(options.attemptTimeoutMs ?? 0, clientLimits.streamAttemptTimeoutMs);
    return first * 2 ** round;
  }

  /** Whether it has failed lately and others should be asked first. */
  passedOver(nowMs: number): boolean {
    return nowMs < this.#penaltyUntilMs;
  }

  /** Asks once; over TCP in addition where the UDP reply is truncated or doubtful. */
  async ask(question: IQuestion, timeoutMs: number): Promise<IReply> {
    const startMs = performance.now();
    const left = (): number => Math.max(1, timeoutMs - (performance.now() - startMs));
    const edns = startMs >= this.#plainUntilMs;
    const reply = await this.#askEitherWay(question, edns, left);
    if (!edns || !refusesEdns(reply)) return reply;
    // RFC 6891 §6.2.2: a server that does not know EDNS says FORMERR or NOTIMP and sends no OPT.
    this.#plainUntilMs = performance.now() + clientLimits.plainDnsMs;
    return this.#askEitherWay(question, false, left);
  }

  succeeded(latencyMs: number): void {
    this.#answers += 1;
    this.failuresInRow = 0;
    this.#penaltyUntilMs = 0;
    // Weights as in RFC 6298 §2: an eighth of every new sample.
    this.#latencyMs = this.#answers === 1 ? latencyMs : this.#latencyMs * 0.875 + latencyMs * 0.125;
  }

  /** @param unwell the failure says something about the resolver itself, so that others are asked first for a while */
  failed(nowMs: number, unwell: boolean): void {
    this.#failures += 1;
    if (!unwell) return;
    this.failuresInRow += 1;
    const doublings = Math.min(this.failuresInRow - 1, 16);
    this.#penaltyUntilMs = nowMs + Math.min(clientLimits.penaltyMs * 2 ** doublings, clientLimits.penaltyMaxMs);
  }

  stats(nowMs: number): IUpstreamStats {
    const { sent, bytesOut, received, bytesIn, bogus, opened } = this.#counters;
    return {
      upstream: this.label,
      protocol: this.protocol,
      sent,
      received,
      bytesOut,
      bytesIn,
      opened,
      answers: this.#answers,
      failures: this.#failures,
      tcpFallbacks: this.#tcpFallbacks,
      bogusReplies: { ...bogus },
      latencyMs: this.#latencyMs,
      passedOver: this.passedOver(nowMs),
    };
  }

  close(): void {
    this.#primary.close();
    this.#overTcp?.close();
  }

  async #askEitherWay(question: IQuestion, edns: boolean, left: () => number): Promise<IReply> {
    const tcp = this.#overTcp;
    if (tcp === undefined) return this.#primary.exchange(question, edns, left());
    try {
      let reply = await this.#primary.exchange(question, edns, left());
      // The reply brought the cookie that the server wants to see (RFC 7873 §5.3).
      if (reply.message.rcode === rcodeBadCookie) reply = await this.#primary.exchange(question, edns, left());
      if (!reply.message.tc && reply.message.rcode !== rcodeBadCookie) return reply;
    } catch (error) {
      if (!(error instanceof DnsError) || error.code !== 'EBADRESP') throw error;
    }
    this.#tcpFallbacks += 1;
    return tcp.exchange(question, edns, left());
  }
}

function refusesEdns({ message }: IReply): boolean {
  const { rcode } = message;
  if (rcode === rcodeBadVers) return true;
  return (rcode === rcodeFormErr || rcode === rcodeNotImp) && message.edns === undefined;
}
