/**
 * The metrics of targets by name.
 *
 * @module
 */
import type { IResolveStats } from '../resolve/types.ts';
import type { Families } from './families.ts';
import { catchUp } from './fill.ts';

/** Names are in the API; here they would be labels without bound. */
const NO_NAMES = 0;

export function registerResolveMetrics(
  families: Families,
  source: () => { stats(namesMax?: number): IResolveStats } | null,
): void {
  const lookups = families.counter(
    'dcrouter_resolve_lookups_total',
    'Times that the address of a target was asked for.',
  );
  const hits = families.counter(
    'dcrouter_resolve_hits_total',
    'Look-ups that the cache answered, answers past their TTL included.',
  );
  const queries = families.counter('dcrouter_resolve_queries_total', 'Questions to resolvers.');
  const failures = families.counter('dcrouter_resolve_failures_total', 'Questions to resolvers that failed.');
  const stale = families.counter(
    'dcrouter_resolve_stale_uses_total',
    'Connections that used an answer past its TTL, as no resolver answered.',
  );
  const changes = families.counter(
    'dcrouter_resolve_changes_total',
    'Answers with other addresses than the one before.',
  );
  const evictions = families.counter('dcrouter_resolve_evictions_total', 'Names that made room for others.');
  families.filling('dcrouter_resolve_names', 'Names in the cache.', (names) => {
    const stats = source()?.stats(NO_NAMES);
    if (stats === undefined) return;
    names.set(stats.entries);
    catchUp(lookups.labels(), stats.lookups);
    catchUp(hits.labels(), stats.hits);
    catchUp(queries.labels(), stats.queries);
    catchUp(failures.labels(), stats.failures);
    catchUp(stale.labels(), stats.staleUses);
    catchUp(changes.labels(), stats.changes);
    catchUp(evictions.labels(), stats.evictions);
  });
}
