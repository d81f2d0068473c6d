/** Nothing in this place of the table. */
const EMPTY = 0;
const FIRST_CAPACITY = 8;
/** Odd multiplier of Fibonacci hashing, 2^32 / golden ratio. */
const MULTIPLIER = 0x9e3779b1;

/**
 * From a tuple of label value numbers to a series number: open addressing with linear probing over one typed array,
 * at most three quarters full. The tuples themselves lie in a second typed array, one row per series.
 */
export class LabelIndex {
  /** Labels per series. */
  readonly width: number;
  /** Label value numbers, `width` per series; -1 in the first column marks a removed series. */
  ids: Int32Array;
  /** Series number + 1 per place, 0 when empty. The length is a power of two. */
  #places = new Int32Array(FIRST_CAPACITY);
  #used = 0;

  constructor(width: number) {
    this.width = width;
    this.ids = new Int32Array(FIRST_CAPACITY * Math.max(1, width));
  }

  /** Series with exactly the ids in `tuple`, or -1. */
  find(tuple: Int32Array): number {
    const { width, ids } = this;
    const places = this.#places;
    const mask = places.length - 1;
    let place = hashOf(tuple, 0, width) & mask;
    for (;;) {
      const series = places[place]! - 1;
      if (series < 0) return -1;
      const row = series * width;
      let column = 0;
      while (column < width && ids[row + column] === tuple[column]) column += 1;
      if (column === width) return series;
      place = (place + 1) & mask;
    }
  }

  /** Adds a series that is not in the index. */
  add(series: number, tuple: Int32Array): void {
    const { width } = this;
    if ((series + 1) * width > this.ids.length) {
      const ids = new Int32Array(this.ids.length * 2);
      ids.set(this.ids);
      this.ids = ids;
    }
    for (let column = 0; column < width; column += 1) this.ids[series * width + column] = tuple[column]!;
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
    this.ids[series * this.width] = -1;
  }

  #home(series: number): number {
    return hashOf(this.ids, series * this.width, this.width) & (this.#places.length - 1);
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
    for (const entry of old) if (entry !== EMPTY && entry !== undefined) this.#put(entry - 1);
  }
}

function hashOf(ids: Int32Array, from: number, width: number): number {
  let hash = 0;
  for (let at = from; at < from + width; at += 1) hash = Math.imul(hash ^ ids[at]!, MULTIPLIER) ^ (hash >>> 15);
  return (hash ^ (hash >>> 16)) >>> 0;
}
