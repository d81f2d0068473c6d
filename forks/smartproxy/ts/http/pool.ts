/**
 * Connections to HTTP targets: kept alive, reused newest first, bounded per target.
 *
 * @module
 */
import type tls from 'node:tls';
import { dial, errorCode, targetName } from '../connection/dial.ts';
import type { IDialOwner } from '../connection/dial.ts';
import type { IEngine } from '../connection/engine.ts';
import type { ProxySocket, TStream } from '../connection/socket.ts';
import { limits } from '../limits/limits.ts';
import type { UpstreamCounters } from '../stats/counters.ts';
import { Deadline } from '../timing/wheel.ts';
import type { IDeadlineOwner } from '../timing/wheel.ts';
import { startUpstreamTls } from '../tls/upstream.ts';

const MS_PER_SECOND = 1_000;

/** The exchange that uses an upstream connection. */
export interface IUpstreamUser {
  /** A connection asked for with {@link UpstreamTarget.open} is ready. */
  onUpstreamReady(upstream: UpstreamConnection): void;
  onUpstreamData(bytes: Buffer, start: number, end: number): void;
  onUpstreamEnd(): void;
  onUpstreamDrain(): void;
  /** The connection is gone, or could not be made; `code` says why. */
  onUpstreamGone(upstream: UpstreamConnection, code: string, error: Error | null): void;
}

/** An exchange that waits for its turn, as its target has its maximum of connections. */
export interface IWaitingUser extends IUpstreamUser {
  /** Connections that the target may have when it opens one more for this user. */
  readonly connectionsMax: number;
  /** Its turn: a free connection, or null when it may open one. */
  onUpstreamTurn(upstream: UpstreamConnection | null): void;
}

export class UpstreamConnection implements IDialOwner, IDeadlineOwner {
  readonly target: UpstreamTarget;
  raw: ProxySocket;
  stream: TStream;
  user: IUpstreamUser | null;
  connected = false;
  /** Exchanges begun on it. */
  uses = 0;
  readonly idleDeadline: Deadline;
  readonly #dialledAtMs: number;

  constructor(target: UpstreamTarget, user: IUpstreamUser) {
    this.target = target;
    this.user = user;
    this.idleDeadline = new Deadline(this);
    this.#dialledAtMs = performance.now();
    this.raw = dial(this, target.host, target.port, target.engine.settings.noDelay);
    this.stream = this.raw;
  }

