/**
 * What several handlers' results make together.
 *
 * @module
 */
import type { IResourceRecord } from '#wire';
import type { IDnsHandlerResponse, TDnsHandlerResult } from '../interfaces/query.ts';
import { CachedResult } from './cache.ts';
import { toRecords } from './records.ts';
import { HandlerFailure, isWholeAnswer, type TOutcome } from './results.ts';
import type { IHandlerEntry } from './table.ts';

/** A handler's result, fresh or kept, or why there is none. */
export type THandlerOutcome = TOutcome | CachedResult;

/** When and how the same answer may be given again; undefined for never. */
export interface IRepeatRule {
  readonly entries?: readonly IHandlerEntry[];
  readonly results?: readonly TDnsHandlerResult[];
  readonly expiresMs?: number;
  readonly cached?: boolean;
}

export interface IMerged {
  /** The handler that the answer is counted for; undefined when none gave anything. */
  entry: IHandlerEntry | undefined;
  /** A handler threw, or gave something that is no record. */
  failure: { readonly error: unknown } | undefined;
  /** A handler gave a whole answer; nothing of the others is used. */
  whole: IDnsHandlerResponse | undefined;
  records: IResourceRecord[];
  /** Everything came from caches. */
  cached: boolean;
  repeat: IRepeatRule | undefined;
}

/** Merges the results in the order of the handlers. */
export function mergeOutcomes(entries: readonly IHandlerEntry[], outcomes: readonly THandlerOutcome[]): IMerged {
  const merged: IMerged = {
    entry: undefined,
    failure: undefined,
    whole: undefined,
    records: [],
    cached: true,
    repeat: undefined,
  };
  let cachedUntilMs = Infinity;
  for (const [index, given] of outcomes.entries()) {
    let outcome: TOutcome;
    if (given instanceof CachedResult) {
      outcome = given.result;
      cachedUntilMs = Math.min(cachedUntilMs, given.expiresMs);
    } else {
      outcome = given;
      merged.cached = false;
    }
    if (!take(merged, entries[index]!, outcome)) {
      return merged;
    }
  }
  if (merged.cached) {
    merged.repeat = { expiresMs: cachedUntilMs, cached: true };
  } else if (entries.every(({ cache }) => cache === undefined)) {
    merged.repeat = { entries, results: outcomes as readonly TDnsHandlerResult[] };
  }
  return merged;
}

/** Adds one handler's result; false when it decides the whole answer. */
function take(merged: IMerged, entry: IHandlerEntry, outcome: TOutcome): boolean {
  if (outcome === null || outcome === undefined) {
    return true;
  }
  if (outcome instanceof HandlerFailure) {
    merged.entry = entry;
    merged.failure = outcome;
    return false;
  }
  try {
    if (isWholeAnswer(outcome)) {
      merged.entry = entry;
      merged.whole = outcome;
      return false;
    }
    merged.records.push(...toRecords(outcome));
    merged.entry ??= entry;
    return true;
  } catch (error) {
    merged.entry = entry;
    merged.failure = { error };
    return false;
  }
}
