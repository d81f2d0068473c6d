/** Nothing in this place of the table. */
const EMPTY = 0;
const FIRST_BITS = 3;
const WORD_BITS = 32;
/** Numbers of a tuple that are hashed and compared without a loop; shorter tuples are filled up with zeros. */
export const UNROLLED = 4;
/** Odd multipliers, one per number of the tuple; a sum of such products hashes into its high bits. */
const FACTORS: readonly number[] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f];
const [FACTOR_0 = 0, FACTOR_1 = 0, FACTOR_2 = 0, FACTOR_3 = 0] = FACTORS;

/**
 * From a tuple of label value numbers to a series number: open addressing with linear probing over one typed array,
 * at most three quarters full. The tuples themselves lie in a second typed array, one row per series.
 */
export class LabelIndex {
  /** Numbers per row: at least {@link UNROLLED}. */
  readonly stride: number;
  /** The tuples, one row per series; -1 in the first column marks a removed series. */
  ids: Int32Array;
  /** Series number + 1 per place, 0 when empty. The length is a power of two. */
  #places = new Int32Array(2 ** FIRST_BITS);
  /** What a hash is shifted right by to become a place. */
  #shift = WORD_BITS - FIRST_BITS;
  #used = 0;

  constructor(labels: number) {
    this.stride = Math.max(UNROLLED, labels);
    this.ids = new Int32Array(this.stride * 2);
  }

  /** Series with exactly these ids, or -1; for up to {@link UNROLLED} labels. The hot path: no loop over labels. */
  find(a: number, b: number, c: number, d: number): number {
    const { ids, stride } = this;
    const places = this.#places;
    const mask = places.length - 1;
    let place = hash4(a, b, c, d) >>> this.#shift;
    for (;;) {
      const series = places[place]! - 1;
      if (series < 0) return -1;
      const row = series * stride;
      if (ids[row] === a && ids[row + 1] === b && ids[row + 2] === c && ids[row + 3] === d) return series;
      place = (place + 1) & mask;
    }
  }

  /** Series with exactly the ids in `tuple` (of length {@link stride}), or -1. */
  findTuple(tuple: Int32Array): number {
    const { ids, stride } = this;
    const places = this.#places;
    const mask = places.length - 1;
    let place = hashOf(tuple, 0, stride) >>> this.#shift;
    for (;;) {
      const series = places[place]! - 1;
      if (series < 0) return -1;
      const row = series * stride;
      let column = 0;
      while (column < stride && ids[row + column] === tuple[column]) column += 1;
      if (column === stride) return series;
      place = (place + 1) & mask;
    }
  }

  /** Adds a series that is not in the index. */
  add(series: number, tuple: Int32Array): void {
    if ((series + 1) * this.stride > this.ids.length) {
      const ids = new Int32Array(this.ids.length * 2);
      ids.set(this.ids);
      this.ids = ids;
    }
    this.ids.set(tuple, series * this.stride);
    this.#used += 1;
    if (this.#used * 4 > this.#places.length * 3) this.#grow();
    this.#put(series);
  }

  /** Takes a series out and closes the gap, so that no probe sequence breaks. */
  remove(series: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let gap = this.#home(series);
    while (places[gap] !== series + 1) gap = (gap + 1) & mask;
    let next = gap;
    for (;;) {
      next = (next + 1) & mask;
      const moving = places[next]! - 1;
      if (moving < 0) break;
      // It may fill the gap only if the gap lies between its home and its present place.
      const fromHome = (next - this.#home(moving)) & mask;
      if (fromHome >= ((next - gap) & mask)) {
        places[gap] = moving + 1;
        gap = next;
      }
    }
    places[gap] = EMPTY;
    this.#used -= 1;
    this.ids[series * this.stride] = -1;
  }

  #home(series: number): number {
    return hashOf(this.ids, series * this.stride, this.stride) >>> this.#shift;
  }

  #put(series: number): void {
    const mask = this.#places.length - 1;
    let place = this.#home(series);
    while (this.#places[place] !== EMPTY) place = (place + 1) & mask;
    this.#places[place] = series + 1;
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new Int32Array(old.length * 2);
    this.#shift -= 1;
    for (const entry of old) if (entry !== EMPTY) this.#put(entry - 1);
  }
}

function hash4(a: number, b: number, c: number, d: number): number {
  return Math.imul(a, FACTOR_0) + Math.imul(b, FACTOR_1) + Math.imul(c, FACTOR_2) + Math.imul(d, FACTOR_3);
}

/** The same as {@link hash4} for rows of four numbers. */
function hashOf(ids: Int32Array, from: number, stride: number): number {
  let hash = 0;
  for (let column = 0; column < stride; column += 1) {
    hash += Math.imul(ids[from + column]!, FACTORS[column % UNROLLED]! + (column - (column % UNROLLED)));
  }
  return hash;
}