  onConnected(): void {
    const { counters, tlsOptions } = this.target;
    const seconds = (performance.now() - this.#dialledAtMs) / MS_PER_SECOND;
    counters.connects += 1;
    counters.connectLatency.observe(seconds);
    if (this.target.preamble !== null) this.raw.write(this.target.preamble);
    if (tlsOptions === null) this.#ready();
    else this.stream = startUpstreamTls(this.raw, tlsOptions, this);
  }

  /** The TLS handshake with the target is over. */
  onSecured(): void {
    this.target.counters.tlsLatency.observe((performance.now() - this.#dialledAtMs) / MS_PER_SECOND);
    this.#ready();
  }

  #ready(): void {
    this.connected = true;
    if (this.user !== null) this.user.onUpstreamReady(this);
    else this.stream.destroy();
  }

  onSocketData(_source: TStream, bytes: Buffer, start: number, end: number): void {
    // Bytes that nobody asked for would be taken for the next exchange's response.
    if (this.user === null) this.stream.destroy();
    else this.user.onUpstreamData(bytes, start, end);
  }

  onSocketEnd(source: TStream): void {
    if (source !== this.stream) return;
    if (this.user === null) this.stream.destroy();
    else this.user.onUpstreamEnd();
  }

  onSocketDrain(): void {
    if (this.user !== null) this.user.onUpstreamDrain();
  }

  /** The target's certificate was refused, or the handshake failed. */
  tlsError: Error | null = null;

  onSocketGone(source: TStream, error: Error | null): void {
    if (source !== this.raw) return;
    this.target.forget(this);
    const user = this.user;
    this.user = null;
    const cause = this.tlsError ?? error;
    if (user !== null) user.onUpstreamGone(this, errorCode(cause), cause);
  }

  onDeadline(): void {
    if (this.user === null) {
      this.target.counters.evicted += 1;
      this.stream.destroy();
    }
  }
}

export class UpstreamTarget {
  readonly engine: IEngine;
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly tlsOptions: tls.ConnectionOptions | null;
  /** Sent first on every connection: a PROXY header. */
  readonly preamble: Buffer | null;
  readonly counters: UpstreamCounters;
  readonly #idle: UpstreamConnection[] = [];
  /** Exchanges that wait for a connection, longest first. */
  readonly #waiting = new Set<IWaitingUser>();
  /** Connections now, idle or not. */
  #connections = 0;
  #turnPending = false;

  constructor(
    engine: IEngine,
    host: string,
    port: number,
    tlsOptions: tls.ConnectionOptions | null,
    preamble: Buffer | null = null,
  ) {
    this.preamble = preamble;
    this.engine = engine;
    this.host = host;
    this.port = port;
    this.name = targetName(host, port);
    this.tlsOptions = tlsOptions;
    this.counters = engine.recorder.upstream(this.name);
  }

  /** The idle connection that was used last, or null. */
  take(user: IUpstreamUser): UpstreamConnection | null {
    const upstream = this.#idle.pop();
    if (upstream === undefined) return null;
    upstream.user = user;
    this.counters.idle -= 1;
    this.counters.active += 1;
    this.counters.reuses += 1;
    return upstream;
  }

  /** Whether a user with this maximum need not wait: nobody waits before it, and there is a connection or room for one. */
  hasRoom(connectionsMax: number): boolean {
    return this.#waiting.size === 0 && (this.#idle.length > 0 || this.#connections < connectionsMax);
  }

  /** Queues a user until its turn comes; false when `queueMax` wait already. */
  wait(user: IWaitingUser, queueMax: number): boolean {
    if (this.#waiting.size >= queueMax) return false;
    this.#waiting.add(user);
    this.counters.waiting += 1;
    this.counters.queued += 1;
    return true;
  }

  /** A user waits no more. */
  leave(user: IWaitingUser): void {
    if (this.#waiting.delete(user)) this.counters.waiting -= 1;
  }

  /** Opens a connection; the user hears `onUpstreamReady` or `onUpstreamGone`. */
  open(user: IUpstreamUser): UpstreamConnection {
    this.counters.active += 1;
    this.#connections += 1;
    return new UpstreamConnection(this, user);
  }

  /** Takes a connection back whose exchange is over. */
  release(upstream: UpstreamConnection): void {
    upstream.user = null;
    if (this.#idle.length >= limits.upstreamIdle || this.engine.draining || upstream.stream.destroyed) {
      this.counters.evicted += 1;
      upstream.stream.destroy();
      return;
    }
    this.counters.active -= 1;
    this.counters.idle += 1;
    this.#idle.push(upstream);
    this.engine.wheel.arm(upstream.idleDeadline, limits.upstreamIdleMs);
    if (this.#waiting.size > 0) this.#callWaiting();
  }

  /** A connection is gone, idle or not. */
  forget(upstream: UpstreamConnection): void {
    this.engine.wheel.cancel(upstream.idleDeadline);
    this.#connections -= 1;
    if (this.#waiting.size > 0) this.#callWaiting();
    const at = this.#idle.lastIndexOf(upstream);
    if (at === -1) this.counters.active -= 1;
    else {
      this.#idle.splice(at, 1);
      this.counters.idle -= 1;
    }
  }

  closeIdle(): void {
    for (const upstream of this.#idle.slice()) upstream.stream.destroy();
  }

  /** Serves those who wait once the exchange that freed the connection is over: it is still in its own callback. */
  #callWaiting(): void {
    if (this.#turnPending) return;
    this.#turnPending = true;
    queueMicrotask(() => {
      this.#turnPending = false;
      for (const user of this.#waiting) {
        const upstream = this.take(user);
        if (upstream === null && this.#connections >= user.connectionsMax) return;
        this.leave(user);
        user.onUpstreamTurn(upstream);
      }
    });
  }
}

export class UpstreamPool {
  readonly #engine: IEngine;
  readonly #targets = new Map<string, UpstreamTarget>();

  constructor(engine: IEngine) {
    this.#engine = engine;
  }

  /** The target of that address; `tlsKey` separates connections with different TLS settings. */
  target(host: string, port: number, tlsKey: string, tlsOptions: tls.ConnectionOptions | null): UpstreamTarget {
    const key = tlsKey === '' ? `${host} ${port}` : `${host} ${port} ${tlsKey}`;
    let target = this.#targets.get(key);
    if (target === undefined) {
      target = new UpstreamTarget(this.#engine, host, port, tlsOptions);
      this.#targets.set(key, target);
    }
    return target;
  }

  closeIdle(): void {
    for (const target of this.#targets.values()) target.closeIdle();
  }
}
