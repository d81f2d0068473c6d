/**
 * Shared objects change: the parts first, then the store with the revision as the guard.
 *
 * @module
 */
import { StoreConflictError } from '../store/errors.ts';
import type { TObjectChange } from '../store/types.ts';
import type { Bench } from './bench.ts';
import { ControlError } from './error.ts';
import { CONFLICT_TRIES_MAX } from './limits.ts';
import { auditOf, changeObjects } from './objects.ts';
import type { IApplied, IApplyOptions } from './types.ts';

/** @throws ConfigError, StartError, StoreConflictError, StoreUnavailableError, ControlError */
export async function applyObjectChanges(
  bench: Bench,
  changes: readonly TObjectChange[],
  options: IApplyOptions,
): Promise<IApplied> {
  if (options.confirmMs !== undefined)
    throw new ControlError(
      'DCR_CONTROL_CONFIRM',
      'shared objects serve on every node and cannot be taken back unconfirmed; leave the time to confirm out',
    );
  const store = bench.store();
  for (let tries = 1; ; tries += 1) {
    const { snapshot, document, objects } = bench.serving;
    options.guard?.(snapshot);
    const stamp = { revision: snapshot.revision + 1, atMs: bench.clock.nowMs(), by: options.by };
    const changed = changeObjects(objects, changes, stamp);
    const config = await bench.compiler.compile(document, changed);
    const plan = bench.compiler.plan(snapshot.config, config);
    await bench.go(config);
    try {
      const audit = auditOf(changes, options.by, options.comment);
      const revision = await store.objects.change(changes, snapshot.revision, audit);
      bench.replaceObjects(config, revision, changed, options.by);
      return { snapshot: bench.serving.snapshot, plan };
    } catch (error) {
      if (!(error instanceof StoreConflictError) || tries === CONFLICT_TRIES_MAX) {
        await bench.goBack();
        throw error;
      }
    }
    bench.report.counters.conflicts += 1;
    await adoptNewest(bench);
  }
}

/** Another node was faster: its objects serve, without our change, which is then laid over them again. */
async function adoptNewest(bench: Bench): Promise<void> {
  try {
    const { changed } = await bench.adoptObjects('nodes');
    if (!changed) await bench.goBack();
  } catch (error) {
    await bench.goBack();
    throw error;
  }
}
