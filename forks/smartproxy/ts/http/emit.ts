/**
 * One write per message: head, chunk framing and body bytes leave together.
 *
 * @module
 */
import { latin1, writeLatin1 } from '../connection/latin1.ts';
import { Writable } from 'node:stream';
import { sharedSlab } from '../connection/slab.ts';
import type { IStream } from '../connection/socket.ts';
import { ownSocket, refersToWritten } from '../connection/sockets.ts';
import { limits } from '../limits/limits.ts';
import { isRingMemory } from '../ring/rings.ts';

/**
 * Writes `before`, `bytes[start, end)` and `after` to `dest`.
 *
 * The bytes may lie in the buffer that `source` reads into; what cannot leave at once is kept safe. `freeEnd` says up
 * to where `bytes` may be overwritten after `end`; everything before `start` may be.
 *
 * @returns false when `dest` wants no more for now
 */
export function emit(
  dest: IStream,
  source: IStream | null,
  before: string,
  bytes: Buffer,
  start: number,
  end: number,
  freeEnd: number,
  after: string,
): boolean {
  const total = before.length + (end - start) + after.length;
  if (total <= limits.stringWriteBytes) {
    if (total === 0) return true;
    if (start === end) return dest.write(before + after, 'latin1');
    return dest.write(before + latin1(bytes, start, end) + after, 'latin1');
  }
  if (bytes === sharedSlab.view) {
    // The next read of any socket overwrites these bytes: copy, and read into a slab of its own from now on.
    ownSocket(source)?.useOwnSlab();
    return dest.write(joinCopy(before, bytes, start, end, after));
  }
  if (isRingMemory(bytes)) {
    // As short-lived, and what stands beside them is of other sockets.
    return dest.write(joinCopy(before, bytes, start, end, after));
  }
  let from = start;
  let to = end;
  if (before.length > 0) {
    if (before.length > start) return emitParts(dest, source, before, bytes, start, end, after);
    from = start - before.length;
    writeLatin1(bytes, before, from);
  }
  if (after.length > 0) {
    if (end + after.length > freeEnd) return emitParts(dest, source, '', bytes, from, end, after);
    writeLatin1(bytes, after, end);
    to = end + after.length;
  }
  const busy = dest.writableLength > 0;
  const more = dest.write(bytes.subarray(from, to));
  keepPending(dest, source, bytes, busy);
  return more;
}

/** Makes sure that a write which is still under way keeps its bytes. */
function keepPending(dest: IStream, source: IStream | null, bytes: Buffer, busy: boolean): void {
  const reader = ownSocket(source);
  if (reader === null || reader.slab === null || reader.slab.bytes !== bytes) return;
  if (refersToWritten(dest, busy)) reader.replaceSlab();
}

function emitParts(
  dest: IStream,
  source: IStream | null,
  before: string,
  bytes: Buffer,
  start: number,
  end: number,
  after: string,
): boolean {
  const busy = dest.writableLength > 0;
  if (dest instanceof Writable) dest.cork();
  if (before !== '') dest.write(before, 'latin1');
  let more = dest.write(bytes.subarray(start, end));
  if (after !== '') more = dest.write(after, 'latin1');
  if (dest instanceof Writable) dest.uncork();
  keepPending(dest, source, bytes, busy);
  return more;
}

function joinCopy(before: string, bytes: Buffer, start: number, end: number, after: string): Buffer {
  const joined = Buffer.allocUnsafe(before.length + (end - start) + after.length);
  writeLatin1(joined, before, 0);
  bytes.copy(joined, before.length, start, end);
  writeLatin1(joined, after, before.length + end - start);
  return joined;
}
