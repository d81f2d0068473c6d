/**
 * Queries and answers of one zone or handler pattern.
 *
 * @module
 */
import { rcodeToName } from '#wire';
import type { IDnsZoneStats } from '../interfaces/stats.ts';
import { zoneCountersMax } from '../limits/index.ts';

/** Codes with a slot of their own; above them everything shares the last one. */
export const rcodeSlots = 32;

let lastId = 0;

export class ZoneCounters {
  readonly zone: string;
  /** Differs between counters of one process; never 0. */
  readonly id: number;
  queries = 0;
  readonly rcodes = new Float64Array(rcodeSlots);

  constructor(zone: string) {
    this.zone = zone;
    this.id = ++lastId;
  }

  count(rcode: number): void {
    this.queries++;
    const slot = rcode < rcodeSlots ? rcode : rcodeSlots - 1;
    this.rcodes[slot]!++;
  }

  read(): IDnsZoneStats {
    return { zone: this.zone, queries: this.queries, rcodes: rcodeRecord(this.rcodes) };
  }
}

/** Non-zero counts by mnemonic. */
export function rcodeRecord(counts: Float64Array): Record<string, number> {
  const record: Record<string, number> = {};
  for (const [code, count] of counts.entries()) {
    if (count > 0) {
      record[code === rcodeSlots - 1 ? 'other' : rcodeToName(code)] = count;
    }
  }
  return record;
}

/** Counters by zone, each resolved once; past the limit the rest shares `other`. */
export class ZoneCounterTable {
  readonly #byZone = new Map<string, ZoneCounters>();
  readonly #other = new ZoneCounters('other');

  resolve(zone: string): ZoneCounters {
    const known = this.#byZone.get(zone);
    if (known !== undefined) {
      return known;
    }
    if (this.#byZone.size >= zoneCountersMax) {
      return this.#other;
    }
    const made = new ZoneCounters(zone);
    this.#byZone.set(zone, made);
    return made;
  }

  toData(): Array<{ zone: string; queries: number; rcodes: number[] }> {
    return [...this.#byZone.values(), this.#other]
      .filter(({ queries }) => queries > 0)
      .map(({ zone, queries, rcodes }) => ({ zone, queries, rcodes: [...rcodes] }));
  }

  merge(rows: ReadonlyArray<{ zone: string; queries: number; rcodes: readonly number[] }>): void {
    for (const { zone, queries, rcodes } of rows) {
      const counters = zone === this.#other.zone ? this.#other : this.resolve(zone);
      counters.queries += queries;
      for (const [slot, count] of rcodes.entries()) {
        counters.rcodes[slot]! += count;
      }
    }
  }

  read(): IDnsZoneStats[] {
    const rows = Array.from(this.#byZone.values(), (counters) => counters.read());
    if (this.#other.queries > 0) {
      rows.push(this.#other.read());
    }
    return rows;
  }
}
