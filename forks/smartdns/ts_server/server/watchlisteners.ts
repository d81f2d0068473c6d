/**
 * Tells when an emitter's listeners change.
 *
 * @module
 */
import type { EventEmitter } from 'node:events';

const changing = [
  'on',
  'addListener',
  'once',
  'prependListener',
  'prependOnceListener',
  'off',
  'removeListener',
  'removeAllListeners',
] as const;

/**
 * Calls `changed` after every change of `emitter`'s listeners.
 *
 * The `newListener` event would come before the change, and would count as a listener that `removeAllListeners` takes
 * away.
 */
export function watchListeners<T extends Record<keyof T, unknown[]>>(
  emitter: EventEmitter<T>,
  changed: () => void,
): void {
  const methods = emitter as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of changing) {
    const original = methods[name]!;
    Object.defineProperty(emitter, name, {
      configurable: true,
      writable: true,
      value: (...args: unknown[]): unknown => {
        const result = original.apply(emitter, args);
        changed();
        return result;
      },
    });
  }
}
