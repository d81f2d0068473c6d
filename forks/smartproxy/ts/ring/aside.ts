/**
 * Completions that were taken out of a full queue to make room for those behind it. They keep their turn.
 *
 * @module
 */

const NUMBERS = 3;
/** User data of a completion that was dealt with ahead of its turn. */
export const DONE = -1;

export class Aside {
  /** What {@link Aside.take} or {@link Aside.next} found. */
  userData = 0;
  result = 0;
  flags = 0;
  /** As many as are under way at most: a receive and a send of each socket, and one for each buffer. */
  readonly #numbers: number[] = [];
  #at = 0;

  get empty(): boolean {
    return this.#numbers.length === 0;
  }

  add(userData: number, result: number, flags: number): void {
    this.#numbers.push(userData, result, flags);
  }

  /** Takes the first one with this user data out of its turn. */
  take(userData: number): boolean {
    const numbers = this.#numbers;
    for (let at = this.#at; at < numbers.length; at += NUMBERS) {
      if (numbers[at] !== userData) continue;
      this.#read(at);
      numbers[at] = DONE;
      return true;
    }
    return false;
  }

  /** The one whose turn it is. */
  next(): boolean {
    if (this.#at < this.#numbers.length) {
      this.#read(this.#at);
      this.#at += NUMBERS;
      return true;
    }
    this.#numbers.length = 0;
    this.#at = 0;
    return false;
  }

  #read(at: number): void {
    const numbers = this.#numbers;
    this.userData = numbers[at]!;
    this.result = numbers[at + 1]!;
    this.flags = numbers[at + 2]!;
  }
}
