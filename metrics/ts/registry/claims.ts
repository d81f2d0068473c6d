import type { TAnyMetric } from '../exposition/samplewriters.ts';

/** Every name that a metric puts on the wire in either format. OpenMetrics 1.0 §4.1.2: no name may mean two things. */
export function claimedNames(metric: TAnyMetric): string[] {
  const { name } = metric;
  if (metric.type === 'gauge') return [name];
  if (metric.type === 'counter') {
    const family = name.replace(/_total$/, '');
    return [family, `${family}_total`, `${family}_created`];
  }
  const names = [name, `${name}_sum`, `${name}_count`, `${name}_created`];
  return metric.type === 'histogram' ? [...names, `${name}_bucket`] : names;
}
