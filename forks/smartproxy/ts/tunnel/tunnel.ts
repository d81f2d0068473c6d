/**
 * A tunnel: bytes between client and target as they come, with back-pressure and half-open ends.
 *
 * @module
 */
import type tls from 'node:tls';
import type { Connection, IStage } from '../connection/connection.ts';
import { dial, errorCode } from '../connection/dial.ts';
import { REASON } from '../connection/reasons.ts';
import { targetName } from '../connection/target-name.ts';
import type { IProxySocket, IStream } from '../connection/socket.ts';
import { notifyDrain, ownSocket, pauseStream, resumeStream } from '../connection/sockets.ts';
import { emit } from '../http/emit.ts';
import { limits } from '../limits/limits.ts';
import type { IUpstreamUser, UpstreamConnection } from '../http/pool.ts';
import { startUpstreamTls } from '../tls/upstream.ts';
import type { IUpstreamTlsOwner } from '../tls/upstreamterms.ts';
import type { WebSocketWatch } from '../websocket/watch.ts';
import type { UpstreamCounters } from '../stats/counters.ts';

const MS_PER_SECOND = 1_000;

/** Where a tunnel goes. */
export interface ITunnelTarget {
  readonly host: string;
  readonly port: number;
  readonly counters: UpstreamCounters;
  /** Counts the tunnel for least-connections. */
  readonly policy?: { enter(): void; leave(): void };
  /** TLS towards the target. */
  readonly tlsOptions?: tls.ConnectionOptions | null;
}

export class Tunnel implements IStage, IUpstreamTlsOwner {
  readonly #connection: Connection;
  readonly #target: ITunnelTarget;
  #upstream: IStream | null = null;
  #connected = false;
  /** The upstream connection came from the pool, which counts it. */
  #adopted = false;
  /** What the client sent before the target was there. */
  #held: Buffer | null;
  /** Why TLS with the target failed. */
  tlsError: Error | null = null;
  /** Looks at the frames of a WebSocket, where its route wants that. */
  watch: WebSocketWatch | null = null;
  #preamble: Buffer | null = null;
  #clientEnded = false;
  #upstreamEnded = false;
  #dialledAtMs = 0;
  /** Wheel time of the last byte in either direction. */
  #lastByteMs = 0;

  /** @param held bytes already read from the client, to be sent first; owned by the tunnel */
  constructor(connection: Connection, target: ITunnelTarget, held: Buffer | null) {
    this.#connection = connection;
    this.#target = target;
    this.#held = held;
  }

