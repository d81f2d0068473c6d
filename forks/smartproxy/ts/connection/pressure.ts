/**
 * Memory pressure: refusing new connections beats ending in the middle of those that exist.
 *
 * @module
 */
import { getHeapStatistics } from 'node:v8';
import { limits } from '../limits/limits.ts';

/** What V8 says about its heap, in bytes. */
export type THeap = () => { readonly used_heap_size: number; readonly heap_size_limit: number };

export class MemoryPressure {
  /** The heap is nearly full. */
  high = false;
  readonly #heap: THeap;

  constructor(heap: THeap = getHeapStatistics) {
    this.#heap = heap;
  }

  /** Looks again; once a second is enough, as a full heap is preceded by many collections. */
  check(): void {
    const { used_heap_size: used, heap_size_limit: limit } = this.#heap();
    this.high = used > limit * limits.heapShareMax;
  }
}
