/**
 * One accepted connection: it owns the client's socket, its counters and its deadline, and ends on one path.
 *
 * What the connection carries is its stage (sniffing, a tunnel, HTTP, a handler). Stages replace one another; the
 * connection stays.
 *
 * @module
 */
import type { TConnectionType } from '../interfaces/events.ts';
import type { IPolicyConnection, IPolicyVerdict } from '../interfaces/policy.ts';
import { Deadline } from '../timing/wheel.ts';
import type { IDeadlineOwner } from '../timing/wheel.ts';
import type { IDenial } from '../security/denial.ts';
import type { IConnectionPlace, RouteSecurity } from '../security/route-security.ts';
import type { RouteCounters } from '../stats/counters.ts';
import type { ISampledConnection } from '../stats/recorder.ts';
import { plainAddress } from './address.ts';
import type { IEngine } from './engine.ts';
import { ORDERLY, REASON } from './reasons.ts';
import { NEVER_MS } from './settings.ts';
import type { NetSocket } from './netsocket.ts';
import type { IProxySocket, ISocketOwner, IStream } from './socket.ts';
import { toNetSocket } from './sockets.ts';

/** What a connection is doing. */
export interface IStage {
  /** Bytes from the client, valid during the call. */
  onData(bytes: Buffer, start: number, end: number): void;
  /** The client sent FIN. */
  onEnd(): void;
  /** The client takes more again. */
  onDrain(): void;
  /** The client's socket is gone; let go of everything. */
  onGone(): void;
  /** The stage's deadline passed. */
  onDeadline(): void;
  /** The proxy stops: finish what is under way, begin nothing. */
  onStop(): void;
  /** The connection is there to stay for a while. */
  onStay?(): void;
  /** Why the connection ended when the socket was closed without a reason given. */
  readonly endReason?: string;
  /** `host:port` that the connection is tunnelled to or that answers it now. */
  readonly target?: string;
}

/** Facts about a connection that were announced to us, by TLS or the PROXY protocol. */
export interface IConnectionFacts {
  readonly clientIp: string;
  readonly clientPort: number;
  readonly localPort: number;
}

/** A place on a route, given back at the end. */
interface IHeldPlace {
  readonly security: RouteSecurity;
  readonly place: IConnectionPlace;
}

/** What most connections hold; never changed. */
const NO_PLACES: IHeldPlace[] = [];

const MS_PER_SECOND = 1_000;
const ID_RADIX = 36;
/** Distinguishes connections of different runs and processes in one log. */
export const ID_RUN = `${Date.now().toString(ID_RADIX)}-${process.pid.toString(ID_RADIX)}`;
let lastId = 0;

/** The number in an id; NaN when it has none. */
export function connectionNumber(id: string): number {
  return Number.parseInt(id.slice(id.lastIndexOf('-') + 1), ID_RADIX);
}

export class Connection implements ISocketOwner, IDeadlineOwner, ISampledConnection, IPolicyConnection {
  readonly engine: IEngine;
  /** The TCP socket. */
  raw: IProxySocket;
  /** Where application bytes are written: the socket, or TLS over it. */
  stream: IStream;
  stage: IStage | null = null;
  clientIp: string;
  clientPort: number;
  /** Port that the client connected to, as the routes name it. */
  readonly localPort: number;
  type: TConnectionType | 'unknown' = 'unknown';
  isTls = false;
  tlsVersion: string | undefined = undefined;
  /** SNI, later the Host of the first request. */
  domain: string | undefined = undefined;
  /** Which client certificates were asked for in its handshake; '' for none. */
  clientAuth = '';
  /** Subject of the client's verified certificate, '' without one. */
  clientSubject = '';
  routeName = '';
  /** What the policy said when it came. */
  verdict: IPolicyVerdict | null = null;
  policyState: unknown = undefined;
  /** Why it ends; the first one to set it wins. */
  reason = '';
  requests = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Monotonic ms at accept. */
  readonly openedAtMs: number;
  /** Counts from 1 within the process, in the order of acceptance. */
  readonly number: number;
  readonly #deadline: Deadline;
  #ipSlot: number;
  #places: IHeldPlace[] = NO_PLACES;
  #counters: RouteCounters;
  #opened = false;
  #closing = false;
  #gone = false;
  #probed = false;
  #sampledIn = 0;
  #sampledOut = 0;

