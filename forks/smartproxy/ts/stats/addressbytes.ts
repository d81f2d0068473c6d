/**
 * Bytes by client address, or by route, in each of the last seconds.
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

/** Whole seconds of a window that a caller asks for, at least one. */
export function windowSeconds(seconds: number): number {
  return Math.max(1, Math.floor(seconds) || 1);
}

export class AddressBytes {
  readonly #bounded: boolean;
  #now = new Map<string, IBytes>();
  #sinceMs = performance.now();
  readonly #spans: ISpan[] = [];

  /** @param bounded whether the keys are clients' to choose: past the bound further ones of a second share one entry */
  constructor(bounded = true) {
    this.#bounded = bounded;
  }

  /** Counts what a connection moved; it is called about once a second and connection. */
  add(clientIp: string, bytesIn: number, bytesOut: number): void {
    let entry = this.#now.get(clientIp);
    if (entry === undefined) {
      const hasRoom = !this.#bounded || this.#now.size < limits.throughputIps;
      const key = hasRoom ? clientIp : OTHER_ADDRESSES;
      entry = this.#now.get(key) ?? { in: 0, out: 0 };
      this.#now.set(key, entry);
    }
    entry.in += bytesIn;
    entry.out += bytesOut;
  }

  /** Ends the running second. */
  turn(nowMs: number): void {
    this.#spans.push({ lengthMs: nowMs - this.#sinceMs, bytes: this.#now });
    if (this.#spans.length > AVERAGE_WINDOW_SECONDS) this.#spans.shift();
    this.#now = new Map();
    this.#sinceMs = nowMs;
  }

  /** What moved since the last call, in place of {@link turn}: for a worker process, whose primary keeps the seconds. */
  take(): Array<[clientIp: string, bytesIn: number, bytesOut: number]> {
    const moved = Array.from(this.#now, ([clientIp, bytes]): [string, number, number] => [
      clientIp,
      bytes.in,
      bytes.out,
    ]);
    if (moved.length > 0) this.#now = new Map();
    return moved;
  }

  /** Bytes per second of the addresses that moved any within the last `seconds` full seconds. */
  perSecond(seconds: number): Map<string, IThroughputRate> {
    const spans = this.#spans.slice(-windowSeconds(seconds));
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
