/**
 * When what is being read came. Bytes that are found together came before they were found, so one reading of the clock
 * is nearer to the truth for all of them than one for each as its turn comes; and it costs less.
 *
 * @module
 */

/** 0 outside of turns. */
let foundAtMs = 0;

/** From here on bytes are told that are there already. */
export function beginArrivals(): void {
  foundAtMs = performance.now();
}

export function endArrivals(): void {
  foundAtMs = 0;
}

/** Monotonic ms. */
export function arrivedAtMs(): number {
  return foundAtMs === 0 ? performance.now() : foundAtMs;
}
