/**
 * A tunnel from its first byte, whose client nobody may announce: where PROXY headers are
 * believed from some, a header from anybody else is refused, or the target would believe it.
 *
 * @module
 */
import type { Connection, IStage } from '../connection/connection.ts';
import { parseProxyHeader } from '../proxy-protocol/index.ts';
import { Tunnel } from '../tunnel/tunnel.ts';

/** Looks at the first bytes on their way to the stage that it stands for, and is gone after them. */
export class ClaimStage implements IStage {
  readonly #connection: Connection;
  readonly #inner: IStage;
  #held: Buffer | null = null;

  constructor(connection: Connection, inner: IStage) {
    this.#connection = connection;
    this.#inner = inner;
  }

  get endReason(): string | undefined {
    return this.#inner.endReason;
  }

  get target(): string | undefined {
    return this.#inner.target;
  }

  onData(bytes: Buffer, start: number, end: number): void {
    const piece = bytes.subarray(start, end);
    const all = this.#held === null ? piece : Buffer.concat([this.#held, piece]);
    const { kind } = parseProxyHeader(all);
    if (kind === 'incomplete') {
      this.#held = Buffer.from(all);
      return;
    }
    if (kind !== 'none') {
      this.#connection.reject('proxy-protocol-untrusted');
      return;
    }
    this.#connection.stage = this.#inner;
    if (this.#held === null) this.#inner.onData(bytes, start, end);
    else this.#inner.onData(all, 0, all.length);
  }

  onEnd(): void {
    const held = this.#held;
    this.#connection.stage = this.#inner;
    // What might have become a header will not any more.
    if (held !== null) this.#inner.onData(held, 0, held.length);
    this.#inner.onEnd();
  }

  onDrain(): void {
    this.#inner.onDrain();
  }

  onGone(): void {
    this.#held = null;
    this.#inner.onGone();
  }

  onDeadline(): void {
    this.#inner.onDeadline();
  }

  onStop(): void {
    this.#inner.onStop();
  }

  onStay(): void {
    this.#inner.onStay?.();
  }
}

/** Puts {@link ClaimStage} before a tunnel that has just begun. Socket handlers see all bytes and judge for themselves. */
export function refuseClaims(connection: Connection): void {
  if (connection.stage instanceof Tunnel) connection.stage = new ClaimStage(connection, connection.stage);
}
