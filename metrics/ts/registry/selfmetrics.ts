import type { TAnyMetric } from '../exposition/samplewriters.ts';
import { Counter } from '../types/counter.ts';
import type { IMetricContext } from '../types/metric.ts';
import type { ICollectFailure } from './collect.ts';

/** Room for one series per metric and reason, however many metrics an application has. */
const SELF_SERIES_MAX = 100_000;

/** What a registry says about itself: every bound that was reached, and every `collect` that failed. */
export class SelfMetrics {
  readonly #dropped: Counter<readonly ['metric']>;
  readonly #truncated: Counter;
  readonly #exemplars: Counter;
  readonly #failures: Counter<readonly ['metric', 'reason']>;

  constructor(context: IMetricContext) {
    this.#dropped = new Counter(
      {
        name: 'metrics_series_dropped_total',
        help: 'Look-ups of new label sets that were counted under other because the metric had no room.',
        labelNames: ['metric'],
        seriesMax: SELF_SERIES_MAX,
      },
      context,
    );
    this.#truncated = new Counter(
      { name: 'metrics_label_values_truncated_total', help: 'Label values cut to the allowed length.' },
      context,
    );
    this.#exemplars = new Counter(
      { name: 'metrics_exemplars_rejected_total', help: 'Exemplars with a bad label name or too many characters.' },
      context,
    );
    this.#failures = new Counter(
      {
        name: 'metrics_collect_failures_total',
        help: 'Collect callbacks that failed or were late, by metric and reason.',
        labelNames: ['metric', 'reason'],
        seriesMax: SELF_SERIES_MAX,
      },
      context,
    );
  }

  /** The metrics, in the order of exposition. */
  all(): TAnyMetric[] {
    return [this.#dropped, this.#truncated, this.#exemplars, this.#failures] as unknown as TAnyMetric[];
  }

  /** Starts the failure series of a metric with `collect` at zero. */
  watch(metric: string): void {
    this.#failures.labels(metric, 'error');
    this.#failures.labels(metric, 'timeout');
  }

  /** Counts what failed in one exposition. */
  countFailures(failures: readonly ICollectFailure[]): void {
    for (const { name, reason } of failures) this.#failures.inc({ metric: name, reason });
  }

  /** Brings the values up to date. */
  update(metrics: Iterable<TAnyMetric>): void {
    let truncated = 0;
    let rejected = 0;
    for (const metric of metrics) {
      truncated += metric.table.truncated;
      if (metric.type === 'counter' || metric.type === 'histogram') rejected += metric.exemplars.rejected;
      if (metric.labelNames.length > 0) raiseTo(this.#dropped.labels(metric.name), metric.table.dropped);
    }
    raiseTo(this.#truncated.labels(), truncated);
    raiseTo(this.#exemplars.labels(), rejected);
  }

  /** Forgets a metric that was unregistered. */
  forget(metric: string): void {
    this.#dropped.remove(metric);
    this.#failures.remove(metric, 'error');
    this.#failures.remove(metric, 'timeout');
  }
}

/** Brings a counter to a count that is kept elsewhere; a count that fell (a metric was unregistered) changes nothing. */
function raiseTo(child: { value: number; inc(by: number): void }, count: number): void {
  if (count > child.value) child.inc(count - child.value);
}
