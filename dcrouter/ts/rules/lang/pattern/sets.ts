/**
 * Sets of UTF-16 code units, as the classes of regular expressions name them.
 *
 * @module
 */

/** Inclusive ranges, ascending, that neither overlap nor touch. */
export type TCodeSet = ReadonlyArray<readonly [number, number]>;

export const CODE_MAX = 0xffff;

/** Puts ranges into order. */
export function codeSet(ranges: ReadonlyArray<readonly [number, number]>): TCodeSet {
  const merged: Array<[number, number]> = [];
  for (const [low, high] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else merged.push([low, high]);
  }
  return merged;
}

export function negated(set: TCodeSet): TCodeSet {
  const result: Array<[number, number]> = [];
  let from = 0;
  for (const [low, high] of set) {
    if (low > from) result.push([from, low - 1]);
    from = high + 1;
  }
  if (from <= CODE_MAX) result.push([from, CODE_MAX]);
  return result;
}

/** The set with both cases of its ASCII letters. */
export function foldedCase(set: TCodeSet): TCodeSet {
  const ranges: Array<readonly [number, number]> = [...set];
  for (const [low, high] of set) {
    for (let code = Math.max(low, 0x41); code <= Math.min(high, 0x5a); code += 1) ranges.push([code + 32, code + 32]);
    for (let code = Math.max(low, 0x61); code <= Math.min(high, 0x7a); code += 1) ranges.push([code - 32, code - 32]);
  }
  return codeSet(ranges);
}

const one = (code: number): readonly [number, number] => [code, code];

export const DIGITS = codeSet([[0x30, 0x39]]);
export const WORDS = codeSet([[0x30, 0x39], [0x41, 0x5a], one(0x5f), [0x61, 0x7a]]);
/** As ECMAScript's `\s`. */
export const SPACES = codeSet([
  [0x09, 0x0d],
  one(0x20),
  one(0xa0),
  one(0x1680),
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  one(0x202f),
  one(0x205f),
  one(0x3000),
  one(0xfeff),
]);
/** What `.` does not match: line ends. */
export const LINE_ENDS = codeSet([one(0x0a), one(0x0d), [0x2028, 0x2029]]);
