/**
 * HTTP/1.1 on a client connection: heads are read one after another, each begins the exchange.
 *
 * @module
 */
import type { Connection, IStage } from '../connection/connection.ts';
import type { IChosenTarget } from '../connection/plan.ts';
import { proxyHeader } from '../connection/proxyheader.ts';
import { REASON } from '../connection/reasons.ts';
import { notifyDrain, pauseStream, resumeStream } from '../connection/sockets.ts';
import { limits } from '../limits/limits.ts';
import { Exchange } from './exchange.ts';
import { INCOMPLETE, REFUSED, Head, scanRequestHead } from './head.ts';
import { UpstreamTarget } from './pool.ts';
import { REFUSALS } from './refusals.ts';
import type { IRefusal } from './refusals.ts';
import { RequestInfo, readRequest } from './request.ts';

/** Scan results are used before anything else can run, so one object serves every connection. */
const head = new Head();
const info = new RequestInfo();

const NOTHING = Buffer.alloc(0);

export class HttpStage implements IStage {
  readonly connection: Connection;
  readonly exchange: Exchange;
  /** Bytes that wait: an incomplete head, or pipelined requests. Ours alone. */
  #held: Buffer = NOTHING;
  #processing = false;
  #lingering = false;
  #lingered = 0;
  #headBegun = false;
  #clientEnded = false;
  /** The connection does something else now: an upgrade, a handler. */
  #left = false;
  #paused = false;
  /** The target takes no more of the request's body. */
  #bodyWaits = false;
  #gone = false;
  #stopping = false;
  /** Waiting for a check; the request is held and will be read again. */
  #suspended = false;
  /** Suspended until its deadline: the policy holds it back. */
  #holding = false;
  /** Targets that are told about this client, and so serve no other. */
  #ownTargets: Map<string, UpstreamTarget> | null = null;

  constructor(connection: Connection) {
    this.connection = connection;
    this.exchange = new Exchange(this);
  }

  get target(): string | undefined {
    return this.exchange.active ? this.exchange.target?.name : undefined;
  }

  get clientEnded(): boolean {
    return this.#clientEnded;
  }

