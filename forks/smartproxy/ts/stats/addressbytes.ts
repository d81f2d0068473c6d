/**
 * Bytes by client address in each of the last seconds.
 *
 * @module
 */
import type { IThroughputRate } from '../interfaces/metrics.ts';
import { limits } from '../limits/limits.ts';
import { AVERAGE_WINDOW_SECONDS } from '../limits/windows.ts';

const MS_PER_SECOND = 1_000;

/** Stands for the addresses of a second for which there was no room. */
export const OTHER_ADDRESSES = 'other';

interface IBytes {
  in: number;
  out: number;
}

/** What moved between two moments. */
interface ISpan {
  readonly lengthMs: number;
  readonly bytes: ReadonlyMap<string, IBytes>;
}

export class AddressBytes {
  #now = new Map<string, IBytes>();
  #sinceMs = performance.now();
  readonly #spans: ISpan[] = [];

  /** Counts what a connection moved; it is called about once a second and connection. */
  add(clientIp: string, bytesIn: number, bytesOut: number): void {
    let entry = this.#now.get(clientIp);
    if (entry === undefined) {
      const key = this.#now.size < limits.throughputIps ? clientIp : OTHER_ADDRESSES;
      entry = this.#now.get(key) ?? { in: 0, out: 0 };
      this.#now.set(key, entry);
    }
    entry.in += bytesIn;
    entry.out += bytesOut;
  }

  /** What was counted since the last call, which then counts elsewhere. */
  take(): Array<[clientIp: string, bytesIn: number, bytesOut: number]> {
    if (this.#now.size === 0) return [];
    const taken = Array.from(this.#now, ([clientIp, bytes]): [string, number, number] => [
      clientIp,
      bytes.in,
      bytes.out,
    ]);
    this.#now = new Map();
    return taken;
  }

  /** Ends the running second. */
  turn(nowMs: number): void {
    this.#spans.push({ lengthMs: nowMs - this.#sinceMs, bytes: this.#now });
    if (this.#spans.length > AVERAGE_WINDOW_SECONDS) this.#spans.shift();
    this.#now = new Map();
    this.#sinceMs = nowMs;
  }

  /** Bytes per second of the addresses that moved any within the last `seconds` full seconds. */
  perSecond(seconds: number): Map<string, IThroughputRate> {
    const spans = this.#spans.slice(-Math.max(1, seconds));
    const span = Math.max(1, sum(spans)) / MS_PER_SECOND;
    const rates = new Map<string, IBytes>();
    for (const { bytes } of spans) {
      for (const [clientIp, moved] of bytes) {
        const rate = rates.get(clientIp) ?? { in: 0, out: 0 };
        rate.in += moved.in / span;
        rate.out += moved.out / span;
        rates.set(clientIp, rate);
      }
    }
    return rates;
  }
}

function sum(spans: readonly ISpan[]): number {
  return spans.reduce((total, { lengthMs }) => total + lengthMs, 0);
}