  constructor(engine: IEngine, raw: IProxySocket, facts: IConnectionFacts) {
    const recorder = engine.recorder;
    this.engine = engine;
    this.raw = raw;
    this.stream = raw;
    this.clientIp = facts.clientIp;
    this.clientPort = facts.clientPort;
    this.localPort = facts.localPort;
    this.openedAtMs = performance.now();
    lastId += 1;
    this.number = lastId;
    this.#deadline = new Deadline(this);
    this.#counters = recorder.unrouted;
    this.#ipSlot = recorder.byIp.acquire(facts.clientIp);
    recorder.topClients.add(facts.clientIp);
    recorder.active += 1;
    recorder.connections += 1;
    this.#counters.active += 1;
    this.#counters.total += 1;
    engine.crowd.count(facts.clientIp, 1);
    engine.connections.add(this);
    raw.owner = this;
  }

  get id(): string {
    return `${ID_RUN}-${this.number.toString(ID_RADIX)}`;
  }

  /** Address that the client connected to; asked for only where it is wanted, as the system has to be asked. */
  get localIp(): string {
    return plainAddress(this.raw.localAddress ?? '');
  }

  /** The TCP socket as one of Node's, for TLS and for functions of users. */
  asNetSocket(): NetSocket {
    const socket = toNetSocket(this.raw, this.engine.settings.noDelay);
    if (this.stream === this.raw) this.stream = socket;
    this.raw = socket;
    return socket;
  }

  /** The counters of the route that the connection is counted under. */
  get counters(): RouteCounters {
    return this.#counters;
  }

  get isOpen(): boolean {
    return this.#opened;
  }

  get isClosing(): boolean {
    return this.#closing;
  }

