import { MetricsError } from '../errors.ts';
import { limits } from '../limits/limits.ts';
import type { IMetricOptions, TMetricType } from './metricoptions.ts';

/** Prometheus data model, "Metric names and labels"; OpenMetrics 1.0 §4.1.1. */
const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const UNIT = /^[a-z][a-z0-9_]*$/;
/** Labels that the format itself puts on the samples of a type. */
const RESERVED: Partial<Record<TMetricType, string>> = { histogram: 'le', summary: 'quantile' };

/** Checks what can be checked when a metric is made, so that nothing needs checking where it is counted. */
export function checkMetricOptions(options: IMetricOptions, type: TMetricType): void {
  const { name, help, unit, labelNames = [], seriesMax, expireAfterSeconds } = options;
  if (typeof name !== 'string' || !METRIC_NAME.test(name)) {
    throw new MetricsError(
      'METRICS_BAD_NAME',
      `'${name}' is not a metric name; use letters, digits, '_' and ':', not starting with a digit`,
    );
  }
  if (typeof help !== 'string' || help.trim() === '') {
    throw new MetricsError('METRICS_BAD_OPTION', `${name} has no help text; say in one sentence what it counts`);
  }
  checkLabelNames(name, labelNames, type);
  if (unit !== undefined) checkUnit(name, unit);
  if (seriesMax !== undefined && (!Number.isInteger(seriesMax) || seriesMax < 1)) {
    throw new MetricsError('METRICS_BAD_OPTION', `${name}: seriesMax is ${seriesMax}; give a positive integer`);
  }
  if (expireAfterSeconds !== undefined && !(expireAfterSeconds > 0)) {
    throw new MetricsError(
      'METRICS_BAD_OPTION',
      `${name}: expireAfterSeconds is ${expireAfterSeconds}; give more than 0`,
    );
  }
}

function checkLabelNames(metric: string, names: readonly string[], type: TMetricType): void {
  if (names.length > limits.labelsPerMetricMax) {
    throw new MetricsError(
      'METRICS_BAD_LABEL_NAME',
      `${metric} has ${names.length} labels; at most ${limits.labelsPerMetricMax} are allowed`,
    );
  }
  const seen = new Set<string>();
  for (const label of names) {
    if (!LABEL_NAME.test(label) || label.startsWith('__')) {
      throw new MetricsError(
        'METRICS_BAD_LABEL_NAME',
        `${metric}: '${label}' is not a label name; use letters, digits and '_', not starting with a digit or '__'`,
      );
    }
    if (label === RESERVED[type]) {
      throw new MetricsError('METRICS_BAD_LABEL_NAME', `${metric}: the label '${label}' belongs to the ${type} itself`);
    }
    if (seen.has(label)) throw new MetricsError('METRICS_BAD_LABEL_NAME', `${metric} has the label '${label}' twice`);
    seen.add(label);
  }
}

function checkUnit(metric: string, unit: string): void {
  // OpenMetrics 1.0 §4.1.3: a family with a unit has the unit as suffix of its name.
  if (!UNIT.test(unit) || !metric.replace(/_total$/, '').endsWith(`_${unit}`)) {
    throw new MetricsError(
      'METRICS_BAD_UNIT',
      `${metric} has the unit '${unit}', so its name must end with '_${unit}'`,
    );
  }
}
