/**
 * The control plane's numbers, counted where a change ends and read by telemetry.
 *
 * @module
 */
import type { IDurations } from '../telemetry/fill.ts';
import { DURATION_BOUNDS_SECONDS } from './limits.ts';

/** Where a change came from: a document by its source, this node's objects, or the objects of another node. */
export const CHANGE_SOURCES = ['file', 'api', 'rollback', 'objects', 'nodes'] as const;
export type TChangeSource = (typeof CHANGE_SOURCES)[number];

/** `refused`: not valid, or not possible now; `failed`: a part or the store could not follow. */
export const CHANGE_OUTCOMES = ['applied', 'unchanged', 'refused', 'failed'] as const;
export type TChangeOutcome = (typeof CHANGE_OUTCOMES)[number];

export interface IControlStats {
  readonly changes: Readonly<Record<TChangeSource, Readonly<Record<TChangeOutcome, number>>>>;
  /** Changes that were taken back because nobody confirmed them in time. */
  readonly reverted: number;
  readonly confirmed: number;
  /** Changes refused because too many waited or one waited too long. */
  readonly busy: number;
  /** Changes that wait now. */
  readonly waiting: number;
  /** Tries of an object change that another node overtook. */
  readonly conflicts: number;
  /** Undefined before the first one. */
  readonly lastSuccessAtMs: number | undefined;
  readonly lastFailureAtMs: number | undefined;
  /** From its turn to its answer, of changes that were applied. */
  readonly duration: IDurations;
  readonly version: number;
  readonly revision: number;
  /** Settings that wait for a restart. */
  readonly pendingRestart: number;
  /** When the running version is taken back unless confirmed. */
  readonly confirmByMs: number | undefined;
  /** Whether the store has been opened; while it has not, changes are refused. */
  readonly storeOpen: boolean;
}

/** Counts; every series starts at zero, so that the first increment is visible. */
export class ControlCounters {
  readonly changes = zeroes();
  reverted = 0;
  confirmed = 0;
  conflicts = 0;
  lastSuccessAtMs: number | undefined;
  lastFailureAtMs: number | undefined;
  readonly #buckets = DURATION_BOUNDS_SECONDS.map(() => 0);
  #count = 0;
  #sumSeconds = 0;

  ended(source: TChangeSource, outcome: TChangeOutcome, atMs: number, tookMs: number): void {
    this.changes[source][outcome] += 1;
    if (outcome === 'failed' || outcome === 'refused') this.lastFailureAtMs = atMs;
    else this.lastSuccessAtMs = atMs;
    if (outcome !== 'applied') return;
    const seconds = tookMs / 1_000;
    const bucket = DURATION_BOUNDS_SECONDS.findIndex((bound) => seconds <= bound);
    if (bucket >= 0) this.#buckets[bucket]! += 1;
    this.#count += 1;
    this.#sumSeconds += seconds;
  }

  duration(): IDurations {
    let below = 0;
    const buckets = DURATION_BOUNDS_SECONDS.map((le, index) => {
      below += this.#buckets[index]!;
      return { le, count: below };
    });
    return { sumSeconds: this.#sumSeconds, buckets: [...buckets, { le: Infinity, count: this.#count }] };
  }
}

function zeroes(): Record<TChangeSource, Record<TChangeOutcome, number>> {
  const row = (): Record<TChangeOutcome, number> => ({ applied: 0, unchanged: 0, refused: 0, failed: 0 });
  return { file: row(), api: row(), rollback: row(), objects: row(), nodes: row() };
}
