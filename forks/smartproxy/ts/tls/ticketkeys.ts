/**
 * The keys of session tickets, replaced in time: whoever gets hold of one can read what was sent under it.
 *
 * Three of them, as HAProxy has it. The current one seals tickets. The one before still opens them, so that no session
 * is lost to a change. The next one is known a whole period before it seals anything: workers that learn of a change at
 * different moments open each other's tickets all the while.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';

/** What a ticket names its key by, and the length of each of a key's parts (RFC 5077 §4 as OpenSSL has it). */
const PART_BYTES = 16;
const KEY_BYTES = 3 * PART_BYTES;
const HOUR_MS = 3_600_000;

/** Contexts known before those that are gone are looked for. */
const CONTEXTS_BEFORE_SWEEP = 1_024;

/** What OpenSSL makes of a ticket: a full handshake, a resumption, or one that also gets a ticket of the current key. */
const UNKNOWN = 0;
const GOOD = 1;
const GOOD_RENEW = 2;

/** Verdict, HMAC key, AES key; for a new ticket also the key's name and an initialisation vector. */
type TTicketAnswer = [number, Buffer, Buffer, Buffer?, Buffer?];

/** What Node's context has for it; `tls.Server` itself only knows of one key. */
interface ITicketContext {
  onticketkeycallback: (name: Buffer, vector: Buffer, seals: boolean) => TTicketAnswer;
  enableTicketKeyCallback(): void;
  setTicketKeys(keys: Buffer): void;
}

interface ITicketKey {
  readonly whole: Buffer;
  readonly name: Buffer;
  readonly hmac: Buffer;
  readonly aes: Buffer;
}

export class TicketKeys {
  #next = newKey();
  #current = newKey();
  #previous = newKey();
  readonly #sealed = new Set<WeakRef<ITicketContext>>();
  #sweepAt = CONTEXTS_BEFORE_SWEEP;

  /** As data for other processes: next, current, previous. */
  get all(): Buffer[] {
    return [this.#next.whole, this.#current.whole, this.#previous.whole];
  }

  /** Takes over the keys of another process. */
  adopt(keys: readonly Uint8Array[]): void {
    const [next, current, previous] = keys.map((whole) => keyOf(Buffer.from(whole)));
    this.#next = next!;
    this.#current = current!;
    this.#previous = previous!;
    this.#reseal();
  }

  rotate(): void {
    this.#previous = this.#current;
    this.#current = this.#next;
    this.#next = newKey();
    this.#reseal();
  }

  /** Lets OpenSSL seal the tickets of a context by itself, which spares two calls into JavaScript per handshake. */
  seal(context: SecureContext): void {
    const inner = context.context as ITicketContext;
    inner.setTicketKeys(this.#current.whole);
    this.#sealed.add(new WeakRef(inner));
    if (this.#sealed.size > this.#sweepAt) this.#reseal();
  }

  /** Opens, and seals, the tickets of a context with the keys that hold at each moment. */
  open(context: SecureContext): void {
    const inner = context.context as ITicketContext;
    inner.onticketkeycallback = this.#answer;
    inner.enableTicketKeyCallback();
  }

  readonly #answer = (name: Buffer, _vector: Buffer, seals: boolean): TTicketAnswer => {
    const current = this.#current;
    if (seals) return [GOOD, current.hmac, current.aes, current.name, randomBytes(PART_BYTES)];
    if (name.equals(current.name)) return [GOOD, current.hmac, current.aes];
    for (const key of [this.#previous, this.#next]) {
      if (name.equals(key.name)) return [GOOD_RENEW, key.hmac, key.aes];
    }
    return [UNKNOWN, current.hmac, current.aes];
  };

  #reseal(): void {
    for (const known of this.#sealed) {
      const context = known.deref();
      if (context === undefined) this.#sealed.delete(known);
      else context.setTicketKeys(this.#current.whole);
    }
    this.#sweepAt = Math.max(CONTEXTS_BEFORE_SWEEP, 2 * this.#sealed.size);
  }
}

/** Says when keys are due, by the proxy's own tick: no timer of its own. */
export class TicketRotation {
  readonly #everyMs: number;
  readonly #rotate: () => void;
  #nextMs: number;

  /** @param hours 0: never */
  constructor(hours: number, rotate: () => void, nowMs = performance.now()) {
    this.#everyMs = hours * HOUR_MS;
    this.#rotate = rotate;
    this.#nextMs = nowMs + this.#everyMs;
  }

  tick(nowMs: number): void {
    if (this.#everyMs === 0 || nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + this.#everyMs;
    this.#rotate();
  }
}

function newKey(): ITicketKey {
  return keyOf(randomBytes(KEY_BYTES));
}

function keyOf(whole: Buffer): ITicketKey {
  return {
    whole,
    name: whole.subarray(0, PART_BYTES),
    hmac: whole.subarray(PART_BYTES, 2 * PART_BYTES),
    aes: whole.subarray(2 * PART_BYTES, KEY_BYTES),
  };
}
