/** What takes a duration in seconds: a histogram or summary without labels, or a handle of one with labels. */
export interface IObserver {
  observe(seconds: number): void;
}

/** Handles for the two ways a timed function can end. */
export interface ITimedOutcomes {
  success: IObserver;
  error: IObserver;
}

const MS_PER_SECOND = 1_000;

/**
 * Starts a stopwatch. Each call of the returned function gives the seconds since; it also observes them if there is an
 * `observer`.
 *
 * @example
 * const stop = startTimer(requestSeconds.labels('GET'));
 * await handle();
 * const seconds = stop();
 */
export function startTimer(observer?: IObserver): () => number {
  const startedMs = performance.now();
  return () => {
    const seconds = (performance.now() - startedMs) / MS_PER_SECOND;
    observer?.observe(seconds);
    return seconds;
  };
}

/**
 * Runs a function and observes how long it took in seconds, however it ends; its result or error passes through.
 *
 * @param target one observer, or one for success and one for errors
 */
export async function timed<TResult>(
  target: IObserver | ITimedOutcomes,
  work: () => TResult | Promise<TResult>,
): Promise<TResult> {
  const stop = startTimer();
  let failed = true;
  try {
    const result = await work();
    failed = false;
    return result;
  } finally {
    observerFor(target, failed).observe(stop());
  }
}

function observerFor(target: IObserver | ITimedOutcomes, failed: boolean): IObserver {
  if ('observe' in target) return target;
  return failed ? target.error : target.success;
}
