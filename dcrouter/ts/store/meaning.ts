/**
 * What the operations mean, said once for the memory and both dialects.
 *
 * @module
 */
import { StoreConflictError, StoreRequestError } from './errors.ts';
import type { TVersionState } from './types.ts';

/** States of versions that never go, however many there are. */
export const LASTING_STATES = ['active', 'unconfirmed'] as const satisfies readonly TVersionState[];

/** What a change is told whose base is not the newest revision. */
export function conflict(expected: number, found: number | undefined): StoreConflictError {
  const now = found === undefined ? 'is another one' : `is ${found}`;
  return new StoreConflictError(`the revision ${now}, not ${expected}: load the objects again and retry`);
}

/** The states that a version loses when another one gets the given state. */
export function supersededBy(state: string): readonly string[] {
  if (state === 'active') return ['active', 'unconfirmed'];
  return state === 'unconfirmed' ? ['unconfirmed'] : [];
}

export function unknownVersion(version: number, node: string): StoreRequestError {
  return new StoreRequestError(`node '${node}' has no version ${version}: list the versions to see which are kept`);
}
