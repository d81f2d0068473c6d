/**
 * What a route wants of its WebSockets: a limit on frames, and pings that find out whether the client is still there.
 *
 * A ping is put between two frames of the target. The client's pong passes on to the target, which must ignore one that
 * it did not ask for (RFC 6455 §5.5.3); any byte of the client counts as a sign of life.
 *
 * @module
 */
import type { Connection } from '../connection/connection.ts';
import { REASON } from '../connection/reasons.ts';
import type { IRouteWebSocket } from '../interfaces/http.ts';
import { webSocketLimits } from '../limits/websocket.ts';
import { Deadline, type IDeadlineOwner } from '../timing/wheel.ts';
import { FrameFollower, type TFrameFault } from './frames.ts';

/** A final ping frame without payload (§5.5.2), as latin1. */
const PING = '\x89\x00';
/** Close frames with their status (§7.4.1): 1009 message too big, 1002 protocol error. */
const CLOSE: Readonly<Record<TFrameFault, string>> = { 'too-big': '\x88\x02\x03\xf1', 'malformed': '\x88\x02\x03\xea' };

export class WebSocketWatch implements IDeadlineOwner {
  readonly #connection: Connection;
  readonly #pingMs: number;
  readonly #pongMs: number;
  readonly #fromClient: FrameFollower;
  readonly #fromTarget: FrameFollower;
  readonly #deadline: Deadline;
  /** Some byte came from the client since the last ping. */
  #alive = true;
  #pinged = false;

  private constructor(connection: Connection, config: IRouteWebSocket) {
    this.#connection = connection;
    this.#pingMs = config.pingInterval ?? 0;
    this.#pongMs = config.pingTimeout ?? webSocketLimits.pongMs;
    this.#fromClient = new FrameFollower(config.maxPayloadSize ?? Infinity);
    this.#fromTarget = new FrameFollower(config.maxPayloadSize ?? Infinity);
    this.#deadline = new Deadline(this);
    this.#arm(this.#pingMs);
  }

  /** Null where the route wants nothing: its WebSockets are tunnels. */
  static start(connection: Connection, config: IRouteWebSocket | null): WebSocketWatch | null {
    if (config === null || (!config.pingInterval && config.maxPayloadSize === undefined)) return null;
    return new WebSocketWatch(connection, config);
  }

  /** @returns false when the bytes must not pass: the connection is ended */
  passClient(bytes: Uint8Array, start: number, end: number): boolean {
    this.#alive = true;
    return this.#judge(this.#fromClient.follow(bytes, start, end));
  }

  /** As {@link passClient}, for what the target sends. */
  passTarget(bytes: Uint8Array, start: number, end: number): boolean {
    // A close frame of ours could only stand where the target's last frame ended.
    const wasBetween = this.#fromTarget.isBetween;
    return this.#judge(this.#fromTarget.follow(bytes, start, end), wasBetween);
  }

  /** One side ended: there is nobody left to ping. */
  stop(): void {
    this.#connection.engine.wheel.cancel(this.#deadline);
  }

  onDeadline(): void {
    const connection = this.#connection;
    if (this.#pinged && !this.#alive) {
      this.stop();
      connection.abort(REASON.webSocketTimeout);
      return;
    }
    if (this.#pinged || !this.#fromTarget.isBetween || connection.stream.writableNeedDrain) {
      // Answered, and a part of the interval is over; or the target is in the midst of a frame.
      this.#arm(this.#pinged ? Math.max(1, this.#pingMs - this.#pongMs) : this.#pingMs);
      this.#pinged = false;
      return;
    }
    this.#pinged = true;
    this.#alive = false;
    connection.stream.write(PING, 'latin1');
    this.#arm(this.#pongMs);
  }

  #arm(delayMs: number): void {
    if (this.#pingMs > 0) this.#connection.engine.wheel.arm(this.#deadline, delayMs);
  }

  #judge(fault: TFrameFault | null, isBetween = this.#fromTarget.isBetween): boolean {
    if (fault === null) return true;
    const connection = this.#connection;
    this.stop();
    connection.engine.recorder.reject(`websocket-frame-${fault}`, connection.counters);
    if (isBetween) connection.stream.write(CLOSE[fault], 'latin1');
    connection.close(REASON.refused);
    return false;
  }
}
