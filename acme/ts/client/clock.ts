/**
 * Time, as this package sees it; tests put their own in.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises';

import { AcmeError } from '../errors/acme-error.ts';

export interface IAcmeClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `durationMs`; rejects with `ACME_ABORTED` when the signal is raised first. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: IAcmeClock = {
  now: () => Date.now(),
  async sleep(durationMs, signal) {
    try {
      await pause(durationMs, undefined, signal === undefined ? {} : { signal });
    } catch (cause) {
      throw new AcmeError('ACME_ABORTED', 'the wait was aborted', { cause });
    }
  },
};
