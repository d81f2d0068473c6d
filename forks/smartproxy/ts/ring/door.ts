/**
 * A proxy's way into the ring of its thread, where it counts who goes in and out.
 *
 * @module
 */
import type { IRingStats } from '../interfaces/stats.ts';
import type { Ring } from './ring.ts';

/** What is counted at the door; plain adds, read by `snapshot()`. */
export class RingCounters {
  /** Sockets that moved in, moved out again, and ended inside. */
  entered = 0;
  returned = 0;
  closed = 0;
  /** Sockets that stayed out, as the ring was full. */
  refused = 0;
  /** Receives that found no buffer and were begun again. */
  bufferless = 0;
  /** Messages that went by the handle, as no block was free. */
  blockless = 0;
  /** There was a ring, in this process or in a worker. */
  opened = false;

  read(): IRingStats {
    const { entered, returned, closed, refused, bufferless, blockless } = this;
    return { active: entered - returned - closed, entered, returned, closed, refused, bufferless, blockless };
  }
}

export class RingDoor {
  readonly ring: Ring;
  readonly counters: RingCounters;

  constructor(ring: Ring, counters: RingCounters) {
    this.ring = ring;
    this.counters = counters;
    counters.opened = true;
  }
}
