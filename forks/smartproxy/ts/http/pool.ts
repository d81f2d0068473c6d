/**
 * Connections to HTTP targets: kept alive, reused newest first, bounded per target.
 *
 * @module
 */
import type tls from 'node:tls';
import { isIP } from 'node:net';
import { dial, errorCode } from '../connection/dial.ts';
import type { IEngine } from '../connection/engine.ts';
import type { IProxySocket, IStream } from '../connection/socket.ts';
import { SRV_PORT, targetName } from '../connection/target-name.ts';
import type { ITargetEndpoint } from '../interfaces/upstreams.ts';
import { limits } from '../limits/limits.ts';
import type { UpstreamCounters } from '../stats/counters.ts';
import { Deadline } from '../timing/wheel.ts';
import type { IDeadlineOwner } from '../timing/wheel.ts';
import { startUpstreamTls } from '../tls/upstream.ts';
import type { IUpstreamTlsOwner } from '../tls/upstreamterms.ts';
import { currentDestinations } from '../upstream/order.ts';
import type { ISlotOwner, SlotClerk, TargetSlots } from './slots.ts';

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
  /** There is no room for it in the queue of all processes. */
  onUpstreamQueueFull(): void;
}

export class UpstreamConnection implements IUpstreamTlsOwner, IDeadlineOwner {
  readonly target: UpstreamTarget;
  raw: IProxySocket;
  stream: IStream;
  user: IUpstreamUser | null;
  connected = false;
  /** `address:port` that the target's name led to; null where names are the system's. */
  destination: string | null = null;
  /** Exchanges begun on it. */
  uses = 0;
  /** It ends so that another process may have one. */
  isYielded = false;
  readonly idleDeadline: Deadline;
  readonly #dialledAtMs: number;

  constructor(target: UpstreamTarget, user: IUpstreamUser) {
    this.target = target;
    this.user = user;
    this.idleDeadline = new Deadline(this);
    this.#dialledAtMs = performance.now();
    this.raw = dial(this, target.engine, target.host, target.port, target.counters);
    this.stream = this.raw;
  }

