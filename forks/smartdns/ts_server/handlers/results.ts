/**
 * Calls handlers, and tells whether one returned the same as before.
 *
 * @module
 */
import type {
  DnsAnswer,
  IDnsHandlerResponse,
  IDnsQueryContext,
  IDnsQuestion,
  TDnsHandlerResult,
} from '../interfaces/query.ts';
import { isPromise } from '../pipeline/after.ts';
import type { IHandlerEntry } from './table.ts';

/** A handler threw, or its promise was rejected. */
export class HandlerFailure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** A handler's result, or why there is none. */
export type TOutcome = TDnsHandlerResult | HandlerFailure;

/** Never throws and never rejects: a failure is a result. */
export function callHandler(
  entry: IHandlerEntry,
  question: IDnsQuestion,
  context: IDnsQueryContext,
): TOutcome | Promise<TOutcome> {
  try {
    const result = entry.handler(question, context);
    return isPromise(result) ? result.then(undefined, (error: unknown) => new HandlerFailure(error)) : result;
  } catch (error) {
    return new HandlerFailure(error);
  }
}

/** A whole answer rather than a record: it has no record type. */
export function isWholeAnswer(result: DnsAnswer | DnsAnswer[] | IDnsHandlerResponse): result is IDnsHandlerResponse {
  return !Array.isArray(result) && !('type' in result);
}

/** Whether `now` says the same as `kept`, a copy of an earlier result. */
export function sameResults(kept: TDnsHandlerResult, now: TOutcome): boolean {
  if (kept === null || kept === undefined || now === null || now === undefined) {
    return (kept ?? null) === (now ?? null);
  }
  if (now instanceof HandlerFailure) {
    return false;
  }
  if (Array.isArray(kept) || Array.isArray(now)) {
    return (
      Array.isArray(kept) &&
      Array.isArray(now) &&
      kept.length === now.length &&
      kept.every((record, index) => sameRecord(record, now[index]!))
    );
  }
  return !isWholeAnswer(kept) && !isWholeAnswer(now) && sameRecord(kept, now);
}

function sameRecord(kept: DnsAnswer, now: DnsAnswer): boolean {
  return (
    kept.name === now.name &&
    kept.type === now.type &&
    kept.ttl === now.ttl &&
    kept.class === now.class &&
    sameData(kept.data, now.data)
  );
}

function sameData(kept: unknown, now: unknown): boolean {
  if (typeof kept !== 'object' || typeof now !== 'object' || kept === null || now === null) {
    return kept === now;
  }
  const keptKeys = Object.keys(kept);
  if (keptKeys.length !== Object.keys(now).length) {
    return false;
  }
  for (const key of keptKeys) {
    if (!sameData((kept as Record<string, unknown>)[key], (now as Record<string, unknown>)[key])) {
      return false;
    }
  }
  return true;
}

/** Copies that no handler can change later; undefined when a result holds what cannot be copied. */
export function keepResults(results: readonly TDnsHandlerResult[]): TDnsHandlerResult[] | undefined {
  try {
    return structuredClone(results) as TDnsHandlerResult[];
  } catch {
    return undefined;
  }
}
