import type { IForeignFamily, IForeignSample, IForeignSource } from '../exposition/foreign.ts';
import type { TAnyMetric } from '../exposition/samplewriters.ts';
import { runCollectors } from '../registry/collect.ts';
import type { Registry } from '../registry/registry.ts';
import { samplesOf } from './samples.ts';

/** One value as prom-client's registries hand it out. */
export interface IPromClientValue {
  value: number;
  labels?: Readonly<Record<string, string | number | undefined>> | object;
  metricName?: string;
}

/** One metric as prom-client's registries hand it out. */
export interface IPromClientJson {
  name: string;
  help: string;
  type: string | number;
  values?: readonly IPromClientValue[];
}

/** The part of a prom-client 15 or @prometheus-io/client registry that is read. */
export interface IPromClientSource {
  getMetricsAsJSON(): Promise<readonly IPromClientJson[]>;
}

/** The part of a prom-client 15 or @prometheus-io/client registry that metrics are put into. */
export interface IPromClientTarget {
  registerMetric(metric: never): void;
  removeSingleMetric(name: string): void;
}

const TYPES: ReadonlySet<string> = new Set(['counter', 'gauge', 'histogram', 'summary']);

/**
 * Makes a prom-client registry a source of ours: `registry.addSource(promClientSource(register))`. Its metrics then
 * appear on our endpoint in the format that the scraper asked for.
 */
export function promClientSource(source: IPromClientSource): IForeignSource {
  return {
    async families() {
      return (await source.getMetricsAsJSON()).map(toFamily);
    },
  };
}

function toFamily(metric: IPromClientJson): IForeignFamily {
  const type = String(metric.type);
  const samples = (metric.values ?? []).map((value): IForeignSample => {
    const labels: Record<string, string | number> = {};
    for (const [name, text] of Object.entries(value.labels ?? {})) {
      if (text !== undefined) labels[name] = text as string | number;
    }
    return { name: value.metricName ?? metric.name, labels, value: value.value };
  });
  return {
    name: metric.name,
    help: metric.help,
    type: TYPES.has(type) ? (type as IForeignFamily['type']) : 'unknown',
    samples,
  };
}

/** One of our metrics, seen from prom-client. */
class PromClientMetric {
  /** Not readonly: prom-client strips `_total` from it when its registry speaks OpenMetrics. */
  name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
  readonly #metric: TAnyMetric;
  readonly #collect: () => Promise<void>;

  constructor(metric: TAnyMetric, collect: () => Promise<void>) {
    this.name = metric.name;
    this.help = metric.help;
    this.type = metric.type;
    this.aggregator = metric.type === 'gauge' && metric.aggregate !== 'last' ? metric.aggregate : 'sum';
    this.#metric = metric;
    this.#collect = collect;
  }

  async get(): Promise<object> {
    await this.#collect();
    const values = samplesOf(this.#metric).map(({ name, labels, value }) => {
      // A counter's sample takes the name of the metric, to which prom-client adds `_total` in OpenMetrics.
      return this.type === 'counter' ? { labels, value } : { metricName: name, labels, value };
    });
    return { name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values };
  }

  reset(): void {
    this.#metric.reset();
  }
}

/**
 * Shows our metrics, those registered later included, inside an existing prom-client registry and so on its
 * `/metrics`. Returns a function that takes them out again. Throws prom-client's own error when a name is taken there.
 */
export function exposeInPromClient(registry: Registry, target: IPromClientTarget): () => void {
  const names = new Set<string>();
  const stop = registry.onMetric((metric) => {
    const collect = async (): Promise<void> => {
      const collector = registry.collectorOf(metric.name);
      if (collector !== undefined) await runCollectors([collector]);
    };
    target.registerMetric(new PromClientMetric(metric, collect) as never);
    names.add(metric.name);
  });
  return () => {
    stop();
    for (const name of names) target.removeSingleMetric(name);
  };
}
