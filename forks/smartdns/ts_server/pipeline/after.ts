/**
 * Goes on with a value at once, or when its promise is done: answers that need no waiting never touch the micro-task
 * queue.
 *
 * @module
 */

export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

export function after<T, R>(value: T | Promise<T>, go: (value: T) => R | Promise<R>): R | Promise<R> {
  return isPromise(value) ? value.then(go) : go(value);
}
