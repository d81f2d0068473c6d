/**
 * Failed tries by address, so that guessing stays slow and does not reach the store.
 *
 * @module
 */
import { failingAddressesMax, failureWindowMs } from '../limits.ts';

interface IWindow {
  endsAtMs: number;
  count: number;
}

export class Failures {
  readonly #nowMs: () => number;
  readonly #windows = new Map<string, IWindow>();
  /** Every failure since the start. */
  total = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Counts one; the window begins with the first. */
  add(address: string): void {
    this.total += 1;
    const nowMs = this.#nowMs();
    const window = this.#windows.get(address);
    if (window !== undefined && window.endsAtMs > nowMs) {
      window.count += 1;
      return;
    }
    this.#windows.delete(address);
    if (this.#windows.size >= failingAddressesMax) this.#windows.delete(this.#windows.keys().next().value!);
    this.#windows.set(address, { endsAtMs: nowMs + failureWindowMs, count: 1 });
  }

  /** Milliseconds for which the address has used up its tries; 0 while it has some. */
  blockedMs(address: string, max: number): number {
    const window = this.#windows.get(address);
    if (window === undefined || window.count < max) return 0;
    return Math.max(window.endsAtMs - this.#nowMs(), 0);
  }
}
