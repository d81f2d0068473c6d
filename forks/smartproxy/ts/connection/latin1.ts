/**
 * Node's latin1 methods of buffers, which its types leave out: `toString('latin1')` without looking up the encoding.
 *
 * @module
 */
interface ILatin1Buffer {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, offset: number): number;
}

/** `bytes[start, end)` as text, one character per byte. */
export function latin1(bytes: Buffer, start: number, end: number): string {
  return (bytes as unknown as ILatin1Buffer).latin1Slice(start, end);
}

/** Writes text of one-byte characters at `offset`. */
export function writeLatin1(bytes: Buffer, text: string, offset: number): void {
  (bytes as unknown as ILatin1Buffer).latin1Write(text, offset);
}
