/**
 * SipHash-2-4 with a 64-bit result (Aumasson and Bernstein 2012), on 32-bit halves: the hash of interoperable server
 * cookies (RFC 9018 §4.4).
 *
 * @module
 */

/** State words as low and high halves: v0 … v3. */
const v = new Int32Array(8);

function add(to: number, from: number): void {
  const low = (v[to]! >>> 0) + (v[from]! >>> 0);
  v[to] = low;
  v[to + 1] = v[to + 1]! + v[from + 1]! + (low > 0xffffffff ? 1 : 0);
}

function xor(to: number, from: number): void {
  v[to] = v[to]! ^ v[from]!;
  v[to + 1] = v[to + 1]! ^ v[from + 1]!;
}

/** Rotates left by fewer than 32 bits. */
function rotate(at: number, bits: number): void {
  const low = v[at]!;
  const high = v[at + 1]!;
  v[at] = (low << bits) | (high >>> (32 - bits));
  v[at + 1] = (high << bits) | (low >>> (32 - bits));
}

function swap(at: number): void {
  const low = v[at]!;
  v[at] = v[at + 1]!;
  v[at + 1] = low;
}

function round(): void {
  add(0, 2);
  rotate(2, 13);
  xor(2, 0);
  swap(0);
  add(4, 6);
  rotate(6, 16);
  xor(6, 4);
  add(0, 6);
  rotate(6, 21);
  xor(6, 0);
  add(4, 2);
  rotate(2, 17);
  xor(2, 4);
  swap(4);
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** Writes the hash of `bytes[0…length)` under the 16-octet `key` to `out[at…at+8)`. */
export function sipHash24(key: Uint8Array, bytes: Uint8Array, length: number, out: Uint8Array, at: number): void {
  const k0 = word(key, 0);
  const k1 = word(key, 4);
  const k2 = word(key, 8);
  const k3 = word(key, 12);
  v[0] = k0 ^ 0x70736575;
  v[1] = k1 ^ 0x736f6d65;
  v[2] = k2 ^ 0x6e646f6d;
  v[3] = k3 ^ 0x646f7261;
  v[4] = k0 ^ 0x6e657261;
  v[5] = k1 ^ 0x6c796765;
  v[6] = k2 ^ 0x79746573;
  v[7] = k3 ^ 0x74656462;
  const whole = length - (length % 8);
  for (let offset = 0; offset < whole; offset += 8) {
    absorb(word(bytes, offset), word(bytes, offset + 4));
  }
  let low = 0;
  let high = length << 24;
  for (let offset = whole, shift = 0; offset < length; offset++, shift += 8) {
    if (shift < 32) {
      low |= bytes[offset]! << shift;
    } else {
      high |= bytes[offset]! << (shift - 32);
    }
  }
  absorb(low, high);
  v[4] = v[4]! ^ 0xff;
  round();
  round();
  round();
  round();
  const resultLow = v[0]! ^ v[2]! ^ v[4]! ^ v[6]!;
  const resultHigh = v[1]! ^ v[3]! ^ v[5]! ^ v[7]!;
  for (let index = 0; index < 4; index++) {
    out[at + index] = resultLow >>> (index * 8);
    out[at + 4 + index] = resultHigh >>> (index * 8);
  }
}

function absorb(low: number, high: number): void {
  v[6] = v[6]! ^ low;
  v[7] = v[7]! ^ high;
  round();
  round();
  v[0] = v[0]! ^ low;
  v[1] = v[1]! ^ high;
}
