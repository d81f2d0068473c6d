import { setImmediate as nextTurn } from 'node:timers/promises';
import { MetricsError } from '../errors.ts';
import { writeExposition } from '../exposition/exposition.ts';
import type { IForeignFamily, IForeignSource } from '../exposition/foreign.ts';
import type { IExposable, IExposeOptions } from '../exposition/format.ts';
import type { TAnyMetric } from '../exposition/samplewriters.ts';
import { limits } from '../limits/limits.ts';
import { monotonicMs } from '../native/clock.ts';
import type { TClockMs } from '../native/clock.ts';
import { mergeSnapshot } from '../several/merge.ts';
import { snapshotMetric } from '../several/snapshot.ts';
import type { IRegistrySnapshot } from '../several/snapshot.ts';
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
import { claimedNames } from './claims.ts';
import { runCollectors } from './collect.ts';
import type { ICollector } from './collect.ts';
import { SelfMetrics } from './selfmetrics.ts';

/** Options of {@link Registry}. */
export interface IRegistryOptions {
  /** Wall clock in milliseconds since the epoch. Default `Date.now`. */
  wallMs?: TClockMs;
  /** Monotonic clock in milliseconds, for idle label sets. Default `performance.now`. */
  nowMs?: TClockMs;
  /** Expose `metrics_series_dropped_total` and its like about the registry itself. Default true. */
  selfMetrics?: boolean;
}

/** Name under which a failing foreign source is counted. */
const FOREIGN = 'foreign_source';

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
export class Registry implements IExposable {
  readonly #metrics = new Map<string, TAnyMetric>();
  /** Sample and family names in use, with the metric they belong to. */
  readonly #claims = new Map<string, string>();
  readonly #collectors = new Map<string, ICollector>();
  readonly #sources = new Set<IForeignSource>();
  readonly #listeners = new Set<(metric: TAnyMetric) => void>();
  readonly #context: IMetricContext;
  readonly #self: SelfMetrics | undefined;

  constructor(options: IRegistryOptions = {}) {
    this.#context = { wallMs: options.wallMs ?? Date.now, nowMs: options.nowMs ?? monotonicMs };
    if (options.selfMetrics === false) return;
    this.#self = new SelfMetrics(this.#context);
    for (const metric of this.#self.all()) this.#claim(metric);
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

  /** All metrics in the order of registration, without those of the registry about itself. */
  metrics(): IterableIterator<TAnyMetric> {
    return this.#metrics.values();
  }

  /** @internal The collect callback of a metric. */
  collectorOf(name: string): ICollector | undefined {
    return this.#collectors.get(name);
  }

  /** Takes a metric out; its name is free again. */
  unregister(name: string): boolean {
    if (!this.#metrics.delete(name)) return false;
    this.#collectors.delete(name);
    this.#self?.forget(name);
    for (const [claim, owner] of this.#claims) if (owner === name) this.#claims.delete(claim);
    return true;
  }

  /** Sets every metric to zero. Label sets and handles stay. */
  reset(): void {
    for (const metric of this.#metrics.values()) metric.reset();
  }

  /** Calls `listener` for each metric there is and each that is registered later, until the returned function is called. */
  onMetric(listener: (metric: TAnyMetric) => void): () => void {
    this.#listeners.add(listener);
    for (const metric of this.#metrics.values()) listener(metric);
    return () => void this.#listeners.delete(listener);
  }

  /** Exposes another library's metrics after our own, until the returned function is called. */
  addSource(source: IForeignSource): () => void {
    this.#sources.add(source);
    return () => void this.#sources.delete(source);
  }

  /** Runs the `collect` callbacks, then resolves to the whole exposition as text. */
  async expose(options: IExposeOptions = {}): Promise<string> {
    const parts: string[] = [];
    // A slice ends with a line, so none ends inside a character.
    for await (const slice of this.exposeSlices(options)) parts.push(slice.toString());
    return parts.join('');
  }

  /**
   * Runs the `collect` callbacks, then yields the exposition as UTF-8 slices of about 64 KB, giving the event loop a
   * turn whenever it was held for `holdMs`.
   */
  async *exposeSlices(options: IExposeOptions = {}): AsyncGenerator<Buffer, void, void> {
    await this.#collect(options.collectTimeoutMs);
    const foreign = await this.#foreignFamilies();
    this.#self?.update(this.#metrics.values());
    const metrics = [...this.#metrics.values(), ...(this.#self?.all() ?? [])];
    const holdMs = options.holdMs ?? limits.exposeHoldMs;
    const slices = writeExposition(metrics, foreign, {
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

  /** Runs the `collect` callbacks, then copies every metric into a plain object for another process. */
  async snapshot(options: Pick<IExposeOptions, 'collectTimeoutMs'> = {}): Promise<IRegistrySnapshot> {
    await this.#collect(options.collectTimeoutMs);
    return { takenMs: this.#context.wallMs(), metrics: Array.from(this.#metrics.values(), snapshotMetric) };
  }

  /**
   * Adds a snapshot of another process, registering metrics that are not here yet. Counters, histograms and summaries
   * add up, gauges follow their `aggregate`. Throws METRICS_MERGE_MISMATCH when a metric is defined differently.
   */
  merge(snapshot: IRegistrySnapshot): void {
    mergeSnapshot(this, snapshot);
  }

  async #collect(timeoutMs: number | undefined): Promise<void> {
    const collectors = [...this.#collectors.values()];
    const failures = collectors.length === 0 ? [] : await runCollectors(collectors, timeoutMs);
    this.#self?.countFailures(failures);
    for (const metric of this.#metrics.values()) metric.table.sweep();
  }

  /** Families of the foreign sources; one whose name is taken here is left out, for a page must not have it twice. */
  async #foreignFamilies(): Promise<IForeignFamily[]> {
    const families = new Map<string, IForeignFamily>();
    for (const source of this.#sources) {
      try {
        for (const family of await source.families()) {
          if (!this.#claims.has(family.name) && !families.has(family.name)) families.set(family.name, family);
        }
      } catch {
        this.#self?.countFailures([{ name: FOREIGN, reason: 'error' }]);
      }
    }
    return [...families.values()];
  }

  #add<TMetric extends { name: string }>(metric: TMetric, collect: TCollect<TMetric> | undefined): TMetric {
    const added = metric as unknown as TAnyMetric;
    this.#claim(added);
    this.#metrics.set(metric.name, added);
    if (collect !== undefined) {
      this.#collectors.set(metric.name, { name: metric.name, run: () => collect(metric) });
      this.#self?.watch(metric.name);
    }
    for (const listener of this.#listeners) listener(added);
    return metric;
  }

  #claim(metric: TAnyMetric): void {
    const names = claimedNames(metric);
    for (const name of names) {
      const owner = this.#claims.get(name);
      if (owner === undefined) continue;
      const what =
        owner === metric.name ? `${owner} is registered already` : `${metric.name} and ${owner} both need '${name}'`;
      throw new MetricsError('METRICS_DUPLICATE', `${what}; get() returns it, unregister() frees the name`);
    }
    for (const name of names) this.#claims.set(name, metric.name);
  }
}
