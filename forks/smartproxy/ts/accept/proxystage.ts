/**
 * A connection from a trusted sender: the PROXY header comes first and says who the client is.
 *
 * @module
 */
import type { Connection, IStage } from '../connection/connection.ts';
import { REASON } from '../connection/reasons.ts';
import { parseProxyHeader } from '../proxy-protocol/index.ts';

export class ProxyHeaderStage implements IStage {
  readonly #connection: Connection;
  readonly #next: (connection: Connection) => void;
  #held: Buffer | null = null;

  /** @param next begins routing once the client is known */
  constructor(connection: Connection, next: (connection: Connection) => void) {
    this.#connection = connection;
    this.#next = next;
  }

  start(): void {
    this.#connection.expireIn(this.#connection.engine.settings.initialDataMs);
  }

  onData(bytes: Buffer, start: number, end: number): void {
    const connection = this.#connection;
    const piece = Buffer.from(bytes.subarray(start, end));
    const all = this.#held === null ? piece : Buffer.concat([this.#held, piece]);
    const parsed = parseProxyHeader(all);
    if (parsed.kind === 'incomplete') {
      this.#held = all;
      return;
    }
    this.#held = null;
    if (parsed.kind === 'invalid') {
      connection.reject(`proxy-protocol-${parsed.reason}`);
      return;
    }
    const length = parsed.kind === 'none' ? 0 : parsed.length;
    // LOCAL and UNKNOWN, such as health checks, say nothing about a client: the sender itself is meant.
    if (parsed.kind === 'header' && parsed.known) connection.setClient(parsed.sourceIp, parsed.sourcePort);
    this.#next(connection);
    const { stage } = connection;
    if (stage !== null && stage !== this && length < all.length) stage.onData(all, length, all.length);
  }

  onEnd(): void {
    this.#connection.close(REASON.clientClosed);
  }

  onDrain(): void {
    // Nothing is written before the client is known.
  }

  onGone(): void {
    this.#held = null;
  }

  onDeadline(): void {
    this.#connection.reject(REASON.initialTimeout);
  }

  onStop(): void {
    this.#connection.close(REASON.shutdown);
  }
}
