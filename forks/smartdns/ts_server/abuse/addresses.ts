/**
 * Client addresses as numbers: networks to count by, octets to hash.
 *
 * @module
 */

const dot = 0x2e;
const colon = 0x3a;
const fnvPrime = 16_777_619;
const mappedPrefix = '::ffff:';

/** Octets of an address: 4 or 16; IPv4 inside IPv6 counts as IPv4. Undefined for what is no address. */
export function addressOctets(address: string, into: Uint8Array): number {
  if (address.startsWith(mappedPrefix) && address.includes('.')) {
    return octets4(address, mappedPrefix.length, into);
  }
  return address.includes(':') ? octets6(address, into) : octets4(address, 0, into);
}

function octets4(address: string, start: number, into: Uint8Array): number {
  let value = 0;
  let index = 0;
  for (let at = start; at < address.length; at++) {
    const code = address.charCodeAt(at);
    if (code === dot) {
      into[index++] = value;
      value = 0;
    } else {
      value = value * 10 + code - 0x30;
    }
  }
  into[index++] = value;
  return index === 4 ? 4 : 0;
}

function octets6(address: string, into: Uint8Array): number {
  into.fill(0, 0, 16);
  let index = 0;
  let gapAt = -1;
  let group = 0;
  let digits = 0;
  for (let at = 0; at <= address.length; at++) {
    const code = at < address.length ? address.charCodeAt(at) : colon;
    // A zone index (`%eth0`) is no part of the address.
    if (code === 0x25) {
      address = address.slice(0, at);
      at--;
      continue;
    }
    if (code !== colon) {
      group = (group << 4) | Number.parseInt(address[at]!, 16);
      digits++;
      continue;
    }
    if (digits > 0 && index <= 14) {
      into[index++] = group >>> 8;
      into[index++] = group & 0xff;
    }
    if (at + 1 < address.length && address.charCodeAt(at + 1) === colon) {
      gapAt = index;
    }
    group = 0;
    digits = 0;
  }
  if (gapAt >= 0) {
    into.copyWithin(16 - (index - gapAt), gapAt, index);
    into.fill(0, gapAt, 16 - (index - gapAt));
  }
  return 16;
}

const scratch = new Uint8Array(16);

/** Hash of the network a client is in: the first `bits4` or `bits6` bits of its address. */
export function networkHash(address: string, bits4: number, bits6: number, seed: number): number {
  const length = addressOctets(address, scratch);
  let bits = length === 4 ? bits4 : bits6;
  let hash = seed ^ length;
  for (let index = 0; index < length && bits > 0; index++, bits -= 8) {
    const mask = bits >= 8 ? 0xff : (0xff << (8 - bits)) & 0xff;
    hash = Math.imul(hash ^ (scratch[index]! & mask), fnvPrime);
  }
  return (hash ^ (hash >>> 15)) | 0;
}