  get target(): string {
    return targetName(this.#target.host, this.#target.port);
  }

  /** Connects to the target. `preamble` is sent ahead of everything else. */
  start(preamble: Buffer | null = null): void {
    const { engine } = this.#connection;
    this.#preamble = preamble;
    const { policy } = this.#target;
    if (policy !== undefined) policy.enter();
    this.#dialledAtMs = performance.now();
    this.#target.counters.active += 1;
    this.#connection.expireIn(engine.settings.connectMs);
    this.#pauseClient();
    this.#upstream = dial(this, engine, this.#target.host, this.#target.port, this.#target.counters);
  }

  /** Takes over an upstream connection that an upgraded exchange leaves behind. */
  adopt(upstream: UpstreamConnection): void {
    this.#upstream = upstream.stream;
    this.#connected = true;
    this.#adopted = true;
    upstream.user = new AdoptedUpstream(this, upstream);
    this.#touch();
    this.#connection.expireIn(this.#connection.engine.settings.inactivityMs);
  }

  onConnected(socket: IProxySocket): void {
    this.#upstream = socket;
    const { tlsOptions } = this.#target;
    this.#target.counters.connects += 1;
    this.#target.counters.connectLatency.observe((performance.now() - this.#dialledAtMs) / MS_PER_SECOND);
    if (this.#preamble !== null) socket.write(this.#preamble);
    if (tlsOptions === null || tlsOptions === undefined) this.#establish(socket);
    else startUpstreamTls(socket, tlsOptions, this, this.#connection.engine.settings.noDelay);
  }

  onSecuring(_raw: IProxySocket, stream: IStream): void {
    this.#upstream = stream;
  }

  onSecured(): void {
    this.#target.counters.tlsLatency.observe((performance.now() - this.#dialledAtMs) / MS_PER_SECOND);
    if (this.#upstream !== null) this.#establish(this.#upstream);
  }

  /** Both sides are there. */
  #establish(socket: IStream): void {
    const { engine, raw } = this.#connection;
    raw.mayUseRing(engine.ring);
    ownSocket(socket)?.mayUseRing(engine.ring);
    this.#connected = true;
    this.#touch();
    this.#connection.expireIn(this.#connection.engine.settings.inactivityMs);
    const held = this.#held;
    this.#held = null;
    if (held !== null) socket.write(held);
    if (this.#clientEnded) socket.end();
    if (socket.writableNeedDrain) notifyDrain(socket, this);
    else this.#resumeClient();
  }

  onData(bytes: Buffer, start: number, end: number): void {
    const upstream = this.#upstream;
    if (!this.#connected || upstream === null) {
      const piece = Buffer.from(bytes.subarray(start, end));
      this.#held = this.#held === null ? piece : Buffer.concat([this.#held, piece]);
      this.#pauseClient();
      return;
    }
    this.#lastByteMs = this.#connection.engine.wheel.nowMs;
    if (this.watch !== null && !this.watch.passClient(bytes, start, end)) return;
    if (emit(upstream, this.#connection.stream, '', bytes, start, end, end, '')) return;
    this.#pauseClient();
    notifyDrain(upstream, this);
  }

  onEnd(): void {
    this.#clientEnded = true;
    if (this.watch !== null) this.watch.stop();
    if (this.#upstreamEnded) this.#connection.close(REASON.upstreamClosed);
    else if (this.#connected && this.#upstream !== null) this.#upstream.end();
    if (this.#connected) this.#connection.expireIn(this.#quietMs());
  }

  onDrain(): void {
    if (this.#upstream !== null) resumeStream(this.#upstream);
  }

  onSocketData(source: IStream, bytes: Buffer, start: number, end: number): void {
    const client = this.#connection.stream;
    this.#lastByteMs = this.#connection.engine.wheel.nowMs;
    if (this.watch !== null && !this.watch.passTarget(bytes, start, end)) return;
    if (emit(client, source, '', bytes, start, end, end, '')) return;
    pauseStream(source);
    notifyDrain(client, this.#connection);
  }

  onSocketEnd(source: IStream): void {
    if (source !== this.#upstream) return;
    this.#upstreamEnded = true;
    if (this.watch !== null) this.watch.stop();
    if (this.#clientEnded) this.#connection.close(REASON.clientClosed);
    else {
      this.#connection.stream.end();
      this.#connection.expireIn(this.#quietMs());
    }
  }

  onSocketDrain(): void {
    this.#resumeClient();
  }

  onSocketGone(_source: IStream, cause: Error | null): void {
    const error = this.tlsError ?? cause;
    this.#upstream = null;
    const { gate } = this.#connection.engine;
    const counters = this.#target.counters;
    if (!this.#adopted) counters.active -= 1;
    if (this.#target.policy !== undefined && !this.#adopted) this.#target.policy.leave();
    if (!this.#connected) {
      const code = errorCode(error);
      counters.failures.add(code);
      this.#connection.reset(REASON.connectFailed);
      if (gate.upstreamError) {
        const { routeName } = this.#connection;
        const event = { target: counters.target, routeName, reason: code, timestamp: new Date() };
        gate.emit('upstream-error', error === null ? event : { ...event, error: error.message });
      }
      return;
    }
    if (error === null) {
      this.#connection.close(this.#clientEnded && !this.#upstreamEnded ? REASON.clientClosed : REASON.upstreamClosed);
      return;
    }
    counters.failures.add(errorCode(error));
    this.#connection.reset(REASON.upstreamError);
  }

  onGone(): void {
    if (this.watch !== null) this.watch.stop();
    if (this.#upstream === null) return;
    // A client that broke is passed on as it was: a reset must not look like an orderly end.
    const socket = this.#connection.reason === REASON.clientError ? ownSocket(this.#upstream) : null;
    if (socket !== null && this.#connected) socket.resetOrDestroy();
    else if (this.#connected) this.#upstream.destroySoon();
    else this.#upstream.destroy();
  }

  onDeadline(): void {
    if (!this.#connected) {
      this.#target.counters.failures.add('timeout');
      this.#connection.reset(REASON.connectFailed);
      return;
    }
    const { engine } = this.#connection;
    const leftMs = this.#lastByteMs + this.#quietMs() - engine.wheel.nowMs;
    if (leftMs > 0) this.#connection.expireIn(leftMs);
    else this.#connection.abort(REASON.inactivityTimeout);
  }

  /** How long nothing may move. */
  #quietMs(): number {
    const { inactivityMs } = this.#connection.engine.settings;
    return this.#clientEnded || this.#upstreamEnded ? Math.min(inactivityMs, limits.halfOpenMs) : inactivityMs;
  }

  onStay(): void {
    this.#upstream?.setKeepAlive(true, this.#connection.engine.settings.keepAliveInitialMs);
  }

  onStop(): void {
    // A tunnel has no message boundary to stop at: it ends by itself or when the drain is over.
  }

  #touch(): void {
    this.#lastByteMs = this.#connection.engine.wheel.nowMs;
  }

  #pauseClient(): void {
    pauseStream(this.#connection.stream);
  }

  #resumeClient(): void {
    resumeStream(this.#connection.stream);
  }
}

/** An upgraded upstream connection as the tunnel's far end. */
class AdoptedUpstream implements IUpstreamUser {
  readonly #tunnel: Tunnel;
  readonly #upstream: UpstreamConnection;

  constructor(tunnel: Tunnel, upstream: UpstreamConnection) {
    this.#tunnel = tunnel;
    this.#upstream = upstream;
  }

  onUpstreamReady(): void {
    // It was ready long before it was adopted.
  }

  onUpstreamData(bytes: Buffer, start: number, end: number): void {
    this.#tunnel.onSocketData(this.#upstream.stream, bytes, start, end);
  }

  onUpstreamEnd(): void {
    this.#tunnel.onSocketEnd(this.#upstream.stream);
  }

  onUpstreamDrain(): void {
    this.#tunnel.onSocketDrain();
  }

  onUpstreamGone(_upstream: UpstreamConnection, _code: string, error: Error | null): void {
    this.#tunnel.onSocketGone(this.#upstream.stream, error);
  }
}
