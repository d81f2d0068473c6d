/**
 * Read buffers. Every socket reads into one shared slab; one that carries a big transfer borrows a slab of its own.
 *
 * Node hands `onread` callbacks a buffer that the next read overwrites. Bytes of the shared slab must therefore leave
 * synchronously or be copied. A lent slab belongs to one socket alone, so a write that the kernel could not take at
 * once may keep it: the socket then simply borrows another.
 *
 * @module
 */
import { limits } from '../limits/limits.ts';

const SLAB_BYTES = limits.headroomBytes + limits.readBytes + limits.tailroomBytes;

/** A read area with room before and after it, where new framing is written without moving the body. */
export class Slab {
  readonly bytes: Buffer;
  /** The part that the kernel reads into. */
  readonly view: Buffer;

  constructor() {
    this.bytes = Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.view = this.bytes.subarray(limits.headroomBytes, limits.headroomBytes + limits.readBytes);
  }
}

/** The slab that sockets read into unless they borrowed their own. */
export const sharedSlab = new Slab();

const spare: Slab[] = [];
let lent = 0;
let nextView = sharedSlab.view;

/** Borrows a slab, or gives null when too many are out. */
export function borrowSlab(): Slab | null {
  if (lent >= limits.lentSlabs) return null;
  lent += 1;
  return spare.pop() ?? new Slab();
}

/** Gives a slab back that nothing refers to any more. */
export function returnSlab(slab: Slab): void {
  lent -= 1;
  if (spare.length < limits.spareSlabs) spare.push(slab);
}

/** Gives up a slab that a pending write still refers to. */
export function abandonSlab(): void {
  lent -= 1;
}

/** Slabs lent now; for tests and gauges. */
export function lentSlabs(): number {
  return lent;
}

/**
 * Node asks this for the buffer of a socket's next read, right after that socket's callback and also when a socket is
 * made. Only the first may see a lent slab, so the answer falls back to the shared one each time.
 */
export function nextReadBuffer(): Buffer {
  const view = nextView;
  nextView = sharedSlab.view;
  return view;
}

/** Sets the buffer for the socket whose callback is running. */
export function setNextReadBuffer(slab: Slab | null): void {
  nextView = slab === null ? sharedSlab.view : slab.view;
}
