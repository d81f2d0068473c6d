/**
 * Follows the frames of one direction of a WebSocket (RFC 6455 §5.2) without keeping or changing their bytes.
 *
 * @module
 */

/** Two bytes, eight of extended length, four of mask. */
const HEADER_BYTES_MAX = 14;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const LOW_7_BITS = 0x7f;
const MASK_BIT = 0x80;
/** Opcodes from here on are control frames (§5.5). */
const CONTROL_OPCODE = 0x8;
const CONTROL_PAYLOAD_MAX = 125;

/** Why a frame is not let pass. */
export type TFrameFault = 'too-big' | 'malformed';

export class FrameFollower {
  readonly #payloadMax: number;
  readonly #header = new Uint8Array(HEADER_BYTES_MAX);
  #have = 0;
  #need = 2;
  /** Bytes of the current frame's payload that are still to come. */
  #left = 0;

  /** @param payloadMax bytes of one frame's payload; Infinity for no limit. */
  constructor(payloadMax: number) {
    this.#payloadMax = payloadMax;
  }

  /** Whether the bytes so far end with a whole frame, so that another one may be put in. */
  get isBetween(): boolean {
    return this.#left === 0 && this.#have === 0;
  }

  /** Goes over the next bytes. @returns what is wrong with a frame that begins in them, or null */
  follow(bytes: Uint8Array, start: number, end: number): TFrameFault | null {
    let at = start;
    while (at < end) {
      if (this.#left > 0) {
        const passed = Math.min(this.#left, end - at);
        this.#left -= passed;
        at += passed;
        continue;
      }
      this.#header[this.#have] = bytes[at]!;
      this.#have += 1;
      at += 1;
      if (this.#have < this.#need) continue;
      if (this.#have === 2) this.#need = 2 + this.#extraBytes();
      if (this.#have < this.#need) continue;
      const fault = this.#beginPayload();
      if (fault !== null) return fault;
    }
    return null;
  }

  #extraBytes(): number {
    const second = this.#header[1]!;
    const length = second & LOW_7_BITS;
    const extended = length === LENGTH_16 ? 2 : length === LENGTH_64 ? 8 : 0;
    return extended + ((second & MASK_BIT) === 0 ? 0 : 4);
  }

  /** The header is complete. */
  #beginPayload(): TFrameFault | null {
    const header = this.#header;
    let length = header[1]! & LOW_7_BITS;
    if ((header[0]! & CONTROL_OPCODE) !== 0 && length > CONTROL_PAYLOAD_MAX) return 'malformed';
    if (length >= LENGTH_16) {
      const bytes = length === LENGTH_16 ? 2 : 8;
      length = 0;
      for (let i = 0; i < bytes; i += 1) length = length * 256 + header[2 + i]!;
    }
    // §5.2: the most significant bit of a 64-bit length must be 0; beyond 2^53 no number of bytes is exact.
    if (length > Number.MAX_SAFE_INTEGER) return 'malformed';
    this.#have = 0;
    this.#need = 2;
    this.#left = length;
    return length > this.#payloadMax ? 'too-big' : null;
  }
}
