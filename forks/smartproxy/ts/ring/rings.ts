/**
 * The ring of this thread: proxies share it, and the last one to stop closes it.
 *
 * @module
 */
import { isMainThread } from 'node:worker_threads';
import { loadLibc } from './libc.ts';
import { shareMemory } from './memory.ts';
import { Ring } from './ring.ts';

let ring: Ring | null = null;
let holders = 0;
let hearsExit = false;
/** Of rings that close as well: the last sockets in them are still told of bytes. */
const memories = new WeakSet<Buffer>();

/** The ring, to be given back by {@link releaseRing}; or why there is none. */
export function acquireRing(): Ring | string {
  if (ring === null) {
    const opened = openRing();
    if (typeof opened === 'string') return opened;
    ring = opened;
  }
  holders += 1;
  return ring;
}

export function releaseRing(): void {
  holders -= 1;
  if (holders > 0 || ring === null) return;
  ring.closeWhenEmpty();
  ring = null;
}

/** The memory that ring sockets receive into, where bytes stand only during a call. */
export function isRingMemory(bytes: Buffer): boolean {
  return memories.has(bytes);
}

function openRing(): Ring | string {
  const libc = loadLibc();
  if (typeof libc === 'string') return libc;
  const memory = shareMemory(libc);
  if (typeof memory === 'string') return memory;
  try {
    const opened = new Ring(memory);
    memories.add(opened.bytes);
    if (!isMainThread && !hearsExit) {
      hearsExit = true;
      process.on('exit', dropRing);
    }
    return opened;
  } catch (error) {
    memory.unmap();
    libc.close(memory.eventFd);
    return error instanceof Error ? error.message : String(error);
  }
}

/** Of a process that ends the kernel takes everything back, of a thread it does not. */
function dropRing(): void {
  if (ring !== null) ring.drop();
}
