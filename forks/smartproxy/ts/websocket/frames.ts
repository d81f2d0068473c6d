/**
 * Finds the frames in a WebSocket's bytes (RFC 6455 §5.2) without copying or changing them.
 *
 * @module
 */

const LENGTH_MASK = 0x7f;
const OPCODE_MASK = 0x0f;
const MASK_BIT = 0x80;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MASK_BYTES = 4;
const BYTE_VALUES = 256;

/** RFC 6455 §5.5. */
export const OPCODE = { close: 8, ping: 9, pong: 10 } as const;

export class FrameScanner {
  /** Opcode of the frame that began last. */
  opcode = 0;
  /** Payload bytes of the frame that began last. */
  payloadBytes = 0;
  /** Pong frames that began so far. */
  pongs = 0;
  /** Largest payload announced so far. */
  largestBytes = 0;
  /** Payload bytes of the current frame still to come. */
  #left = 0;
  /** Header bytes read of the next frame, and how many it has; 0 while not known. */
  #headerRead = 0;
  #headerBytes = 0;
  #length = 0;
  #second = 0;

  /** Between two frames: here another may be put in. */
  get atBoundary(): boolean {
    return this.#left === 0 && this.#headerRead === 0;
  }

  /** Follows `bytes[start, end)`. */
  scan(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.#left > 0) {
        const take = Math.min(this.#left, end - at);
        this.#left -= take;
        at += take;
      } else {
        this.#header(bytes[at]!);
        at += 1;
      }
    }
  }

  #header(byte: number): void {
    this.#headerRead += 1;
    if (this.#headerRead === 1) {
      this.opcode = byte & OPCODE_MASK;
      this.#headerBytes = 0;
      return;
    }
    if (this.#headerRead === 2) {
      this.#second = byte;
      const length = byte & LENGTH_MASK;
      const lengthBytes = length === LENGTH_64 ? 8 : length === LENGTH_16 ? 2 : 0;
      this.#headerBytes = 2 + lengthBytes + ((byte & MASK_BIT) === 0 ? 0 : MASK_BYTES);
      this.#length = lengthBytes === 0 ? length : 0;
    } else if (this.#headerRead <= 2 + this.#lengthBytes()) this.#length = this.#length * BYTE_VALUES + byte;
    if (this.#headerRead < this.#headerBytes) return;
    this.#headerRead = 0;
    this.#left = this.#length;
    this.payloadBytes = this.#length;
    if (this.#length > this.largestBytes) this.largestBytes = this.#length;
    if (this.opcode === OPCODE.pong) this.pongs += 1;
  }

  #lengthBytes(): number {
    const length = this.#second & LENGTH_MASK;
    return length === LENGTH_64 ? 8 : length === LENGTH_16 ? 2 : 0;
  }
}
