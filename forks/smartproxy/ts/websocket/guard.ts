/**
 * Watches a WebSocket that passes through a tunnel: pings the client, and bounds the size of frames.
 *
 * @module
 */
import type { Connection } from '../connection/connection.ts';
import { REASON } from '../connection/reasons.ts';
import type { IRouteWebSocket } from '../interfaces/http.ts';
import { limits } from '../limits/limits.ts';
import { Deadline } from '../timing/wheel.ts';
import type { IDeadlineOwner } from '../timing/wheel.ts';
import { FrameScanner } from './frames.ts';

/** An unmasked ping without payload, as servers send it. RFC 6455 §5.5.2. */
const PING = Buffer.from([0x89, 0x00]);

/** What a route asks of its WebSockets, or null when it asks nothing that has to be watched. */
export function guardOf(connection: Connection, settings: IRouteWebSocket | null): WebSocketGuard | null {
  if (settings === null) return null;
  const { pingInterval = 0, maxPayloadSize } = settings;
  return pingInterval > 0 || maxPayloadSize !== undefined ? new WebSocketGuard(connection, settings) : null;
}

export class WebSocketGuard implements IDeadlineOwner {
  readonly #connection: Connection;
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  readonly #payloadBytesMax: number;
  readonly #fromClient = new FrameScanner();
  readonly #fromTarget = new FrameScanner();
  readonly #deadline: Deadline;
  /** A ping waits for the end of the frame that is being sent. */
  #due = false;
  /** Pongs seen when the last ping was sent; -1 while none is awaited. */
  #awaited = -1;

  constructor(connection: Connection, settings: IRouteWebSocket) {
    this.#connection = connection;
    this.#intervalMs = settings.pingInterval ?? 0;
    this.#timeoutMs = settings.pingTimeout ?? limits.pongMs;
    this.#payloadBytesMax = settings.maxPayloadSize ?? Infinity;
    this.#deadline = new Deadline(this);
    if (this.#intervalMs > 0) connection.engine.wheel.arm(this.#deadline, this.#intervalMs);
  }

  /** Follows bytes from the client. Returns false when they must not pass. */
  fromClient(bytes: Buffer, start: number, end: number): boolean {
    this.#fromClient.scan(bytes, start, end);
    if (this.#awaited !== -1 && this.#fromClient.pongs > this.#awaited) this.#answered();
    return this.#isSmall(this.#fromClient);
  }

  /** Follows bytes from the target. Returns false when they must not pass. */
  fromTarget(bytes: Buffer, start: number, end: number): boolean {
    this.#fromTarget.scan(bytes, start, end);
    return this.#isSmall(this.#fromTarget);
  }

  /** The target's bytes were written: where a frame ends, a ping that is due goes out. */
  afterTarget(): void {
    if (this.#due && this.#fromTarget.atBoundary) this.#ping();
  }

  onDeadline(): void {
    if (this.#awaited !== -1) {
      this.#connection.abort(REASON.pingTimeout);
      return;
    }
    this.#due = true;
    this.afterTarget();
    if (this.#due) this.#connection.engine.wheel.arm(this.#deadline, this.#intervalMs);
  }

  /** The WebSocket is over. */
  stop(): void {
    this.#connection.engine.wheel.cancel(this.#deadline);
  }

  #ping(): void {
    this.#due = false;
    this.#awaited = this.#fromClient.pongs;
    this.#connection.stream.write(PING);
    this.#connection.engine.wheel.cancel(this.#deadline);
    this.#connection.engine.wheel.arm(this.#deadline, this.#timeoutMs);
  }

  #answered(): void {
    this.#awaited = -1;
    this.#connection.engine.wheel.cancel(this.#deadline);
    this.#connection.engine.wheel.arm(this.#deadline, this.#intervalMs);
  }

  #isSmall(scanner: FrameScanner): boolean {
    if (scanner.largestBytes <= this.#payloadBytesMax) return true;
    this.#connection.abort(REASON.frameTooLarge);
    return false;
  }
}
