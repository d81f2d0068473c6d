import { limits } from '../limits/limits.ts';

/** A `collect` callback with the metric it fills already given. */
export interface ICollector {
  name: string;
  run: () => void | Promise<void>;
}

/** Collectors that failed in one exposition, by metric name. */
export interface ICollectFailure {
  name: string;
  reason: 'error' | 'timeout';
}

/**
 * Runs all collectors, asynchronous ones side by side, and waits for them at most `timeoutMs` in all. One that fails or
 * is late costs only its own fresh values: the exposition goes on with what is there.
 */
export async function runCollectors(
  collectors: readonly ICollector[],
  timeoutMs: number = limits.collectTimeoutMs,
): Promise<ICollectFailure[]> {
  const failures: ICollectFailure[] = [];
  const pending = new Map<string, Promise<void>>();
  for (const { name, run } of collectors) {
    try {
      const result = run();
      if (result === undefined) continue;
      const settled = result.then(
        () => void pending.delete(name),
        () => {
          pending.delete(name);
          failures.push({ name, reason: 'error' });
        },
      );
      pending.set(name, settled);
    } catch {
      failures.push({ name, reason: 'error' });
    }
  }
  if (pending.size === 0) return failures;
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  await Promise.race([Promise.all(pending.values()), late]);
  clearTimeout(timer);
  for (const name of pending.keys()) failures.push({ name, reason: 'timeout' });
  return failures;
}
