/**
 * Log-linear bucket numbers straight from the bits of a double (IEEE 754 binary64): the exponent and the first four
 * bits of the mantissa, so each power of two is split into 16 buckets of equal width. A bucket is at most 1/16 as wide
 * as its lower bound, so its middle is within 1/32 (3.2 %) of every value in it.
 */
const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer);
scratch[0] = 1;
/** Which 32-bit half of a double holds the exponent: the second on little-endian machines. */
const HIGH_WORD = Number(words[1] !== 0);

/** Mantissa bits that a bucket number keeps. */
const SUB_BITS = 4;
/** Buckets per power of two. */
export const BUCKETS_PER_OCTAVE = 2 ** SUB_BITS;
/** Bits below the kept ones in the high word: 20 mantissa bits are there. */
const SHIFT = 20 - SUB_BITS;
const EXPONENT_BIAS = 1_023;

/** Bucket number of a positive, finite double. Bucket numbers grow with the value. */
export function bucketOf(value: number): number {
  scratch[0] = value;
  return words[HIGH_WORD]! >>> SHIFT;
}

/** Bucket number whose lower bound is 2^exponent. */
export function bucketOfPower(exponent: number): number {
  return (exponent + EXPONENT_BIAS) * BUCKETS_PER_OCTAVE;
}

/** Lower bound of a bucket. */
export function bucketLow(bucket: number): number {
  const exponent = Math.floor(bucket / BUCKETS_PER_OCTAVE) - EXPONENT_BIAS;
  return 2 ** exponent * (1 + (bucket % BUCKETS_PER_OCTAVE) / BUCKETS_PER_OCTAVE);
}

/** Middle of a bucket, the value it stands for. */
export function bucketMiddle(bucket: number): number {
  return (bucketLow(bucket) + bucketLow(bucket + 1)) / 2;
}
