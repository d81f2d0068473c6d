import type { IMetricSnapshot, IRegistrySnapshot, ISeriesSnapshot } from '../several/snapshot.ts';
import { quantilesOfData } from '../native/slidingquantiles.ts';

/** An attribute of the OTLP/JSON encoding. */
export interface IOtlpAttribute {
  key: string;
  value: { stringValue: string };
}

/** A data point of the OTLP/JSON encoding; which fields it has depends on the kind of metric. */
export interface IOtlpDataPoint {
  attributes: IOtlpAttribute[];
  timeUnixNano: string;
  startTimeUnixNano?: string;
  asDouble?: number;
  count?: string;
  sum?: number;
  bucketCounts?: string[];
  explicitBounds?: number[];
  quantileValues?: Array<{ quantile: number; value: number }>;
}

/** A metric of the OTLP/JSON encoding. */
export interface IOtlpMetric {
  name: string;
  description: string;
  unit: string;
  sum?: { aggregationTemporality: number; isMonotonic: boolean; dataPoints: IOtlpDataPoint[] };
  gauge?: { dataPoints: IOtlpDataPoint[] };
  histogram?: { aggregationTemporality: number; dataPoints: IOtlpDataPoint[] };
  summary?: { dataPoints: IOtlpDataPoint[] };
}

/** The body of an OTLP/HTTP metrics export in the JSON encoding (ExportMetricsServiceRequest). */
export interface IOtlpRequest {
  resourceMetrics: Array<{
    resource: { attributes: IOtlpAttribute[] };
    scopeMetrics: Array<{ scope: { name: string; version: string }; metrics: IOtlpMetric[] }>;
  }>;
}

/** AGGREGATION_TEMPORALITY_CUMULATIVE in opentelemetry/proto/metrics/v1: values count since the start time. */
const CUMULATIVE = 2;
const NANOS_PER_MILLI = 1_000_000n;
const MS_PER_SECOND = 1_000;
/** Prometheus base units as UCUM spells them, which OTLP asks for. */
const UNITS: Readonly<Record<string, string>> = {
  seconds: 's',
  bytes: 'By',
  ratio: '1',
  celsius: 'Cel',
  meters: 'm',
  grams: 'g',
  joules: 'J',
  volts: 'V',
  amperes: 'A',
};

/**
 * Writes a snapshot as OTLP/JSON. Counter → monotonic cumulative sum (name without `_total`), gauge → gauge,
 * histogram → explicit-bounds histogram, summary → summary; labels become string attributes. Quantiles without values
 * and gauges that are not finite have no form in JSON and are left out.
 *
 * @param resource attributes of the sender, such as `service.name`
 */
export function toOtlp(
  snapshot: IRegistrySnapshot,
  resource: Readonly<Record<string, string>>,
  scope: { name: string; version: string },
): IOtlpRequest {
  const timeUnixNano = nanos(snapshot.takenMs);
  const metrics = snapshot.metrics.map((metric) => toOtlpMetric(metric, timeUnixNano));
  return {
    resourceMetrics: [{ resource: { attributes: attributes(resource) }, scopeMetrics: [{ scope, metrics }] }],
  };
}

function toOtlpMetric(metric: IMetricSnapshot, timeUnixNano: string): IOtlpMetric {
  const head = {
    name: metric.type === 'counter' ? metric.name.replace(/_total$/, '') : metric.name,
    description: metric.help,
    unit: UNITS[metric.unit] ?? metric.unit,
  };
  const points = metric.series.map((series) => toPoint(metric, series, timeUnixNano));
  if (metric.type === 'counter') {
    return { ...head, sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints: points } };
  }
  if (metric.type === 'gauge') {
    return { ...head, gauge: { dataPoints: points.filter((point) => Number.isFinite(point.asDouble)) } };
  }
  if (metric.type === 'histogram') {
    return { ...head, histogram: { aggregationTemporality: CUMULATIVE, dataPoints: points } };
  }
  return { ...head, summary: { dataPoints: points } };
}

function toPoint(metric: IMetricSnapshot, series: ISeriesSnapshot, timeUnixNano: string): IOtlpDataPoint {
  const labels: Record<string, string> = {};
  metric.labelNames.forEach((name, position) => {
    labels[name] = series.labels[position]!;
  });
  const point: IOtlpDataPoint = { attributes: attributes(labels), timeUnixNano };
  if (metric.type !== 'gauge') point.startTimeUnixNano = nanos(series.created * MS_PER_SECOND);
  if (metric.type === 'histogram') {
    const counts = series.values.slice(0, -1);
    point.count = String(counts.reduce((sum, count) => sum + count, 0));
    point.sum = series.values.at(-1)!;
    point.bucketCounts = counts.map(String);
    point.explicitBounds = metric.bounds;
  } else if (metric.type === 'summary') {
    point.count = String(series.values[0]);
    point.sum = series.values[1]!;
    point.quantileValues = quantilesOfData(series.window!, metric.bounds)
      .map((value, index) => ({ quantile: metric.bounds[index]!, value }))
      .filter(({ value }) => Number.isFinite(value));
  } else {
    point.asDouble = series.values[0]!;
  }
  return point;
}

function attributes(values: Readonly<Record<string, string>>): IOtlpAttribute[] {
  return Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

/** 64-bit integers are strings in the JSON encoding of protobuf. */
function nanos(unixMs: number): string {
  return String(BigInt(Math.round(unixMs)) * NANOS_PER_MILLI);
}
