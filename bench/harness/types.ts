/**
 * What a suite is and what it reports.
 *
 * @module
 */

/** One comparison: what ours took, what one peer took in the same rounds, and whether the goal holds. */
export interface IBenchRow {
  readonly suite: string;
  /** What was measured, and nothing of the peer: rows of the same name are the same work. */
  readonly row: string;
  /** Unit of `ours` and `peerValue`: `µs/request`, `queries/s`, `ns/op`, … */
  readonly unit: string;
  /** Median over the rounds; null when ours could not be measured (`note` says why). */
  readonly ours: number | null;
  /** The peer with its version; an absolute goal has the peer `–`. */
  readonly peer: string;
  /** Median over the rounds; null when the peer is missing or is not part of the goal. */
  readonly peerValue: number | null;
  /** `ours / peerValue`: the median of the ratios formed inside each round; null without a peer value. */
  readonly ratio: number | null;
  /** The goal in words, such as `≤ 1.2 ×` or `≤ 5`; null where the row stands for information only. */
  readonly goal: string | null;
  /** Whether the goal holds; null where there is no goal or no measurement. */
  readonly met: boolean | null;
  /** Rounds in which both sides were measured. */
  readonly rounds: number;
  /** What a reader must know about this row: a missing peer, an adjusted count, a limit of the load tool. */
  readonly note?: string;
}

/** How a suite is asked to run. */
export interface ISuiteOptions {
  /** Shorter loads and fewer rounds: under two minutes for the whole suite. */
  readonly quick: boolean;
  /** Interleaved rounds per comparison. */
  readonly rounds: number;
  /** Runs only rows whose name contains this text. */
  readonly only?: string;
  /** Runs only against peers whose name contains one of these texts; a goal is then judged for those alone. */
  readonly peers?: readonly string[];
}

/** Whether a peer takes part. */
export function takesPart(options: ISuiteOptions, peer: string): boolean {
  return options.peers === undefined || options.peers.some((text) => peer.includes(text));
}

/** A suite lives in `bench/<name>/suite.ts`, which exports it as `suite`. */
export interface ISuite {
  readonly name: string;
  run(options: ISuiteOptions): Promise<IBenchRow[]>;
}
