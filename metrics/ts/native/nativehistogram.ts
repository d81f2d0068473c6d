import { MetricsError } from '../errors.ts';
import { bucketMiddle } from './floatbits.ts';
import type { ILatencyHistogramData } from './latencyhistogram.ts';

/** A run of consecutive exponential buckets. */
export interface INativeSpan {
  /** Gap to the end of the previous span; for the first span, the bucket number itself. */
  offset: number;
  /** Buckets in this span. */
  length: number;
}

/** A Prometheus native histogram with integer counts, as `io.prometheus.client.Histogram` carries it. */
export interface INativeHistogram {
  /** 2^schema buckets per power of two; bucket i covers (2^((i-1)/2^schema), 2^(i/2^schema)]. */
  schema: number;
  count: number;
  sum: number;
  /** Values up to this are in the zero bucket. */
  zeroThreshold: number;
  zeroCount: number;
  positiveSpans: INativeSpan[];
  /** First bucket's count, then each bucket's difference to the one before. */
  positiveDeltas: number[];
}

/** Finest schema whose buckets are not narrower than ours (16 per power of two, up to 6.25 % wide). */
const SCHEMA_DEFAULT = 3;
/** Coarsest schema that Prometheus defines. */
const SCHEMA_MIN = -4;
/** Lower bound of the counted range: 2^-30. */
const ZERO_THRESHOLD = 2 ** -30;
/** A gap of at most this many empty buckets is written as zeros instead of a new span, which would cost more. */
const GAP_MAX = 2;

/**
 * Converts log-linear buckets to exponential ones. The two do not share bounds, so each bucket goes where its middle
 * lies: no count is lost, and none moves by more than half a log-linear bucket (3.2 %).
 */
export function toNativeHistogram(data: ILatencyHistogramData, schema: number = SCHEMA_DEFAULT): INativeHistogram {
  if (!Number.isInteger(schema) || schema < SCHEMA_MIN || schema > SCHEMA_DEFAULT) {
    throw new MetricsError(
      'METRICS_BAD_OPTION',
      `schema is ${schema}; give an integer from ${SCHEMA_MIN} to ${SCHEMA_DEFAULT}`,
    );
  }
  const perOctave = 2 ** schema;
  const buckets = new Map<number, number>();
  for (let at = 0; at < data.counts.length; at += 1) {
    const count = data.counts[at]!;
    if (count === 0) continue;
    const index = Math.ceil(Math.log2(bucketMiddle(data.base + at)) * perOctave);
    buckets.set(index, (buckets.get(index) ?? 0) + count);
  }
  const { spans, deltas } = toSpans(buckets);
  return {
    schema,
    count: data.count,
    sum: data.sum,
    zeroThreshold: ZERO_THRESHOLD,
    zeroCount: data.zeroCount,
    positiveSpans: spans,
    positiveDeltas: deltas,
  };
}

/** Buckets arrive in ascending order, as the log-linear ones are. */
function toSpans(buckets: ReadonlyMap<number, number>): { spans: INativeSpan[]; deltas: number[] } {
  const spans: INativeSpan[] = [];
  const deltas: number[] = [];
  let nextIndex = 0;
  let lastCount = 0;
  for (const [index, count] of buckets) {
    const gap = index - nextIndex;
    const span = spans.at(-1);
    if (span === undefined || gap > GAP_MAX) {
      spans.push({ offset: gap, length: 1 });
    } else {
      for (let empty = 0; empty < gap; empty += 1) {
        deltas.push(0 - lastCount);
        lastCount = 0;
      }
      span.length += gap + 1;
    }
    deltas.push(count - lastCount);
    lastCount = count;
    nextIndex = index + 1;
  }
  return { spans, deltas };
}
