/**
 * Reading DER: element by element, never past the end, never deeper than asked.
 *
 * @module
 */

/** One element as ranges of the buffer it was read from. */
export interface IDerElement {
  readonly tag: number;
  /** Content without tag and length. */
  readonly content: Buffer;
  /** Tag, length and content. */
  readonly whole: Buffer;
}

/**
 * The element at the start of `bytes`.
 *
 * @throws RangeError when it is cut short, or uses a form that DER forbids.
 */
export function readDerElement(bytes: Buffer): IDerElement {
  const tag = bytes[0];
  const first = bytes[1];
  if (tag === undefined || first === undefined) throw new RangeError('DER element is cut short');
  if ((tag & 0x1f) === 0x1f) throw new RangeError('DER tag numbers above 30 are not used in certificates');
  let length = first;
  let start = 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    // 0x80 is BER's indefinite form; more than four bytes would be a certificate above 4 GiB.
    if (count === 0 || count > 4 || bytes.length < 2 + count) throw new RangeError('DER length is malformed');
    length = bytes.readUIntBE(2, count);
    start += count;
  }
  if (start + length > bytes.length) throw new RangeError('DER element is cut short');
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(0, start + length) };
}

/** The elements that follow each other in `content`, at most `countMax` of them. */
export function readDerElements(content: Buffer, countMax = 256): IDerElement[] {
  const elements: IDerElement[] = [];
  for (let rest = content; rest.length > 0;) {
    if (elements.length === countMax) throw new RangeError(`DER sequence holds more than ${countMax} elements`);
    const element = readDerElement(rest);
    elements.push(element);
    rest = rest.subarray(element.whole.length);
  }
  return elements;
}
