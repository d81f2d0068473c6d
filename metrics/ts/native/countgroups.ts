/** No slot, no group. */
const NONE = -1;

/**
 * Slots kept in order of their counts: a doubly linked list of groups, each the doubly linked list of the slots that
 * share one count. Raising a slot by one moves it at most to the neighbouring group, so it costs O(1); raising it by
 * more passes one group per distinct count in between. Everything lives in typed arrays made once.
 */
export class CountGroups {
  readonly #groupOf: Int32Array;
  readonly #before: Int32Array;
  readonly #after: Int32Array;
  readonly #groupCount: Float64Array;
  readonly #groupHead: Int32Array;
  readonly #lighter: Int32Array;
  readonly #heavier: Int32Array;
  readonly #free: Int32Array;
  #freeCount = 0;
  #lightest = NONE;
  #heaviest = NONE;

  constructor(capacity: number) {
    this.#groupOf = new Int32Array(capacity);
    this.#before = new Int32Array(capacity);
    this.#after = new Int32Array(capacity);
    this.#groupCount = new Float64Array(capacity);
    this.#groupHead = new Int32Array(capacity);
    this.#lighter = new Int32Array(capacity);
    this.#heavier = new Int32Array(capacity);
    this.#free = new Int32Array(capacity);
    this.clear();
  }

  /** Forgets every slot. */
  clear(): void {
    const capacity = this.#free.length;
    for (let at = 0; at < capacity; at += 1) this.#free[at] = capacity - 1 - at;
    this.#freeCount = capacity;
    this.#lightest = NONE;
    this.#heaviest = NONE;
  }

  /** Adds a slot that is in no group yet. */
  insert(slot: number, count: number): void {
    this.#place(slot, count, this.#lightest);
  }

  /** Adds `by` to the count of a slot. */
  raise(slot: number, by: number): void {
    const group = this.#groupOf[slot]!;
    const count = this.#groupCount[group]! + by;
    const heavier = this.#heavier[group]!;
    const alone = this.#groupHead[group] === slot && this.#after[slot] === NONE;
    if (alone && (heavier === NONE || this.#groupCount[heavier]! > count)) {
      this.#groupCount[group] = count;
      return;
    }
    this.#unlink(slot, group);
    if (alone) this.#removeGroup(group);
    this.#place(slot, count, heavier);
  }

  /** A slot with the smallest count. */
  lightest(): number {
    return this.#groupHead[this.#lightest]!;
  }

  countOf(slot: number): number {
    return this.#groupCount[this.#groupOf[slot]!]!;
  }

  /** Multiplies every count; the order stays. */
  scale(factor: number): void {
    for (let group = this.#lightest; group !== NONE; group = this.#heavier[group]!) this.#groupCount[group]! *= factor;
  }

  /** Visits up to `limit` slots, heaviest first. */
  forEachHeaviest(limit: number, visit: (slot: number, count: number) => void): void {
    let left = limit;
    for (let group = this.#heaviest; group !== NONE; group = this.#lighter[group]!) {
      for (let slot = this.#groupHead[group]!; slot !== NONE; slot = this.#after[slot]!) {
        if (left < 1) return;
        left -= 1;
        visit(slot, this.#groupCount[group]!);
      }
    }
  }

  /** Puts a detached slot into the group of `count`, looking from group `from` towards heavier ones. */
  #place(slot: number, count: number, from: number): void {
    let next = from;
    while (next !== NONE && this.#groupCount[next]! < count) next = this.#heavier[next]!;
    const group = next !== NONE && this.#groupCount[next] === count ? next : this.#makeGroup(count, next);
    const head = this.#groupHead[group]!;
    this.#groupOf[slot] = group;
    this.#before[slot] = NONE;
    this.#after[slot] = head;
    if (head !== NONE) this.#before[head] = slot;
    this.#groupHead[group] = slot;
  }

  #unlink(slot: number, group: number): void {
    const before = this.#before[slot]!;
    const after = this.#after[slot]!;
    if (before === NONE) this.#groupHead[group] = after;
    else this.#after[before] = after;
    if (after !== NONE) this.#before[after] = before;
  }

  /** Makes an empty group just lighter than `next` (or the heaviest of all). */
  #makeGroup(count: number, next: number): number {
    this.#freeCount -= 1;
    const group = this.#free[this.#freeCount]!;
    const lighter = next === NONE ? this.#heaviest : this.#lighter[next]!;
    this.#groupCount[group] = count;
    this.#groupHead[group] = NONE;
    this.#lighter[group] = lighter;
    this.#heavier[group] = next;
    if (lighter === NONE) this.#lightest = group;
    else this.#heavier[lighter] = group;
    if (next === NONE) this.#heaviest = group;
    else this.#lighter[next] = group;
    return group;
  }

  /** Takes an empty group out. It is never the heaviest: `raise` gives a lone slot of that a new count in place. */
  #removeGroup(group: number): void {
    const lighter = this.#lighter[group]!;
    const heavier = this.#heavier[group]!;
    if (lighter === NONE) this.#lightest = heavier;
    else this.#heavier[lighter] = heavier;
    this.#lighter[heavier] = lighter;
    this.#free[this.#freeCount] = group;
    this.#freeCount += 1;
  }
}
