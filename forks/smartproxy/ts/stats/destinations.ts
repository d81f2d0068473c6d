/**
 * How connecting went, by the addresses that a target's name led to.
 *
 * @module
 */
import { limits } from '../limits/limits.ts';

export interface IDestinationCounts {
  connects: number;
  failures: number;
  /** Code of the last failure; null when there was none. */
  lastError: string | null;
  /** Monotonic ms of the last failure; minus infinity once it was connected again. */
  failedAtMs: number;
}

/** Name under which addresses are counted for which there is no room. */
const OTHER = 'other';

/** Counts per address, bounded: names may lead to ever new ones. */
export class DestinationCounts {
  readonly counts = new Map<string, IDestinationCounts>();

  connected(destination: string): void {
    const counts = this.#of(destination);
    counts.connects += 1;
    counts.failedAtMs = Number.NEGATIVE_INFINITY;
  }

  failed(destination: string, code: string, nowMs: number): void {
    const counts = this.#of(destination);
    counts.failures += 1;
    counts.lastError = code;
    counts.failedAtMs = nowMs;
  }

  /** Whether it failed so shortly before that others are tried first. */
  failedLately(destination: string, nowMs: number): boolean {
    const counts = this.counts.get(destination);
    return counts !== undefined && nowMs - counts.failedAtMs < limits.destinationPenaltyMs;
  }

  #of(destination: string): IDestinationCounts {
    let counts = this.counts.get(destination);
    if (counts === undefined) {
      const name = this.counts.size < limits.destinationsPerTarget ? destination : OTHER;
      counts = this.counts.get(name) ?? { connects: 0, failures: 0, lastError: null, failedAtMs: -Infinity };
      this.counts.set(name, counts);
    }
    return counts;
  }
}
