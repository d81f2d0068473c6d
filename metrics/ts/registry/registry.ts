import { setImmediate as nextTurn } from 'node:timers/promises';
import { MetricsError } from '../errors.ts';
import { contentTypes } from '../exposition/format.ts';
import type { TFormat } from '../exposition/format.ts';
import { writeFamilies } from '../exposition/families.ts';
import type { TAnyMetric } from '../exposition/samplewriters.ts';
import { limits } from '../limits/limits.ts';
import { Counter } from '../types/counter.ts';
import type { ICounterOptions } from '../types/counter.ts';
import { Gauge } from '../types/gauge.ts';
import type { IGaugeOptions } from '../types/gauge.ts';
import { Histogram } from '../types/histogram.ts';
import type { IHistogramOptions } from '../types/histogram.ts';
import type { IMetricContext } from '../types/metric.ts';
import type { TCollect } from '../types/metricoptions.ts';
import { Summary } from '../types/summary.ts';
import type { ISummaryOptions } from '../types/summary.ts';
import { runCollectors } from './collect.ts';
import type { ICollector } from './collect.ts';

/** Options of {@link Registry}. */
export interface IRegistryOptions {
  /** Wall clock in milliseconds since the epoch. Default `Date.now`. */
  wallMs?: () => number;
  /** Expose `metrics_series_dropped_total` and its like about the registry itself. Default true. */
  selfMetrics?: boolean;
}

/** Options of one exposition. */
export interface IExposeOptions {
  /** Default `text` (0.0.4). */
  format?: TFormat;
  /** Write `_created` samples in OpenMetrics. Default true. */
  created?: boolean;
  /** Milliseconds that asynchronous `collect` callbacks have together. Default 5,000. */
  collectTimeoutMs?: number;
  /** Milliseconds the event loop may be held before others get a turn. Default 4. */
  holdMs?: number;
}

/**
 * A set of metrics that is exposed together.
 *
 * @example
 * const registry = new Registry();
 * const requests = registry.counter({ name: 'app_requests_total', help: 'Requests.', labelNames: ['method'] });
 * const gets = requests.labels('GET');
 * gets.inc();
 * await registry.expose();
 */
export class Registry {
  readonly #metrics = new Map<string, TAnyMetric>();
  /** Sample and family names in use, with the metric they belong to. */
  readonly #claims = new Map<string, string>();
  readonly #collectors = new Map<string, ICollector>();
  readonly #context: IMetricContext;

  constructor(options: IRegistryOptions = {}) {
    this.#context = { wallMs: options.wallMs ?? Date.now };
  }

  /** Registers a counter. Throws a {@link MetricsError} when a name, label or option is wrong or the name is taken. */
  counter<const TNames extends readonly string[] = readonly []>(options: ICounterOptions<TNames>): Counter<TNames> {
    return this.#add(new Counter(options, this.#context), options.collect);
  }

  /** Registers a gauge. Throws like {@link counter}. */
  gauge<const TNames extends readonly string[] = readonly []>(options: IGaugeOptions<TNames>): Gauge<TNames> {
    return this.#add(new Gauge(options, this.#context), options.collect);
  }

  /** Registers a histogram with fixed buckets. Throws like {@link counter}. */
  histogram<const TNames extends readonly string[] = readonly []>(
    options: IHistogramOptions<TNames>,
  ): Histogram<TNames> {
    return this.#add(new Histogram(options, this.#context), options.collect);
  }

  /** Registers a summary with sliding quantiles. Throws like {@link counter}. */
  summary<const TNames extends readonly string[] = readonly []>(options: ISummaryOptions<TNames>): Summary<TNames> {
    return this.#add(new Summary(options, this.#context), options.collect);
  }

  /** The metric of that name, if there is one. */
  get(name: string): TAnyMetric | undefined {
    return this.#metrics.get(name);
  }

  /** All metrics in the order of registration. */
  metrics(): IterableIterator<TAnyMetric> {
    return this.#metrics.values();
  }

  /** Takes a metric out; its name is free again. */
  unregister(name: string): boolean {
    if (!this.#metrics.delete(name)) return false;
    this.#collectors.delete(name);
    for (const [claim, owner] of this.#claims) if (owner === name) this.#claims.delete(claim);
    return true;
  }

  /** Content-Type that belongs to a format. */
  contentType(format: TFormat = 'text'): string {
    return contentTypes[format];
  }

  /** Runs the `collect` callbacks, then resolves to the whole exposition as text. */
  async expose(options: IExposeOptions = {}): Promise<string> {
    const slices: Uint8Array[] = [];
    for await (const slice of this.exposeSlices(options)) slices.push(slice);
    return Buffer.concat(slices).toString('utf8');
  }

  /**
   * Runs the `collect` callbacks, then yields the exposition as UTF-8 slices of about 64 KB, giving the event loop a
   * turn whenever it was held for `holdMs`.
   */
  async *exposeSlices(options: IExposeOptions = {}): AsyncGenerator<Uint8Array, void, void> {
    await runCollectors([...this.#collectors.values()], options.collectTimeoutMs ?? limits.collectTimeoutMs);
    const holdMs = options.holdMs ?? limits.exposeHoldMs;
    const slices = writeFamilies(this.#metrics.values(), {
      format: options.format ?? 'text',
      created: options.created ?? true,
    });
    let startedMs = performance.now();
    for (const slice of slices) {
      yield slice;
      if (performance.now() - startedMs < holdMs) continue;
      await nextTurn();
      startedMs = performance.now();
    }
  }

  #add<TMetric extends { name: string }>(metric: TMetric, collect: TCollect<TMetric> | undefined): TMetric {
    const added = metric as unknown as TAnyMetric;
    const names = claimedNames(added);
    for (const name of names) {
      const owner = this.#claims.get(name);
      if (owner === undefined) continue;
      const what =
        owner === metric.name
          ? `${owner} is registered already`
          : `${metric.name} would clash with ${owner} over '${name}'`;
      throw new MetricsError('METRICS_DUPLICATE', `${what}; get() returns it, unregister() frees the name`);
    }
    for (const name of names) this.#claims.set(name, metric.name);
    this.#metrics.set(metric.name, added);
    if (collect !== undefined) this.#collectors.set(metric.name, { name: metric.name, run: () => collect(metric) });
    return metric;
  }
}

/** Every name that a metric puts on the wire in either format. OpenMetrics 1.0 §4.1.2: no name may mean two things. */
function claimedNames(metric: TAnyMetric): string[] {
  const { name } = metric;
  if (metric.type === 'gauge') return [name];
  if (metric.type === 'counter') {
    const family = name.replace(/_total$/, '');
    return [family, `${family}_total`, `${family}_created`];
  }
  const names = [name, `${name}_sum`, `${name}_count`, `${name}_created`];
  return metric.type === 'histogram' ? [...names, `${name}_bucket`] : names;
}
