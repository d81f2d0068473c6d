/**
 * Open connections and their rate, as far as limits of the whole proxy ask for them: ours and those of other workers.
 *
 * @module
 */
import type { ISmartProxyOptions } from '../interfaces/options.ts';
import type { Tally, ITallies } from '../security/tally.ts';
import { RateLimiter } from '../security/rate-limiter.ts';
import { NEVER_MS, type ISettings } from './settings.ts';

const SECONDS_PER_MINUTE = 60;

export class Crowd {
  /** New connections per minute and client address; null when there is no limit. */
  readonly rate: RateLimiter | null;
  readonly #all: Tally | null;
  readonly #addresses: Tally | null;
  readonly #allMax: number;
  readonly #addressMax: number;

  /** @param tallies what other processes hold against limits; null where there are none */
  constructor(options: ISmartProxyOptions, settings: ISettings, tallies: ITallies | null) {
    const { connectionsMax, connectionsPerIpMax } = settings;
    const perMinute = options.connectionRateLimitPerMinute ?? 0;
    const rateTally = perMinute > 0 && tallies !== null ? tallies.of('rate', '', perMinute) : null;
    this.rate =
      perMinute > 0 ? new RateLimiter(perMinute, SECONDS_PER_MINUTE, performance.now(), undefined, rateTally) : null;
    this.#allMax = connectionsMax;
    this.#addressMax = connectionsPerIpMax;
    const isBounded = (limit: number): boolean => tallies !== null && limit !== NEVER_MS;
    this.#all = isBounded(connectionsMax) ? tallies!.of('connections', '', connectionsMax) : null;
    this.#addresses = isBounded(connectionsPerIpMax) ? tallies!.of('addresses', '', connectionsPerIpMax) : null;
  }

  /** Whether connections that were counted here are too many together with those of other processes. */
  get isFull(): boolean {
    return this.#all !== null && !this.#all.fits('', this.#allMax);
  }

  /** The same for those of one address. */
  isFullOf(clientIp: string): boolean {
    return this.#addresses !== null && !this.#addresses.fits(clientIp, this.#addressMax);
  }

  /** @param change 1 for a connection that came, -1 for one that is gone */
  count(clientIp: string, change: 1 | -1): void {
    if (this.#all !== null) this.#all.add('', change);
    if (this.#addresses !== null) this.#addresses.add(clientIp, change);
  }
}