  onConnected(socket: IProxySocket, destination: string | null): void {
    this.raw = socket;
    this.stream = socket;
    this.destination = destination;
    const { counters, tlsOptions } = this.target;
    counters.connects += 1;
    counters.connectLatency.observe((performance.now() - this.#dialledAtMs) / MS_PER_SECOND);
    if (this.target.preamble !== null) this.raw.write(this.target.preamble);
    if (tlsOptions === null) this.#ready();
    else startUpstreamTls(socket, tlsOptions, this, this.target.engine.settings.noDelay);
  }

  onSecuring(raw: IProxySocket, stream: IStream): void {
    this.raw = raw;
    this.stream = stream;
  }

  /** The TLS handshake with the target is over. */
  onSecured(): void {
    this.target.counters.tlsLatency.observe((performance.now() - this.#dialledAtMs) / MS_PER_SECOND);
    this.#ready();
  }

  #ready(): void {
    this.connected = true;
    this.raw.mayUseRing(this.target.engine.ring);
    if (this.user !== null) this.user.onUpstreamReady(this);
    else this.stream.destroy();
  }

  onSocketData(_source: IStream, bytes: Buffer, start: number, end: number): void {
    // Bytes that nobody asked for would be taken for the next exchange's response.
    if (this.user === null) this.stream.destroy();
    else this.user.onUpstreamData(bytes, start, end);
  }

  onSocketEnd(source: IStream): void {
    if (source !== this.stream) return;
    if (this.user === null) this.stream.destroy();
    else this.user.onUpstreamEnd();
  }

  onSocketDrain(): void {
    if (this.user !== null) this.user.onUpstreamDrain();
  }

  /** The target's certificate was refused, or the handshake failed. */
  tlsError: Error | null = null;

  onSocketGone(source: IStream, error: Error | null): void {
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

export class UpstreamTarget implements ISlotOwner<IWaitingUser> {
  readonly engine: IEngine;
  readonly host: string;
  readonly port: number;
  readonly name: string;
  /** As Host of requests that come without one. */
  readonly authority: string;
  readonly tlsOptions: tls.ConnectionOptions | null;
  /** Sent first on every connection: a PROXY header. */
  readonly preamble: Buffer | null;
  readonly counters: UpstreamCounters;
  readonly #idle: UpstreamConnection[] = [];
  /** Exchanges that wait for a connection, longest first. */
  readonly #waiting = new Set<IWaitingUser>();
  /** Connections now, idle or not. */
  connections = 0;
  #turnPending = false;
  /** The name is resolved by us: its addresses may change. */
  readonly #named: boolean;
  #followed: readonly ITargetEndpoint[] | null = null;
  #followedVersion = -1;
  #asking = false;
  #current: ReadonlySet<string> = new Set();
  /** What other processes have of this target; null while nobody asked for a maximum, or this one is alone. */
  #slots: TargetSlots<IWaitingUser> | null = null;
  /** Of those who wait, those that the statistics tell of: all but the ones that have no answer yet. */
  readonly #queued = new Set<IWaitingUser>();
  /** One may be opened that is counted everywhere already. */
  #isGranted = false;
  readonly #clerk: SlotClerk | null;
  readonly #key: string;

  /**
   * @param clerk asked for connections of targets with a maximum; null where they are this process's own
   * @param key names the target to other processes
   */
  constructor(
    engine: IEngine,
    host: string,
    port: number,
    tlsOptions: tls.ConnectionOptions | null,
    preamble: Buffer | null = null,
    clerk: SlotClerk | null = null,
    key = '',
  ) {
    this.preamble = preamble;
    this.#clerk = clerk;
    this.#key = key;
    this.engine = engine;
    this.host = host;
    this.port = port;
    this.name = targetName(host, port);
    this.authority = port === SRV_PORT ? host : this.name;
    this.#named = engine.resolver !== null && isIP(host) === 0;
    this.tlsOptions = tlsOptions;
    this.counters = engine.recorder.upstream(this.name);
    if (clerk !== null && clerk.isWatched(key)) this.share();
  }

  /** Counts connections together with other processes from now on. */
  share(): void {
    if (this.#clerk !== null) this.#slots ??= this.#clerk.attach(this.#key, this);
  }

  /** The idle connection that was used last, or null. */
  take(user: IUpstreamUser): UpstreamConnection | null {
    if (this.#named && this.#idle.length > 0) this.#follow();
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
    return this.#waiting.size === 0 && (this.#idle.length > 0 || this.#mayOpen(connectionsMax));
  }

  /** The same for one that wants a connection of its own. */
  mayOpen(connectionsMax: number): boolean {
    return this.#slots === null
      ? this.hasRoom(connectionsMax)
      : this.#waiting.size === 0 && this.#mayOpen(connectionsMax);
  }

  #mayOpen(connectionsMax: number): boolean {
    if (connectionsMax === Infinity) return true;
    this.share();
    return this.#slots === null && this.connections < connectionsMax;
  }

  /** Queues a user until its turn comes; false when `queueMax` wait already. */
  wait(user: IWaitingUser, queueMax: number): boolean {
    if (this.#slots !== null) {
      this.#waiting.add(user);
      this.#slots.ask(user, queueMax);
      if (this.#idle.length > 0) this.#callWaiting();
      return true;
    }
    if (this.#waiting.size >= queueMax) return false;
    this.#waiting.add(user);
    this.onSlotQueued(user);
    return true;
  }

  /** A user waits no more. */
  leave(user: IWaitingUser): void {
    if (!this.#waiting.delete(user)) return;
    if (this.#queued.delete(user)) this.counters.waiting -= 1;
    if (this.#slots !== null) this.#slots.leave(user);
  }

  onSlotGranted(user: IWaitingUser): void {
    this.leave(user);
    this.#isGranted = true;
    user.onUpstreamTurn(null);
    if (!this.#isGranted) return;
    this.#isGranted = false;
    this.#slots!.closed();
  }

  onSlotRefused(user: IWaitingUser): void {
    this.leave(user);
    user.onUpstreamQueueFull();
  }

  onSlotsOwed(): void {
    while (this.#slots!.owed > 0 && this.#idle.length > 0) {
      const upstream = this.#idle.shift()!;
      this.counters.idle -= 1;
      this.counters.active += 1;
      this.#yield(upstream);
    }
  }

  onSlotQueued(user: IWaitingUser): void {
    this.#queued.add(user);
    this.counters.waiting += 1;
    this.counters.queued += 1;
  }

  /** Ends a connection that another process waits for. */
  #yield(upstream: UpstreamConnection): void {
    this.#slots!.owed -= 1;
    upstream.isYielded = true;
    this.counters.evicted += 1;
    upstream.stream.destroy();
  }

  /** Opens a connection; the user hears `onUpstreamReady` or `onUpstreamGone`. */
  open(user: IUpstreamUser): UpstreamConnection {
    this.counters.active += 1;
    this.connections += 1;
    if (this.#isGranted) this.#isGranted = false;
    else if (this.#slots !== null) this.#slots.opened(1);
    return new UpstreamConnection(this, user);
  }

  /** Takes a connection back whose exchange is over. */
  release(upstream: UpstreamConnection): void {
    upstream.user = null;
    if (this.#slots !== null && this.#slots.owed > 0 && !upstream.stream.destroyed) {
      this.#yield(upstream);
      return;
    }
    if (this.#isFull || upstream.stream.destroyed || this.#isRetired(upstream)) {
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
    this.connections -= 1;
    if (this.#slots !== null) {
      if (!upstream.isYielded && this.#slots.owed > 0) this.#slots.owed -= 1;
      this.#slots.closed();
    }
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

  /** Ends the idle connections to addresses that the name does not lead to any more, or that were taken out. */
  follow(): void {
    if (this.#named) this.#follow();
  }

  get #isFull(): boolean {
    return this.#idle.length >= limits.upstreamIdle || this.engine.draining;
  }

  /** What was said about the target, or where its name leads, has changed since the connection was made. */
  #isRetired(upstream: UpstreamConnection): boolean {
    const { states } = this.engine;
    if (states.version > 0 && states.find(this.name)?.state === 'disabled') return true;
    if (upstream.destination === null) return false;
    this.#follow();
    return this.#followed !== null && !this.#current.has(upstream.destination);
  }

  /** Nothing is known just now: what was known last holds until there is an answer. */
  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      await this.engine.resolver!.resolve(this.host, this.port === SRV_PORT);
      this.#asking = false;
      if (this.engine.resolver!.peek(this.host, this.port === SRV_PORT) !== null) this.#follow();
    } catch {
      // The resolver counts its failures; connections that work are kept.
      this.#asking = false;
    }
  }

  #follow(): void {
    const { resolver, states } = this.engine;
    const endpoints = resolver!.peek(this.host, this.port === SRV_PORT);
    if (endpoints === null) {
      void this.#ask();
      return;
    }
    if (endpoints === this.#followed && states.version === this.#followedVersion) return;
    this.#followed = endpoints;
    this.#followedVersion = states.version;
    this.#current = currentDestinations(endpoints, this.port, states);
    for (const upstream of this.#idle.slice()) {
      if (upstream.destination === null || this.#current.has(upstream.destination)) continue;
      this.counters.evicted += 1;
      upstream.stream.destroy();
    }
  }

  /** Serves those who wait once the exchange that freed the connection is over: it is still in its own callback. */
  #callWaiting(): void {
    if (this.#turnPending) return;
    this.#turnPending = true;
    queueMicrotask(() => {
      this.#turnPending = false;
      for (const user of this.#waiting) {
        const upstream = this.take(user);
        if (upstream === null && (this.#slots !== null || this.connections >= user.connectionsMax)) return;
        this.leave(user);
        user.onUpstreamTurn(upstream);
      }
    });
  }
}
