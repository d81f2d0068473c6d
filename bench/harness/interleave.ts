// Runs the sides of one comparison in turns, so that what the machine does meanwhile hits all of them alike.
import { progress } from './print.ts';

/** One side's values by round; undefined where a round failed. */
export type TRounds = Array<number | undefined>;

export interface ISide<T> {
  readonly name: string;
  measure(round: number): Promise<T>;
}

export interface ISideResult<T> {
  /** By round; undefined where that round failed. */
  readonly values: Array<T | undefined>;
  /** Message of the last failure. */
  readonly failure?: string;
}

/** Measures every side once per round. The order turns with the rounds, so no side always follows the same other. */
export async function interleave<T>(
  title: string,
  sides: ReadonlyArray<ISide<T>>,
  rounds: number,
): Promise<Map<string, ISideResult<T>>> {
  const results = new Map<string, { values: Array<T | undefined>; failure?: string }>();
  for (const side of sides) results.set(side.name, { values: [] });
  for (let round = 0; round < rounds; round += 1) {
    for (let index = 0; index < sides.length; index += 1) {
      const side = sides[(index + round) % sides.length]!;
      const result = results.get(side.name)!;
      try {
        result.values[round] = await side.measure(round);
      } catch (error) {
        result.values[round] = undefined;
        result.failure = error instanceof Error ? error.message : String(error);
        progress(`  ${title}, ${side.name}: ${result.failure}`);
      }
    }
  }
  return results;
}

/** The rounds in which both sides have a value, as two lists of the same length. */
export function paired<T>(
  ours: ISideResult<T> | undefined,
  peer: ISideResult<T> | undefined,
  value: (measured: T) => number,
): { ours: number[]; peer: number[] } {
  const pairs: { ours: number[]; peer: number[] } = { ours: [], peer: [] };
  for (const [round, mine] of (ours?.values ?? []).entries()) {
    const theirs = peer?.values[round];
    if (mine === undefined || theirs === undefined) continue;
    pairs.ours.push(value(mine));
    pairs.peer.push(value(theirs));
  }
  return pairs;
}
