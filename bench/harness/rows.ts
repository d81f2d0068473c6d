// Makes rows out of measurements, so that every suite forms medians, ratios and verdicts in the same way.
import type { IBenchRow } from './types.ts';

/** A bound on the ratio `ours / peer`, or with `absolute` on our own value. */
export interface IGoal {
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly absolute?: boolean;
}

/** The measurements of one comparison; the n-th entries of both lists come from the same round. */
export interface IComparison {
  readonly suite: string;
  readonly row: string;
  readonly unit: string;
  readonly ours: readonly number[];
  readonly peer: string;
  /** Absent when the peer is missing. */
  readonly peerValues?: readonly number[];
  readonly goal?: IGoal;
  readonly note?: string;
}

/** Median; the mean of the middle two for an even count, and NaN for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function describeGoal(goal: IGoal | undefined): string | null {
  if (goal === undefined) return null;
  const unit = goal.absolute === true ? '' : ' ×';
  if (goal.atMost !== undefined) return `≤ ${goal.atMost}${unit}`;
  if (goal.atLeast !== undefined) return `≥ ${goal.atLeast}${unit}`;
  return null;
}

function isMet(goal: IGoal | undefined, ours: number | null, ratio: number | null): boolean | null {
  if (goal === undefined) return null;
  const value = goal.absolute === true ? ours : ratio;
  if (value === null) return null;
  if (goal.atMost !== undefined) return value <= goal.atMost;
  if (goal.atLeast !== undefined) return value >= goal.atLeast;
  return null;
}

/** The row of one comparison: medians of both sides, and the median of the ratios formed inside a round. */
export function makeRow(comparison: IComparison): IBenchRow {
  const { suite, row, unit, peer, peerValues, goal, note } = comparison;
  const rounds = Math.min(comparison.ours.length, peerValues?.length ?? comparison.ours.length);
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (peerValues !== undefined) ratios.push(comparison.ours[round]! / peerValues[round]!);
  }
  const ours = orNull(median(comparison.ours));
  const ratio = orNull(median(ratios));
  return {
    suite,
    row,
    unit,
    ours,
    peer,
    peerValue: peerValues === undefined ? null : orNull(median(peerValues)),
    ratio,
    goal: describeGoal(goal),
    met: isMet(goal, ours, ratio),
    rounds,
    ...(note === undefined ? {} : { note }),
  };
}

/** The row that names a peer which is not installed. */
export function missingPeerRow(suite: string, row: string, unit: string, peer: string, remedy: string): IBenchRow {
  return {
    suite,
    row,
    unit,
    ours: null,
    peer,
    peerValue: null,
    ratio: null,
    goal: null,
    met: null,
    rounds: 0,
    note: `missing: ${remedy}`,
  };
}
