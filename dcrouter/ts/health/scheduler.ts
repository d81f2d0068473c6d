/**
 * When checks run: one timer for all of them, intervals with jitter, and so many at once.
 *
 * @module
 */
import { healthLimits } from './limits.ts';
import type { Check } from './check.ts';

interface IPlanned {
  readonly check: Check;
  dueMs: number;
  busy: boolean;
  /** It is due and found no place. */
  delayed: boolean;
}

export interface ISchedulerOptions {
  /** Never rejects. */
  readonly run: (check: Check) => Promise<void>;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
  /** 0 ≤ value < 1. */
  readonly random: () => number;
}

export class Scheduler {
  concurrency = 1;
  running = 0;
  /** Runs that had to wait for a place. */
  delayed = 0;
  readonly #options: ISchedulerOptions;
  #planned: IPlanned[] = [];
  #timer: NodeJS.Timeout | null = null;
  #started = false;

  constructor(options: ISchedulerOptions) {
    this.#options = options;
  }

  /** Runs these from now on; those that were there keep their time, new ones begin within their interval. */
  set(checks: readonly Check[]): void {
    const before = new Map(this.#planned.map((planned) => [planned.check, planned]));
    const { nowMs, random } = this.#options;
    this.#planned = checks.map((check) => {
      const known = before.get(check);
      if (known !== undefined) return known;
      // Many checks that begin together must not run together; one that is waited for should not wait long.
      const spreadMs = Math.min(check.options.intervalMs, checks.length * healthLimits.tickMs);
      return { check, dueMs: nowMs() + random() * spreadMs, busy: false, delayed: false };
    });
    this.#setTimer();
  }

  start(): void {
    this.#started = true;
    this.#setTimer();
  }

  stop(): void {
    this.#started = false;
    this.#planned = [];
    this.#setTimer();
  }

  /** Begins what is due, the longest due first. */
  tick(): void {
    const nowMs = this.#options.nowMs();
    const due = this.#planned.filter(({ busy, dueMs }) => !busy && dueMs <= nowMs);
    due.sort((left, right) => left.dueMs - right.dueMs);
    for (const planned of due) {
      if (this.running < this.concurrency) void this.#run(planned, nowMs);
      else if (!planned.delayed) {
        planned.delayed = true;
        this.delayed += 1;
      }
    }
  }

  async #run(planned: IPlanned, nowMs: number): Promise<void> {
    const { run, random } = this.#options;
    const { intervalMs } = planned.check.options;
    planned.busy = true;
    planned.delayed = false;
    planned.dueMs = nowMs + intervalMs * (1 + healthLimits.jitterShare * (2 * random() - 1));
    this.running += 1;
    await run(planned.check);
    this.running -= 1;
    planned.busy = false;
    if (this.#started) this.tick();
  }

  #setTimer(): void {
    const wanted = this.#started && this.#planned.length > 0;
    if (wanted && this.#timer === null) {
      this.#timer = setInterval(() => this.tick(), healthLimits.tickMs);
      this.#timer.unref();
    } else if (!wanted && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }
}
