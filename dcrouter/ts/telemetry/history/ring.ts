/**
 * One resolution: a fixed number of points per series, each at its place in time.
 *
 * @module
 */

const BYTES_PER_POINT = Float64Array.BYTES_PER_ELEMENT;

export class Ring {
  readonly stepMs: number;
  readonly #points: number;
  readonly #columns: Float64Array[] = [];
  /** Number of the newest step, in steps since 1970; -1 before the first. */
  #newest = -1;
  /** Number of the first step ever put in. */
  #first = -1;

  constructor(stepMs: number, points: number) {
    this.stepMs = stepMs;
    this.#points = points;
  }

  /** End of the newest point, Unix ms; 0 before the first. */
  get endMs(): number {
    return (this.#newest + 1) * this.stepMs;
  }

  /** Begin of the oldest point that was ever put in and is still there; Infinity before the first. */
  get sinceMs(): number {
    if (this.#newest < 0) return Infinity;
    return Math.max(this.#first, this.#newest - this.#points + 1) * this.stepMs;
  }

  /** Milliseconds that the ring can hold. */
  get spanMs(): number {
    return this.#points * this.stepMs;
  }

  get bytes(): number {
    return this.#columns.length * this.#points * BYTES_PER_POINT;
  }

  /** Makes room for one more series; gives its number. */
  addColumn(): number {
    return this.#columns.push(new Float64Array(this.#points).fill(Number.NaN)) - 1;
  }

  clearColumn(column: number): void {
    this.#columns[column]!.fill(Number.NaN);
  }

  /** Puts in the values of the step that begins at `atMs`. Steps left out become unknown; a step of the past, too. */
  put(atMs: number, values: Float64Array): void {
    const step = Math.floor(atMs / this.stepMs);
    if (step <= this.#newest) this.#forget();
    if (this.#newest < 0) this.#first = step;
    else {
      const missing = Math.min(step - this.#newest - 1, this.#points);
      for (let back = 1; back <= missing; back += 1) this.#set(step - back, null);
    }
    this.#set(step, values);
    this.#newest = step;
  }

  /** The value of a series in the step that begins at `atMs`; NaN when it is unknown. */
  at(column: number, atMs: number): number {
    const step = Math.floor(atMs / this.stepMs);
    if (step > this.#newest || step <= this.#newest - this.#points || step < this.#first) return Number.NaN;
    return this.#columns[column]![step % this.#points]!;
  }

  #set(step: number, values: Float64Array | null): void {
    const at = step % this.#points;
    for (const [column, points] of this.#columns.entries()) points[at] = values === null ? Number.NaN : values[column]!;
  }

  /** The clock was set back: what is here belongs to a future that has not come. */
  #forget(): void {
    for (const points of this.#columns) points.fill(Number.NaN);
    this.#newest = -1;
  }
}
