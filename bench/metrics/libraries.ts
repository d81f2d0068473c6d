// Ours and the peers behind one small interface. Each runs alone in its process, so the calls below stay inlinable.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Labels of the series that are counted. */
export interface ILabels {
  readonly [name: string]: string;
  readonly method: string;
  readonly route: string;
  readonly code: string;
}

/** A counter with three labels. */
export interface ICounterUnderTest {
  inc(labels: ILabels): void;
  /** The library's own bound child, where it has one. */
  bind?(labels: ILabels): { inc(): void };
}

/** A histogram with three labels and the buckets of {@link BUCKETS}. */
export interface IHistogramUnderTest {
  observe(labels: ILabels, value: number): void;
  bind?(labels: ILabels): { observe(value: number): void };
}

/** One library with one counter and one histogram. */
export interface ILibrary {
  readonly counter: ICounterUnderTest;
  readonly histogram: IHistogramUnderTest;
  /** The page in text 0.0.4. */
  expose(): Promise<string>;
  /** Makes the page and drops it, in the way that an endpoint would: in slices, where the library has them. */
  stream(): Promise<unknown>;
}

/** 13 bounds, the number that HTTP middlewares use. */
export const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const LABEL_NAMES = ['method', 'route', 'code'] as const;
/** Room for every series of the largest measurement in every library. */
const SERIES_MAX = 200_000;

/** Shape that prom-client and its successor share, as far as it is used here. */
interface IPromModule {
  Registry: new () => { metrics(): Promise<string> };
  Counter: new (options: object) => { inc(labels: ILabels): void; labels(labels: ILabels): { inc(): void } };
  Histogram: new (options: object) => {
    observe(labels: ILabels, value: number): void;
    labels(labels: ILabels): { observe(value: number): void };
  };
}

function promStyle(module: IPromModule): ILibrary {
  const registry = new module.Registry();
  const common = { help: 'Help.', labelNames: [...LABEL_NAMES], registers: [registry] };
  const counter = new module.Counter({ ...common, name: 'bench_total' });
  const histogram = new module.Histogram({ ...common, name: 'bench_seconds', buckets: BUCKETS });
  return {
    counter: { inc: (labels) => counter.inc(labels), bind: (labels) => counter.labels(labels) },
    histogram: {
      observe: (labels, value) => histogram.observe(labels, value),
      bind: (labels) => histogram.labels(labels),
    },
    expose: () => registry.metrics(),
    stream: () => registry.metrics(),
  };
}

async function ours(): Promise<ILibrary> {
  const { Registry } = await import('@dcrouter/metrics');
  const registry = new Registry();
  const common = { help: 'Help.', labelNames: LABEL_NAMES, seriesMax: SERIES_MAX };
  const counter = registry.counter({ ...common, name: 'bench_total' });
  const histogram = registry.histogram({ ...common, name: 'bench_seconds', buckets: BUCKETS });
  return {
    counter: { inc: (labels) => counter.inc(labels), bind: (labels) => counter.labels(labels) },
    histogram: {
      observe: (labels, value) => histogram.observe(labels, value),
      bind: (labels) => histogram.labels(labels),
    },
    expose: () => registry.expose(),
    stream: async () => {
      let bytes = 0;
      for await (const slice of registry.exposeSlices()) bytes += slice.length;
      return bytes;
    },
  };
}

async function openTelemetry(): Promise<ILibrary> {
  const { AggregationType, MeterProvider } = await import('@opentelemetry/sdk-metrics');
  const { PrometheusExporter, PrometheusSerializer } = await import('@opentelemetry/exporter-prometheus');
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({
    readers: [reader],
    views: [
      { instrumentName: 'bench', aggregationCardinalityLimit: SERIES_MAX },
      {
        instrumentName: 'bench_seconds',
        aggregationCardinalityLimit: SERIES_MAX,
        aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: BUCKETS } },
      },
    ],
  });
  const meter = provider.getMeter('bench');
  const counter = meter.createCounter('bench');
  const histogram = meter.createHistogram('bench_seconds');
  const serializer = new PrometheusSerializer();
  const expose = async () => serializer.serialize((await reader.collect()).resourceMetrics);
  return {
    counter: { inc: (labels) => counter.add(1, labels) },
    histogram: { observe: (labels, value) => histogram.record(value, labels) },
    expose,
    stream: expose,
  };
}

/** Libraries by the name of their package; the first is ours. */
export const libraries: Readonly<Record<string, () => Promise<ILibrary>>> = {
  '@dcrouter/metrics': ours,
  'prom-client': async () => promStyle((await import('prom-client')).default as unknown as IPromModule),
  '@prometheus-io/client': async () =>
    promStyle((await import('@prometheus-io/client')).default as unknown as IPromModule),
  '@opentelemetry/sdk-metrics': openTelemetry,
};

/** Version of an installed package; undefined when it is not installed. */
export function versionOf(name: string): string | undefined {
  const require = createRequire(import.meta.url);
  try {
    // Not every package exports its package.json: look upwards from its entry.
    let folder = dirname(require.resolve(name));
    for (;;) {
      try {
        const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
          name?: string;
          version: string;
        };
        if (manifest.name === name) return manifest.version;
      } catch {
        // No package.json here.
      }
      if (dirname(folder) === folder) return undefined;
      folder = dirname(folder);
    }
  } catch {
    return undefined;
  }
}
