/**
 * Waiting for a record to appear.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { IAnyDnsRecord } from './recordtypes.ts';
import { valueMatches } from './values.ts';

export type TRecordSource = () => Promise<IAnyDnsRecord[]>;

/** Asks several sources in turn until one shows the value. */
export class Propagation {
  readonly #abort = new AbortController();

  /** Ends every wait; each resolves to false. */
  stop(): void {
    this.#abort.abort();
  }

  async wait(
    sources: readonly TRecordSource[],
    type: string,
    expected: string,
    cycles: number,
    intervalMs: number,
  ): Promise<boolean> {
    const { signal } = this.#abort;
    for (let cycle = 0; cycle < cycles && !signal.aborted; cycle += 1) {
      const source = sources[cycle % sources.length];
      if (source !== undefined && (await shows(source, type.toUpperCase(), expected))) return true;
      if (cycle + 1 < cycles) await delay(intervalMs, undefined, { signal }).catch(() => undefined);
    }
    return false;
  }
}

/** A failed question is a "not yet": the record may be about to appear where nothing was before. */
async function shows(source: TRecordSource, type: string, expected: string): Promise<boolean> {
  try {
    const records = await source();
    return records.some((record) => record.type === type && valueMatches(type, record.value, expected));
  } catch {
    return false;
  }
}
