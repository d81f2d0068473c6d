/**
 * Every metric of the router, and where its numbers come from.
 *
 * @module
 */
import { registerBuildInfo, type Registry } from '@dcrouter/metrics';
import { VERSION } from '../version.ts';
import { registerApiMetrics } from './api.ts';
import { registerControlMetrics } from './control.ts';
import { registerDnsMetrics } from './dns.ts';
import { registerEventMetrics } from './events.ts';
import { Families } from './families.ts';
import { registerHealthMetrics } from './health.ts';
import { registerHistoryMetrics } from './history-metrics.ts';
import { registerLogMetrics } from './log.ts';
import { registerProxyMetrics } from './proxy.ts';
import { registerResolveMetrics } from './resolve.ts';
import { registerRuleMetrics } from './rules.ts';
import { registerStoreMetrics } from './store.ts';

type TSource<TRegister> = TRegister extends (families: Families, source: infer TRead) => void ? TRead : never;

/** Read at each scrape; null for what is not configured. */
export interface IMetricSources {
  readonly proxy: TSource<typeof registerProxyMetrics>;
  readonly dns: TSource<typeof registerDnsMetrics>;
  readonly control: TSource<typeof registerControlMetrics>;
  readonly store: TSource<typeof registerStoreMetrics>;
  readonly rules: TSource<typeof registerRuleMetrics>;
  readonly resolve: TSource<typeof registerResolveMetrics>;
  readonly health: TSource<typeof registerHealthMetrics>;
  readonly history: TSource<typeof registerHistoryMetrics>;
  readonly logs: TSource<typeof registerLogMetrics>;
  readonly events: TSource<typeof registerEventMetrics>;
  readonly api: TSource<typeof registerApiMetrics>;
}

/** Registers all of them; the returned function takes them out again. */
export function registerRouterMetrics(registry: Registry, sources: IMetricSources): () => void {
  const families = new Families(registry);
  registerProxyMetrics(families, sources.proxy);
  registerDnsMetrics(families, sources.dns);
  registerControlMetrics(families, sources.control);
  registerStoreMetrics(families, sources.store);
  registerRuleMetrics(families, sources.rules);
  registerResolveMetrics(families, sources.resolve);
  registerHealthMetrics(families, sources.health);
  registerHistoryMetrics(families, sources.history);
  registerLogMetrics(families, sources.logs);
  registerEventMetrics(families, sources.events);
  registerApiMetrics(families, sources.api);
  const build = registerBuildInfo(registry, { name: 'dcrouter', version: VERSION });
  return () => {
    families.unregister();
    registry.unregister(build.name);
  };
}
