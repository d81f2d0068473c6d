/**
 * Equal questions that are asked at the same time are asked once.
 *
 * @module
 */
import { DnsError } from '../errors/errors.ts';
import type { IDnsAnswer } from '../interfaces/answers.ts';

/** What a flight brings: an answer, which may be a stale one. */
export interface ILanding {
  readonly answer: IDnsAnswer;
  readonly stale: boolean;
}

/** Questions under way, by cache key. */
export class Flights {
  readonly #flights = new Map<string, Promise<ILanding>>();

  get size(): number {
    return this.#flights.size;
  }

  find(key: string): Promise<ILanding> | undefined {
    return this.#flights.get(key);
  }

  add(key: string, flight: Promise<ILanding>): void {
    this.#flights.set(key, flight);
    const land = (): void => {
      this.#flights.delete(key);
    };
    flight.then(land, land);
  }
}

/**
 * Waits for a flight, but no longer than the caller wants to. The flight goes on for the others.
 *
 * @throws DnsError `ETIMEOUT`, `EABORTED`, or the flight's own error
 */
export function waitFor(
  flight: Promise<ILanding>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<ILanding> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: unknown): void => {
      settle();
      reject(error instanceof Error ? error : new DnsError('ECONNECT', { cause: error }));
    };
    const onAbort = (): void => fail(new DnsError('EABORTED', { cause: signal?.reason }));
    const timer = setTimeout(() => fail(new DnsError('ETIMEOUT')), Math.max(1, timeoutMs));
    signal?.addEventListener('abort', onAbort);
    flight.then((landing) => {
      settle();
      resolve(landing);
    }, fail);
  });
}
