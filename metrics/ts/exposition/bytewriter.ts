const ZERO = 0x30;
const MINUS = 0x2d;
const LINE_FEED = 0x0a;
/** Below this, the short digit loop is exact with 32-bit arithmetic. */
const UINT32_END = 2 ** 32;
/** Integers up to here are exact, so their digits can be taken apart. */
const EXACT_INTEGER_END = 2 ** 53;
const NINE_DIGITS = 1_000_000_000;
/** Up to so many bytes a loop is faster than a call that copies. */
const LOOP_BYTES_MAX = 24;
/** Longest text of a double: sign, 17 digits, point, exponent. */
export const NUMBER_BYTES_MAX = 26;

/**
 * Writes the bytes of an exposition into a buffer of fixed size. Callers make room first with {@link hasRoom}; a
 * number or a label block is then written byte by byte, without a string in between.
 */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Bytes written since the last {@link take}. */
  get length(): number {
    return this.#length;
  }

  hasRoom(bytes: number): boolean {
    return this.#length + bytes <= this.#bytes.length;
  }

  /** Hands over what was written and starts a new buffer that holds at least `bytes`. */
  take(bytes = 0): Buffer {
    const slice = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(this.#capacity, bytes));
    this.#length = 0;
    return slice;
  }

  /** Where the next byte goes. */
  get position(): number {
    return this.#length;
  }

  /** Copies `from[start, end)`. */
  copy(from: Buffer, start: number, end: number): void {
    const bytes = this.#bytes;
    let at = this.#length;
    if (end - start > LOOP_BYTES_MAX) {
      this.#length = at + from.copy(bytes, at, start, end);
      return;
    }
    for (let index = start; index < end; index += 1) {
      bytes[at] = from[index]!;
      at += 1;
    }
    this.#length = at;
  }

  /** Copies what was written at `start` up to `end` since the last {@link take}. */
  repeat(start: number, end: number): void {
    this.#bytes.copyWithin(this.#length, start, end);
    this.#length += end - start;
  }

  /** Writes text that is ASCII. */
  ascii(text: string): void {
    const bytes = this.#bytes;
    let at = this.#length;
    for (let index = 0; index < text.length; index += 1) {
      bytes[at] = text.charCodeAt(index);
      at += 1;
    }
    this.#length = at;
  }

  /** Writes any text as UTF-8. */
  text(text: string): void {
    this.#length += this.#bytes.write(text, this.#length);
  }

  lineFeed(): void {
    this.#bytes[this.#length] = LINE_FEED;
    this.#length += 1;
  }

  /** Writes a sample value as Prometheus reads it: Go float syntax, `+Inf`, `-Inf`, `NaN`. */
  number(value: number): void {
    if (Math.floor(value) === value && Math.abs(value) < EXACT_INTEGER_END) this.#integer(value);
    else this.ascii(numberText(value));
  }

  #integer(value: number): void {
    let rest = value;
    if (rest < 0) {
      this.#bytes[this.#length] = MINUS;
      this.#length += 1;
      rest = -rest;
    }
    if (rest < UINT32_END) {
      this.#digits(rest, digitCount(rest));
      return;
    }
    const high = Math.floor(rest / NINE_DIGITS);
    this.#integer(high);
    this.#digits(rest - high * NINE_DIGITS, 9);
  }

  #digits(value: number, count: number): void {
    const bytes = this.#bytes;
    let rest = value >>> 0;
    for (let at = this.#length + count - 1; at >= this.#length; at -= 1) {
      const quotient = (rest / 10) >>> 0;
      bytes[at] = ZERO + rest - quotient * 10;
      rest = quotient;
    }
    this.#length += count;
  }
}

function digitCount(value: number): number {
  let count = 1;
  for (let end = 10; value >= end; end *= 10) count += 1;
  return count;
}

/** The text of a sample value. */
export function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}
