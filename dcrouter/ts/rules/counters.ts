/**
 * Events per key within a window that moves on by eighths of itself. Keys are bounded; past the bound the one that came
 * first goes, which is counted.
 *
 * @module
 */
import { ruleLimits } from './limits.ts';

/** Pieces of a window: what is counted is forgotten one piece at a time. */
const PIECES = 8;

/** What one key counted. Its first piece stands at `counts[piece % PIECES]`. */
class KeyCounts {
  /** A plain list of small integers takes a third of a typed array's memory. */
  readonly counts = [0, 0, 0, 0, 0, 0, 0, 0];
  sum = 0;
  /** Number of the newest piece. */
  piece: number;

  constructor(piece: number) {
    this.piece = piece;
  }

  moveTo(piece: number): void {
    const steps = piece - this.piece;
    if (steps <= 0) return;
    this.piece = piece;
    if (steps >= PIECES) {
      this.counts.fill(0);
      this.sum = 0;
      return;
    }
    for (let at = piece - steps + 1; at <= piece; at += 1) {
      const slot = at % PIECES;
      this.sum -= this.counts[slot]!;
      this.counts[slot] = 0;
    }
  }
}

export class WindowCounter {
  readonly windowMs: number;
  readonly #pieceMs: number;
  readonly #keysMax: number;
  readonly #keys = new Map<string, KeyCounts>();
  evicted = 0;

  constructor(windowMs: number, keysMax: number = ruleLimits.counterKeys) {
    this.windowMs = windowMs;
    this.#pieceMs = windowMs / PIECES;
    this.#keysMax = keysMax;
  }

  get keys(): number {
    return this.#keys.size;
  }

  /** Counts one event and gives the events of the key within the window, this one among them. */
  add(key: string, nowMs: number): number {
    const counts = this.#take(key, nowMs);
    counts.counts[counts.piece % PIECES]! += 1;
    counts.sum += 1;
    return counts.sum;
  }

  /** The events of the key within the window; counts nothing. */
  peek(key: string, nowMs: number): number {
    const counts = this.#keys.get(shortened(key));
    if (counts === undefined) return 0;
    counts.moveTo(Math.floor(nowMs / this.#pieceMs));
    return counts.sum;
  }

  /** Counts one event unless there were `max` already; 0 when it is counted, else ms until there is room. */
  take(key: string, max: number, nowMs: number): number {
    const counts = this.#take(key, nowMs);
    if (counts.sum < max) {
      counts.counts[counts.piece % PIECES]! += 1;
      counts.sum += 1;
      return 0;
    }
    // The pieces go one after the other, the oldest first: room is there when enough of them are gone.
    let remaining = counts.sum;
    let piece = counts.piece - PIECES + 1;
    while (piece <= counts.piece) {
      if (piece >= 0) remaining -= counts.counts[piece % PIECES]!;
      if (remaining < max) break;
      piece += 1;
    }
    return Math.max(1, (piece + PIECES) * this.#pieceMs - nowMs);
  }

  #take(key: string, nowMs: number): KeyCounts {
    const kept = shortened(key);
    const piece = Math.floor(nowMs / this.#pieceMs);
    const known = this.#keys.get(kept);
    if (known !== undefined) {
      known.moveTo(piece);
      return known;
    }
    this.#tidy(piece);
    if (this.#keys.size >= this.#keysMax) this.#evict();
    const made = new KeyCounts(piece);
    this.#keys.set(kept, made);
    return made;
  }

  /** With each key that comes, two are looked at: those that count nothing any more go, the others move to the end. */
  #tidy(piece: number): void {
    for (let turn = 0; turn < 2; turn += 1) {
      const oldest = this.#keys.entries().next();
      if (oldest.done === true) return;
      const [key, counts] = oldest.value;
      counts.moveTo(piece);
      this.#keys.delete(key);
      if (counts.sum > 0) this.#keys.set(key, counts);
    }
  }

  #evict(): void {
    const oldest = this.#keys.keys().next();
    if (oldest.done === true) return;
    this.#keys.delete(oldest.value);
    this.evicted += 1;
  }
}

function shortened(key: string): string {
  return key.length > ruleLimits.counterKeyChars ? key.slice(0, ruleLimits.counterKeyChars) : key;
}
