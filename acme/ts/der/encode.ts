/**
 * The part of DER (X.690) that certificates and requests need, written from the inside out.
 *
 * @module
 */

/** Universal tags used by X.509. */
export const derTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest & 0xff);
  return [0x80 | bytes.length, ...bytes];
}

/** One element: tag, length, content. */
export function derElement(tag: number, ...content: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const part of content) length += part.length;
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(length)]), ...content]);
}

export function derSequence(...content: readonly Uint8Array[]): Buffer {
  return derElement(derTag.sequence, ...content);
}

export function derSet(...content: readonly Uint8Array[]): Buffer {
  return derElement(derTag.set, ...content);
}

/** A non-negative integer from its big-endian bytes; leading zeros are made minimal (X.690 §8.3.2). */
export function derInteger(value: number | Uint8Array): Buffer {
  let bytes = typeof value === 'number' ? Buffer.from([value]) : Buffer.from(value);
  while (bytes.length > 1 && bytes[0] === 0) bytes = bytes.subarray(1);
  if (bytes.length === 0) bytes = Buffer.from([0]);
  return (bytes[0] ?? 0) >= 0x80
    ? derElement(derTag.integer, Buffer.from([0]), bytes)
    : derElement(derTag.integer, bytes);
}

export function derBoolean(value: boolean): Buffer {
  return derElement(derTag.boolean, Buffer.from([value ? 0xff : 0x00]));
}

export function derBitString(content: Uint8Array, unusedBits = 0): Buffer {
  return derElement(derTag.bitString, Buffer.from([unusedBits]), content);
}

export function derOctetString(content: Uint8Array): Buffer {
  return derElement(derTag.octetString, content);
}

export function derUtf8String(text: string): Buffer {
  return derElement(derTag.utf8String, Buffer.from(text, 'utf8'));
}

/** `[n]` implicit over a primitive type. */
export function derContextPrimitive(number: number, content: Uint8Array): Buffer {
  return derElement(0x80 | number, content);
}

/** `[n]` explicit, or implicit over a constructed type. */
export function derContextConstructed(number: number, ...content: readonly Uint8Array[]): Buffer {
  return derElement(0xa0 | number, ...content);
}

/** An object identifier from its dotted form. */
export function derObjectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc & 0x7f];
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128))
      groups.unshift((high & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return derElement(derTag.objectIdentifier, Buffer.from(bytes));
}

/** UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5); whole seconds. */
export function derTime(date: Date): Buffer {
  const digits = date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return date.getUTCFullYear() < 2050
    ? derElement(derTag.utcTime, Buffer.from(digits.slice(2), 'latin1'))
    : derElement(derTag.generalizedTime, Buffer.from(digits, 'latin1'));
}
