/**
 * The store's metrics.
 *
 * @module
 */
import { operationNames } from '../store/operations.ts';
import { latencyBoundsSeconds } from '../store/limits.ts';
import type { IStore } from '../store/types.ts';
import type { Families } from './families.ts';
import { catchUp, catchUpAll, flag, loadDurations } from './fill.ts';

export function registerStoreMetrics(families: Families, source: () => Pick<IStore, 'stats' | 'dialect'> | null): void {
  const operations = families.counter(
    'dcrouter_store_operations_total',
    'Operations of the store, by outcome: done or failed (conflicts and refused requests included).',
    'operation',
    'outcome',
  );
  const duration = families.histogram(
    'dcrouter_store_operation_duration_seconds',
    'Time from the call of an operation to its end.',
    latencyBoundsSeconds,
    'operation',
  );
  const dropped = families.counter(
    'dcrouter_store_dropped_total',
    'What went as a bound was reached: audit entries, past versions, history samples, or refused operations.',
    'what',
  );
  const schema = families.gauge('dcrouter_store_schema_version', 'Version of the database schema.');
  const info = families.gauge('dcrouter_store_info', 'A constant 1 with the kind of store as label.', 'dialect');
  families.filling('dcrouter_store_reachable', '1 while the last operation reached the store.', (reachable) => {
    const store = source();
    if (store === null) {
      reachable.set(0);
      return;
    }
    const stats = store.stats();
    reachable.set(flag(stats.reachable));
    schema.set(stats.schemaVersion);
    info.labels(store.dialect).set(1);
    catchUpAll(dropped, { ...stats.dropped });
    for (const name of operationNames) {
      const operation = stats.operations[name];
      if (operation === undefined) continue;
      catchUp(operations.labels(name, 'done'), operation.done);
      catchUp(operations.labels(name, 'failed'), operation.failed);
      loadDurations(duration.labels(name), operation);
    }
  });
}
