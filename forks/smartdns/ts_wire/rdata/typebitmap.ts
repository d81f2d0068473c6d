/**
 * The list of types in NSEC, NSEC3 and CSYNC (RFC 4034 §4.1.2).
 *
 * @module
 */
import { WireEncodeError, wireFaults } from '../errors.ts';
import type { WireReader } from '../message/reader.ts';
import type { WireWriter } from '../message/writer.ts';
import { typeToName, typeToNumber } from '../numbers/types.ts';

export function readTypeBitmap(reader: WireReader): string[] {
  const types: string[] = [];
  let previous = -1;
  while (reader.position < reader.limit) {
    const window = reader.u8();
    const length = reader.u8();
    // Windows ascend and have 1 to 32 bytes.
    if (window <= previous || length < 1 || length > 32) throw wireFaults.badRdata;
    previous = window;
    const base = window * 256;
    for (let index = 0; index < length; index++) {
      const bits = reader.u8();
      for (let bit = 0; bit < 8; bit++) {
        if ((bits & (0x80 >> bit)) !== 0) types.push(typeToName(base + index * 8 + bit));
      }
    }
  }
  return types;
}

export function writeTypeBitmap(writer: WireWriter, value: unknown, field: string): void {
  if (!Array.isArray(value)) throw new WireEncodeError('bad-data', `${field} is not an array of type mnemonics`);
  const numbers = value.map((type) => typeToNumber(type as string)).sort((left, right) => left - right);
  let index = 0;
  while (index < numbers.length) {
    const window = numbers[index]! >> 8;
    const bits = Buffer.alloc(32);
    let length = 0;
    while (index < numbers.length && numbers[index]! >> 8 === window) {
      const low = numbers[index]! & 255;
      bits[low >> 3] = bits[low >> 3]! | (0x80 >> (low & 7));
      length = (low >> 3) + 1;
      index++;
    }
    writer.u8(window);
    writer.u8(length);
    writer.bytes(bits.subarray(0, length));
  }
}
