/**
 * The time of day in a time zone, worked out once per minute at most.
 *
 * @module
 */
import type { Facts } from './facts.ts';

/** The clocks of the rules; injected, so that tests own the time. */
export interface IRuleClock {
  /** Unix ms. */
  wallMs(): number;
  /** Ms that never go back. */
  monotonicMs(): number;
}

export const systemClock: IRuleClock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

const MINUTE_MS = 60_000;
const MS_PER_SECOND = 1_000;

export class Calendar {
  readonly #clock: IRuleClock;
  readonly #format: Intl.DateTimeFormat;
  #atMs = Number.NaN;
  #minuteNumber = Number.NaN;
  #hour = 0;
  #minute = 0;
  #weekday = '';
  #date = '';

  /** @throws RangeError for a time zone that is not known */
  constructor(timeZone: string, clock: IRuleClock) {
    this.#clock = clock;
    this.#format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      weekday: 'short',
    });
  }

  /** Takes the moment of these facts, or now. Called once per decision that asks for the time. */
  setTo(facts: Facts): void {
    this.#atMs = Number.isNaN(facts.atMs) ? this.#clock.wallMs() : facts.atMs;
    const minuteNumber = Math.floor(this.#atMs / MINUTE_MS);
    if (minuteNumber === this.#minuteNumber) return;
    this.#minuteNumber = minuteNumber;
    const parts: Record<string, string> = {};
    for (const { type, value } of this.#format.formatToParts(this.#atMs)) parts[type] = value;
    this.#hour = Number(parts['hour']);
    this.#minute = Number(parts['minute']);
    this.#weekday = parts['weekday']!.toLowerCase();
    this.#date = `${parts['year']}-${parts['month']}-${parts['day']}`;
  }

  get hour(): number {
    return this.#hour;
  }

  get minute(): number {
    return this.#minute;
  }

  /** `mon` to `sun`. */
  get weekday(): string {
    return this.#weekday;
  }

  /** `2026-11-27`. */
  get date(): string {
    return this.#date;
  }

  get unix(): number {
    return Math.floor(this.#atMs / MS_PER_SECOND);
  }
}
