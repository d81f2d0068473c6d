/**
 * Memory pressure: new connections wait, unread, until it is over. Node cannot leave them in the port's queue: a port
 * that closes resets what is queued. Refusing those for which there is no room, or that have waited too long, beats
 * ending in the middle of those that exist.
 *
 * @module
 */
import { getHeapStatistics } from 'node:v8';
import { limits } from '../limits/limits.ts';

/** What V8 says about its heap, in bytes. */
export type THeap = () => { readonly used_heap_size: number; readonly heap_size_limit: number };

/** Goes on with a connection that waited; `refused`: only to be counted and ended. */
export type TArrival = (refused: boolean) => void;

interface IWaiting {
  readonly sinceMs: number;
  readonly arrive: TArrival;
}

export class MemoryPressure {
  /** The heap is nearly full. */
  high = false;
  /** In the order of their coming. */
  #waiting: IWaiting[] = [];
  readonly #heap: THeap;

  constructor(heap: THeap = getHeapStatistics) {
    this.#heap = heap;
  }

  /** Lets a connection wait; false where there is no room. */
  hold(arrive: TArrival): boolean {
    if (this.#waiting.length >= limits.pressureQueue) return false;
    this.#waiting.push({ sinceMs: performance.now(), arrive });
    return true;
  }

  /** Looks again; once a second is enough, as a full heap is preceded by many collections. */
  check(nowMs: number): void {
    const { used_heap_size: used, heap_size_limit: limit } = this.#heap();
    this.high = used > limit * limits.heapShareMax;
    if (this.#waiting.length === 0) return;
    if (!this.high) this.release();
    else {
      const late = this.#waiting.findIndex(({ sinceMs }) => nowMs - sinceMs < limits.pressureWaitMs);
      this.#end(late === -1 ? this.#waiting.length : late, true);
    }
  }

  /** Nobody waits any longer. */
  release(): void {
    this.#end(this.#waiting.length, false);
  }

  #end(count: number, refused: boolean): void {
    // Those that come in the midst of it wait behind.
    for (const { arrive } of this.#waiting.splice(0, count)) arrive(refused);
  }
}