  /** Counts the connection under its route and announces it. Only the first call has an effect. */
  open(routeName: string, counters: RouteCounters, type: TConnectionType): void {
    if (this.#opened) return;
    this.#opened = true;
    this.type = type;
    this.routeName = routeName;
    this.#counters.active -= 1;
    this.#counters.total -= 1;
    counters.active += 1;
    counters.total += 1;
    this.#counters = counters;
    const gate = this.engine.gate;
    if (!gate.open) return;
    gate.emit('connection-open', {
      connectionId: this.id,
      type,
      routeName,
      clientIp: this.clientIp,
      clientPort: this.clientPort,
      localPort: this.localPort,
      domain: this.domain,
      timestamp: new Date(),
    });
  }

  /** The connection became a WebSocket. */
  upgrade(routeName: string): void {
    this.type = 'websocket';
    const gate = this.engine.gate;
    if (gate.upgrade) gate.emit('connection-upgrade', { connectionId: this.id, routeName, timestamp: new Date() });
  }

  /**
   * Lets the connection onto a route and counts it there, or says why not. A connection whose requests go to several
   * routes holds a place on each until it closes.
   */
  admit(security: RouteSecurity, domain: string | undefined, isFinal: boolean): IDenial | null {
    for (const held of this.#places) if (held.security === security) return null;
    const place = security.admit(this.clientIp, domain, isFinal);
    if ('reason' in place) return place;
    if (this.#places === NO_PLACES) this.#places = [];
    this.#places.push({ security, place });
    return null;
  }

  /** The address that a trusted sender announced; from now on the connection is counted under it. */
  setClient(clientIp: string, clientPort: number): void {
    const { byIp, topClients } = this.engine.recorder;
    byIp.release(this.#ipSlot);
    this.engine.crowd.count(this.clientIp, -1);
    this.engine.crowd.count(clientIp, 1);
    this.clientIp = clientIp;
    this.clientPort = clientPort;
    this.#ipSlot = byIp.acquire(clientIp);
    topClients.add(clientIp);
  }

  /** Arms the deadline of the stage; only the latest counts. */
  expireIn(delayMs: number): void {
    if (delayMs === NEVER_MS) this.engine.wheel.cancel(this.#deadline);
    else this.engine.wheel.arm(this.#deadline, delayMs);
  }

  /** Counts a refusal of this connection, under `counters` where its route is known, and ends it. */
  reject(reason: string, counters: RouteCounters | null = null): void {
    this.engine.recorder.reject(reason, counters ?? this.#counters);
    this.announceRejected(reason);
    this.abort(reason);
  }

  /** Tells listeners that the connection was refused before it had a route. */
  announceRejected(reason: string): void {
    const gate = this.engine.gate;
    if (!gate.rejected || this.#opened) return;
    const routeName = this.routeName === '' ? undefined : this.routeName;
    gate.emit('connection-rejected', { clientIp: this.clientIp, routeName, reason, timestamp: new Date() });
  }

  /** Ends the connection in order: what was written is sent first. */
  close(reason: string): void {
    if (this.reason === '') this.reason = reason;
    if (this.#closing || this.#gone) return;
    this.#closing = true;
    // A client that does not read must not keep the connection for ever.
    this.expireIn(this.engine.settings.bodyMs);
    this.stream.destroySoon();
  }

  /** Ends the connection now. */
  abort(reason: string): void {
    if (this.reason === '') this.reason = reason;
    this.#closing = true;
    if (!this.#gone) this.stream.destroy();
  }

  /** Ends the connection with a reset, so that the client cannot take what it has for the whole. */
  reset(reason: string): void {
    if (this.reason === '') this.reason = reason;
    this.#closing = true;
    if (this.#gone) return;
    // TLS over it ends with it.
    this.raw.resetOrDestroy();
  }

  sample(nowMs: number): void {
    // Bytes are counted under one route: until it is known they wait.
    if (this.#opened) this.#flushBytes(nowMs);
  }

  /** What is due about once a second: probes for connections that stay, the end of those that stay too long. */
  age(nowMs: number): void {
    const { lifetimeMs, keepAliveProbes, keepAliveInitialMs } = this.engine.settings;
    if (!this.#probed && keepAliveProbes) {
      // Four system calls that short connections do without.
      this.#probed = true;
      this.raw.setKeepAlive(true, keepAliveInitialMs);
      this.stage?.onStay?.();
    }
    if (nowMs - this.openedAtMs > lifetimeMs) this.abort(REASON.lifetime);
  }

  onSocketData(_source: IStream, bytes: Buffer, start: number, end: number): void {
    if (this.stage !== null && !this.#closing) this.stage.onData(bytes, start, end);
  }

  onSocketEnd(source: IStream): void {
    // Under TLS the end that counts is close_notify, which the TLS stream reports.
    if (source === this.stream && this.stage !== null && !this.#closing) this.stage.onEnd();
  }

  onSocketDrain(): void {
    if (this.stage !== null && !this.#gone) this.stage.onDrain();
  }

  /** The TCP socket is going away: the one place where a connection ends. */
  onSocketGone(source: IStream, error: Error | null): void {
    if (source !== this.raw || this.#gone) return;
    this.#gone = true;
    const recorder = this.engine.recorder;
    if (this.reason === '')
      this.reason = error === null ? (this.stage?.endReason ?? REASON.clientClosed) : REASON.clientError;
    this.#flushBytes(performance.now());
    this.engine.connections.delete(this);
    this.engine.wheel.cancel(this.#deadline);
    const stage = this.stage;
    this.stage = null;
    if (stage !== null) stage.onGone();
    recorder.byIp.release(this.#ipSlot);
    this.engine.crowd.count(this.clientIp, -1);
    for (const { security, place } of this.#places) security.leave(place);
    recorder.active -= 1;
    this.#counters.active -= 1;
    recorder.terminations.add(this.reason);
    recorder.closedTypes.add(this.type);
    if (!ORDERLY.has(this.reason)) recorder.errors += 1;
    if (this.#opened) {
      const { durations, bytesIn, bytesOut } = recorder.ended;
      durations.observe((performance.now() - this.openedAtMs) / MS_PER_SECOND);
      bytesIn.observe(this.bytesIn);
      bytesOut.observe(this.bytesOut);
      this.#announceClose();
    }
    this.engine.onConnectionGone();
  }

  onDeadline(): void {
    if (this.#closing) this.abort(REASON.writeTimeout);
    else if (this.stage !== null) this.stage.onDeadline();
  }

  #flushBytes(nowMs: number): void {
    const wireIn = this.raw.wireBytesIn;
    const wireOut = this.raw.wireBytesOut;
    const moreIn = wireIn - this.#sampledIn;
    const moreOut = wireOut - this.#sampledOut;
    if (moreIn === 0 && moreOut === 0) return;
    this.#sampledIn = wireIn;
    this.#sampledOut = wireOut;
    this.bytesIn = wireIn;
    this.bytesOut = wireOut;
    this.#counters.bytesIn += moreIn;
    this.#counters.bytesOut += moreOut;
    const recorder = this.engine.recorder;
    recorder.bytesIn += moreIn;
    recorder.bytesOut += moreOut;
    recorder.throughput.add(moreIn, moreOut, nowMs);
    recorder.addressBytes.add(this.clientIp, moreIn, moreOut);
  }

  #announceClose(): void {
    const gate = this.engine.gate;
    if (!gate.close || this.type === 'unknown') return;
    gate.emit('connection-close', {
      connectionId: this.id,
      type: this.type,
      routeName: this.routeName,
      clientIp: this.clientIp,
      duration: performance.now() - this.openedAtMs,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      bytesTransferred: this.bytesIn + this.bytesOut,
      requests: this.requests,
      reason: this.reason,
      timestamp: new Date(),
    });
  }
}
