/**
 * Slowloris on bodies: whether a client sends fast enough, on the whole and lately. Time in which it is not read from
 * does not count.
 *
 * @module
 */
import { limits } from '../limits/limits.ts';

const MS_PER_SECOND = 1_000;

export class BodyRate {
  #startedAtMs = 0;
  #pausedMs = 0;
  /** Since when the client is not read from; 0: it is. */
  #pausedSinceMs = 0;
  /** Where the running window began, in read time and in bytes. */
  #windowMs = 0;
  #windowBytes = 0;
  #slowWindows = 0;

  begin(nowMs: number): void {
    this.#startedAtMs = nowMs;
    this.#pausedMs = 0;
    this.#pausedSinceMs = 0;
    this.#windowMs = 0;
    this.#windowBytes = 0;
    this.#slowWindows = 0;
  }

  pause(nowMs: number): void {
    if (this.#pausedSinceMs === 0) this.#pausedSinceMs = nowMs;
  }

  resume(nowMs: number): void {
    if (this.#pausedSinceMs !== 0) this.#pausedMs += nowMs - this.#pausedSinceMs;
    this.#pausedSinceMs = 0;
  }

  /**
   * Asked when bytes have arrived. A client that stalls once and goes on is forgiven, one that was fast at first and
   * then only keeps the connection is not.
   *
   * @param bytes of the body so far
   */
  isTooSlow(bytes: number, nowMs: number): boolean {
    if (this.#pausedSinceMs !== 0) return false;
    const readMs = nowMs - this.#startedAtMs - this.#pausedMs;
    const windowMs = readMs - this.#windowMs;
    if (windowMs <= limits.bodyGraceMs) return false;
    if (isBelow(bytes, readMs)) return true;
    this.#slowWindows = isBelow(bytes - this.#windowBytes, windowMs) ? this.#slowWindows + 1 : 0;
    this.#windowMs = readMs;
    this.#windowBytes = bytes;
    return this.#slowWindows >= limits.bodySlowWindows;
  }
}

function isBelow(bytes: number, durationMs: number): boolean {
  return bytes < (durationMs / MS_PER_SECOND) * limits.bodyBytesPerSecondMin;
}
