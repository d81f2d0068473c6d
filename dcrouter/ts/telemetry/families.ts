/**
 * Registration of metrics in the way of this router: bounded label sets, units read from names, and one function that
 * fills the families of a part from one reading, so that the numbers of one scrape agree with each other.
 *
 * @module
 */
import type { Counter, Gauge, Histogram, Registry } from '@dcrouter/metrics';
import { SERIES_MAX } from './limits.ts';

/** Units that stand at the end of a name, before `_total`. */
const UNITS = ['seconds', 'bytes', 'ratio'] as const;

interface ISeriesFamily {
  readonly labelNames: readonly string[];
  remove(...values: string[]): boolean;
}

export class Families {
  readonly #registry: Registry;
  readonly #names: string[] = [];

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  counter<const TNames extends readonly string[]>(name: string, help: string, ...labelNames: TNames): Counter<TNames> {
    return this.#added(this.#registry.counter({ name, help, labelNames, unit: unitOf(name), seriesMax: SERIES_MAX }));
  }

  gauge<const TNames extends readonly string[]>(name: string, help: string, ...labelNames: TNames): Gauge<TNames> {
    return this.#added(this.#registry.gauge({ name, help, labelNames, unit: unitOf(name), seriesMax: SERIES_MAX }));
  }

  /** @param buckets upper bounds, ascending, as the source reports them */
  histogram<const TNames extends readonly string[]>(
    name: string,
    help: string,
    buckets: readonly number[],
    ...labelNames: TNames
  ): Histogram<TNames> {
    const unit = unitOf(name);
    return this.#added(this.#registry.histogram({ name, help, labelNames, unit, seriesMax: SERIES_MAX, buckets }));
  }

  /** A gauge without labels whose reading fills the other families of the part, before each scrape. */
  filling(name: string, help: string, fill: (own: Gauge) => void): void {
    this.#added(this.#registry.gauge({ name, help, unit: unitOf(name), collect: fill }));
  }

  /** Takes every family out again. */
  unregister(): void {
    for (const name of this.#names.splice(0)) this.#registry.unregister(name);
  }

  #added<TMetric extends { readonly name: string }>(metric: TMetric): TMetric {
    this.#names.push(metric.name);
    return metric;
  }
}

/**
 * Takes out the series of things that are gone: a route that was removed must not show its last numbers for ever.
 * Remembers names only; of a second label every value that occurred is tried.
 */
export class Gone {
  readonly #families: readonly ISeriesFamily[];
  #known = new Set<string>();
  readonly #seconds = new Set<string>();

  /** @param families whose first label is the name, with at most one more label */
  constructor(...families: readonly unknown[]) {
    this.#families = families as readonly ISeriesFamily[];
  }

  /** A value of the second label that occurs. */
  saw(second: string): void {
    this.#seconds.add(second);
  }

  /** Removes the series of every name that was there before and is not among `names`. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#known) {
      if (names.has(name)) continue;
      for (const family of this.#families) {
        if (family.labelNames.length === 1) family.remove(name);
        else for (const second of this.#seconds) family.remove(name, second);
      }
    }
    this.#known = new Set(names);
  }
}

function unitOf(name: string): string | undefined {
  const base = name.replace(/_total$/, '');
  return UNITS.find((unit) => base.endsWith(`_${unit}`));
}
