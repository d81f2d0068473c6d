/**
 * What serves now, as one value that is only replaced as a whole.
 *
 * @module
 */
import type { TConfig } from '../config/schema/index.ts';
import type { IStoredObject } from '../store/types.ts';
import type { ISnapshot } from './types.ts';

export interface IServing {
  readonly snapshot: ISnapshot;
  /** The running document, as the compiler takes it. */
  readonly document: { readonly file: string; readonly text: string };
  /** Of the file that the document came from or came after; of the text where there never was a file. */
  readonly fileHash: string;
  readonly objects: readonly IStoredObject[];
}

/** Brings the parts from one configuration to the next, all or nothing. */
export type TReconcile = (next: TConfig) => Promise<void>;

/** Freezes a value of plain data all the way down. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
