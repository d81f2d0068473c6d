import type { Registry } from '../registry/registry.ts';

/**
 * Counts uncaught exceptions and unhandled rejections without changing what becomes of them.
 *
 * `uncaughtExceptionMonitor` sees both as long as nobody handles rejections. A listener of our own for
 * `unhandledRejection` would swallow them, so ours is there only while the application has one itself.
 * Returns a function that stops observing.
 */
export function registerErrors(registry: Registry, prefix: string): () => void {
  const exceptions = registry.counter({
    name: `${prefix}nodejs_uncaught_exceptions_total`,
    help: 'Exceptions that nothing caught.',
  });
  const rejections = registry.counter({
    name: `${prefix}nodejs_unhandled_rejections_total`,
    help: 'Promise rejections that nothing handled.',
  });
  const onException = (_: Error, origin: string): void => {
    if (origin === 'unhandledRejection') rejections.inc();
    else exceptions.inc();
  };
  const onRejection = (): void => rejections.inc();
  const onListener = (event: string | symbol, listener: unknown): void => {
    const present = process.listeners('unhandledRejection').includes(onRejection);
    if (event === 'unhandledRejection' && listener !== onRejection && !present) {
      process.prependListener('unhandledRejection', onRejection);
    }
  };
  const onRemoved = (event: string | symbol, listener: unknown): void => {
    if (event !== 'unhandledRejection' || listener === onRejection) return;
    if (process.listenerCount('unhandledRejection') === 1) process.off('unhandledRejection', onRejection);
  };
  process.on('uncaughtExceptionMonitor', onException);
  process.on('newListener', onListener);
  process.on('removeListener', onRemoved);
  if (process.listenerCount('unhandledRejection') > 0) process.prependListener('unhandledRejection', onRejection);
  return () => {
    process.off('uncaughtExceptionMonitor', onException);
    process.off('newListener', onListener);
    process.off('removeListener', onRemoved);
    process.off('unhandledRejection', onRejection);
  };
}