  /** Begins to wait for the first request. */
  start(): void {
    this.connection.raw.mayUseRing(this.connection.engine.ring);
    this.connection.expireIn(this.connection.engine.settings.initialDataMs);
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (this.#holding) return;
    if (this.#lingering) {
      this.#lingered += end - start;
      if (this.#lingered > limits.lingerBytes) this.connection.close(REASON.refused);
      return;
    }
    if (this.#held.length === 0) {
      this.#process(bytes, start, end);
      return;
    }
    const all = Buffer.concat([this.#held, bytes.subarray(start, end)]);
    this.#held = NOTHING;
    if (this.#suspended) this.#held = all;
    else this.#process(all, 0, all.length);
  }

  onEnd(): void {
    this.#clientEnded = true;
    if (this.#lingering) this.connection.close(REASON.refused);
    else if (this.#holding) this.connection.abort(REASON.clientClosed);
    else if (!this.#suspended) this.#endWithClient();
    // Otherwise the client only said that it sends no more: it still gets its response.
  }

  onDrain(): void {
    this.exchange.onClientDrain();
    this.#resumeHeld();
  }

  onGone(): void {
    this.#gone = true;
    this.#release();
    this.#held = NOTHING;
    this.exchange.abort();
    if (this.#ownTargets !== null) for (const target of this.#ownTargets.values()) target.closeIdle();
  }

  onDeadline(): void {
    if (this.#holding) this.resumeSuspended();
    else if (this.#lingering) this.connection.close(REASON.refused);
    else if (this.exchange.active) this.exchange.onDeadline();
    else if (this.#headBegun) this.refuse(REFUSALS.requestTimeout);
    else this.connection.close(this.connection.requests > 0 ? REASON.keepAliveTimeout : REASON.initialTimeout);
  }

  onStop(): void {
    this.#stopping = true;
    if (this.#holding || (!this.exchange.active && !this.#headBegun && !this.#lingering && !this.#suspended))
      this.connection.close(REASON.shutdown);
  }

  /** The exchange is over; the next head may be read. */
  onExchangeDone(keepAlive: boolean): void {
    if (this.#left || this.#lingering || this.connection.isClosing) return;
    // A client that sends no more still gets the answers to what it sent ahead.
    const isLast = this.#clientEnded && !this.#processing && this.#held.length === 0;
    // A response whose head was sent before the proxy began to stop could not say that it is the last one.
    if (!keepAlive || isLast || this.#stopping) {
      const { draining } = this.connection.engine;
      this.connection.close(this.#clientEnded ? REASON.clientClosed : draining ? REASON.shutdown : REASON.completed);
      return;
    }
    this.connection.expireIn(this.connection.engine.settings.keepAliveMs);
    this.#bodyWaits = false;
    if (!this.#processing) this.#resumeHeld();
  }

  /** Answers a refusal and closes, reading on for a while so that the answer arrives. */
  refuse(refusal: IRefusal): void {
    const { connection } = this;
    const route = this.exchange.active ? this.exchange.counters : connection.counters;
    connection.engine.recorder.reject(refusal.reason, route);
    connection.announceRejected(refusal.reason);
    if (!this.exchange.active) this.exchange.beginRefused(null, null);
    this.exchange.refuse(refusal);
  }

  /** A check must wait: keeps the request's bytes until {@link resumeSuspended}. */
  suspend(bytes: Buffer, start: number, end: number): void {
    this.#suspended = true;
    this.#hold(bytes, start, end);
    this.#settleReading();
  }

  /**
   * The policy makes the client wait: keeps the request's bytes for so long. What comes meanwhile is passed over, as the
   * connection ends with the answer; reading goes on so that we see when the client leaves.
   */
  hold(bytes: Buffer, start: number, end: number, delayMs: number): void {
    this.#holding = true;
    this.connection.engine.held += 1;
    this.#suspended = true;
    this.#hold(bytes, start, end);
    this.connection.expireIn(delayMs);
  }

  #release(): void {
    if (!this.#holding) return;
    this.#holding = false;
    this.connection.engine.held -= 1;
  }

  /** Reads the request again that was kept. */
  resumeSuspended(): void {
    this.#release();
    if (!this.#suspended) return;
    this.#suspended = false;
    if (this.#gone || this.connection.isClosing || this.#lingering) return;
    this.#resumeHeld();
  }

  /** The pooled target; where the target is told about the client, one that serves this client alone. */
  targetOf(chosen: IChosenTarget): UpstreamTarget {
    const { connection } = this;
    const { host, port, tlsKey, tlsOptions, policy } = chosen;
    if (policy.proxyVersion === 0) {
      chosen.pooled ??= connection.engine.pool.target(host, port, tlsKey, tlsOptions);
      return chosen.pooled;
    }
    const key = `${host} ${port} ${tlsKey} ${policy.proxyVersion}`;
    this.#ownTargets ??= new Map();
    let target = this.#ownTargets.get(key);
    if (target === undefined) {
      const preamble = proxyHeader(connection, policy.proxyVersion);
      target = new UpstreamTarget(connection.engine, host, port, tlsOptions, preamble);
      this.#ownTargets.set(key, target);
    }
    return target;
  }

  /**
   * Reads on for a while after the last response: unread bytes at close would reset it away. Called before the exchange
   * is finished; what ends the connection then is the client, the time or the bytes, and what is written is sent first.
   */
  linger(reason: string): void {
    const { connection } = this;
    if (connection.reason === '') connection.reason = reason;
    this.#held = NOTHING;
    // Nothing more comes: the end of the exchange closes it.
    if (this.#clientEnded) return;
    this.#lingering = true;
    connection.stream.end();
    this.resumeReading();
    connection.expireIn(limits.lingerMs);
  }

  /** Another stage takes the connection over. Returns the bytes that were read and belong to it. */
  leave(): Buffer {
    const rest = this.#held;
    this.#held = NOTHING;
    this.resumeReading();
    this.#left = true;
    return rest;
  }

  /** The body of the request under way can go no further. */
  pauseReading(): void {
    this.#bodyWaits = true;
    this.#settleReading();
  }

  resumeReading(): void {
    this.#bodyWaits = false;
    this.#settleReading();
  }

  /** Reads, unless the target or a check is waited for, or too many pipelined requests are here already. */
  #settleReading(): void {
    const full = this.#held.length > limits.pipelineBytes;
    const waits = !this.#holding && (this.#bodyWaits || this.#suspended || full);
    if (waits === this.#paused || this.#left) return;
    this.#paused = waits;
    if (waits) pauseStream(this.connection.stream);
    else resumeStream(this.connection.stream);
  }

  #resumeHeld(): void {
    if (this.#suspended || this.exchange.active || this.#processing || this.#lingering) return;
    // Whatever stopped us reading is over; what wants it stopped again says so.
    this.resumeReading();
    const bytes = this.#held;
    if (bytes.length === 0) return;
    this.#held = NOTHING;
    this.#process(bytes, 0, bytes.length);
  }

  #process(bytes: Buffer, start: number, end: number): void {
    this.#processing = true;
    let at = start;
    while (at !== -1 && at < end && !this.#lingering && !this.connection.isClosing) {
      if (this.#left) {
        this.#hold(bytes, at, end);
        break;
      }
      if (!this.exchange.active) at = this.#beginExchange(bytes, at, end);
      else if (!this.exchange.requestDone) at = this.exchange.onRequestBody(bytes, at, end);
      else {
        // Pipelined: the next request waits for this one's response.
        this.#hold(bytes, at, end);
        break;
      }
    }
    this.#processing = false;
    this.#settleReading();
    if (this.#clientEnded && !this.#suspended) this.#endWithClient();
  }

  /** The client sends no more: whatever is not whole by now never will be. */
  #endWithClient(): void {
    const { connection, exchange } = this;
    if (this.#left || this.#lingering || connection.isClosing) return;
    if (exchange.active) {
      if (exchange.requestDone) return;
      exchange.abort();
      connection.abort(REASON.clientClosed);
    } else if (!connection.stream.writableNeedDrain) connection.close(REASON.clientClosed);
  }

  /** Reads a head at `at` and begins its exchange. Returns where its body's unread part begins, or -1 to stop. */
  #beginExchange(bytes: Buffer, at: number, end: number): number {
    const { connection } = this;
    if (connection.stream.writableNeedDrain) {
      // A client that pipelines without reading gets no further response until it took the last.
      this.#hold(bytes, at, end);
      notifyDrain(connection.stream, connection);
      return -1;
    }
    const after = scanRequestHead(head, bytes, at, end);
    if (after === INCOMPLETE) {
      this.#hold(bytes, at, end);
      if (!this.#headBegun) connection.expireIn(connection.engine.settings.headMs);
      this.#headBegun = true;
      return -1;
    }
    this.#headBegun = false;
    const fault = after === REFUSED ? head.refusal : readRequest(info, head, bytes, connection.isTls);
    if (fault !== null) {
      if (after === REFUSED) this.exchange.beginRefused(null, null);
      else this.exchange.beginRefused(info, head);
      this.refuse(fault);
      return -1;
    }
    return this.exchange.begin(head, info, bytes, after, end);
  }

  #hold(bytes: Buffer, at: number, end: number): void {
    this.#held = Buffer.from(bytes.subarray(at, end));
  }
}
