/**
 * The keys of session tickets, replaced in time: whoever gets hold of one can read what was sent under it.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';

/** RFC 5077 tickets: OpenSSL wants 16 bytes of name, 16 of HMAC key, 16 of AES key. */
const TICKET_KEY_BYTES = 48;
const HOUR_MS = 3_600_000;

export function newTicketKeys(): Buffer {
  return randomBytes(TICKET_KEY_BYTES);
}

/** Puts keys into a context that is in use. What `tls.Server.setTicketKeys` does for its one context. */
export function setTicketKeys(context: SecureContext, keys: Buffer): void {
  (context.context as { setTicketKeys(keys: Buffer): void }).setTicketKeys(keys);
}

/** Says when keys are due, by the proxy's own tick: no timer of its own. */
export class TicketRotation {
  readonly #everyMs: number;
  readonly #rotate: (keys: Buffer) => void;
  #nextMs = 0;

  /** @param hours 0: never */
  constructor(hours: number, rotate: (keys: Buffer) => void) {
    this.#everyMs = hours * HOUR_MS;
    this.#rotate = rotate;
  }

  tick(nowMs: number): void {
    if (this.#everyMs === 0) return;
    if (this.#nextMs === 0) this.#nextMs = nowMs + this.#everyMs;
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + this.#everyMs;
    this.#rotate(newTicketKeys());
  }
}
