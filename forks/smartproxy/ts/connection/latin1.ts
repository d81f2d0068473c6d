/**
 * Node's latin1 methods of buffers, which its types leave out: `toString('latin1')` without looking up the encoding.
 *
 * @module
 */
declare global {
  interface Buffer<TArrayBuffer extends ArrayBufferLike = ArrayBufferLike> {
    latin1Slice(start: number, end: number): string;
    latin1Write(text: string, offset: number): number;
  }
}

export {};
