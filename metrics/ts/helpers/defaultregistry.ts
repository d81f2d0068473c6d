import { MetricsError } from '../errors.ts';
import type { TAnyMetric } from '../exposition/samplewriters.ts';
import { Registry } from '../registry/registry.ts';
import { boundsOf } from '../several/snapshot.ts';
import type { Counter } from '../types/counter.ts';
import type { Gauge } from '../types/gauge.ts';
import type { Histogram } from '../types/histogram.ts';
import type { Summary } from '../types/summary.ts';
import type { TMetricType } from '../types/metricoptions.ts';

let shared: Registry | undefined;

/** The registry that `createCounter` and its like use; made at the first call. */
export function getRegistry(): Registry {
  shared ??= new Registry();
  return shared;
}

/** A counter on the default registry; the one there is, if it was created before in the same way. */
export function createCounter<const TNames extends readonly string[] = readonly []>(
  name: string,
  help: string,
  labelNames?: TNames,
): Counter<TNames> {
  const known = existing(name, 'counter', labelNames);
  return (known as Counter<TNames> | undefined) ?? getRegistry().counter({ name, help, labelNames });
}

/** A gauge on the default registry; the one there is, if it was created before in the same way. */
export function createGauge<const TNames extends readonly string[] = readonly []>(
  name: string,
  help: string,
  labelNames?: TNames,
): Gauge<TNames> {
  const known = existing(name, 'gauge', labelNames);
  return (known as Gauge<TNames> | undefined) ?? getRegistry().gauge({ name, help, labelNames });
}

/** A histogram on the default registry; the one there is, if it was created before in the same way. */
export function createHistogram<const TNames extends readonly string[] = readonly []>(
  name: string,
  help: string,
  buckets?: readonly number[],
  labelNames?: TNames,
): Histogram<TNames> {
  const known = existing(name, 'histogram', labelNames, buckets);
  return (known as Histogram<TNames> | undefined) ?? getRegistry().histogram({ name, help, buckets, labelNames });
}

/** A summary on the default registry; the one there is, if it was created before in the same way. */
export function createSummary<const TNames extends readonly string[] = readonly []>(
  name: string,
  help: string,
  quantiles?: readonly number[],
  labelNames?: TNames,
): Summary<TNames> {
  const known = existing(name, 'summary', labelNames, quantiles);
  return (known as Summary<TNames> | undefined) ?? getRegistry().summary({ name, help, quantiles, labelNames });
}

/** Modules are loaded twice by development servers: creating the same metric again must not fail, a different one must. */
function existing(
  name: string,
  type: TMetricType,
  labelNames: readonly string[] = [],
  bounds?: readonly number[],
): TAnyMetric | undefined {
  const known = getRegistry().get(name);
  if (known === undefined) return undefined;
  const sameBounds = bounds === undefined || boundsOf(known).join() === bounds.join();
  if (known.type === type && known.labelNames.join() === labelNames.join() && sameBounds) return known;
  throw new MetricsError('METRICS_DUPLICATE', `${name} is registered already with another type, labels or buckets`);
}
