/**
 * Warnings that come in floods: the first of a kind are written, the rest counted and told once.
 *
 * @module
 */
import { WARNING_KINDS_MAX, WARNING_WINDOW_MS, WARNINGS_PER_WINDOW } from './limits.ts';

/** What is shown of one kind of warning, for the line that tells how many were left out. */
interface IKind {
  readonly fields: object;
  readonly message: string;
  windowEndsMs: number;
  written: number;
  suppressed: number;
}

export interface IWarningsOptions {
  readonly write: (fields: object, message: string) => void;
  /** Monotonic clock in milliseconds. */
  readonly nowMs?: () => number;
}

export class Warnings {
  readonly #write: (fields: object, message: string) => void;
  readonly #nowMs: () => number;
  readonly #kinds = new Map<string, IKind>();
  #timer: NodeJS.Timeout | undefined;
  #suppressed = 0;

  constructor(options: IWarningsOptions) {
    this.#write = options.write;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** Warnings that were not written, since the start. */
  get suppressed(): number {
    return this.#suppressed;
  }

  /**
   * @param about what makes two warnings of one message equal, as `reason` and `routeName`
   * @param fields everything that the line shows
   */
  warn(message: string, about: Readonly<Record<string, unknown>>, fields: object): void {
    const kind = this.#kind(message, about);
    if (kind.written < WARNINGS_PER_WINDOW) {
      kind.written += 1;
      this.#write(fields, message);
      return;
    }
    kind.suppressed += 1;
    this.#suppressed += 1;
    this.#timer ??= setTimeout(() => this.#tell(), WARNING_WINDOW_MS).unref();
  }

  /** Tells what is left and ends the timer. */
  close(): void {
    this.#tell();
  }

  #kind(message: string, about: Readonly<Record<string, unknown>>): IKind {
    const nowMs = this.#nowMs();
    let key = JSON.stringify([message, about]);
    if (!this.#kinds.has(key) && this.#kinds.size >= WARNING_KINDS_MAX) {
      this.#forgetPast(nowMs);
      if (this.#kinds.size >= WARNING_KINDS_MAX) key = message;
    }
    let kind = this.#kinds.get(key);
    if (kind === undefined || nowMs >= kind.windowEndsMs) {
      if (kind !== undefined) this.#tellOf(kind);
      // A message of its own shares a window under the bare message once there are too many kinds.
      kind = {
        fields: key === message ? {} : about,
        message,
        windowEndsMs: nowMs + WARNING_WINDOW_MS,
        written: 0,
        suppressed: 0,
      };
      this.#kinds.set(key, kind);
    }
    return kind;
  }

  #forgetPast(nowMs: number): void {
    for (const [key, kind] of this.#kinds) {
      if (nowMs < kind.windowEndsMs) continue;
      this.#tellOf(kind);
      this.#kinds.delete(key);
    }
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const kind of this.#kinds.values()) this.#tellOf(kind);
    this.#kinds.clear();
  }

  #tellOf(kind: IKind): void {
    if (kind.suppressed === 0) return;
    this.#write({ ...kind.fields, suppressed: kind.suppressed }, kind.message);
    kind.suppressed = 0;
  }
}
