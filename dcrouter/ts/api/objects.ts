/**
 * Where something that serves came from.
 *
 * @module
 */
import { z } from 'zod';
import type { IStoredObject, TJson } from '../store/types.ts';

export const origin = z
  .enum(['document', 'object', 'auto'])
  .describe("The node's document, a shared object, or made by the router itself.");

export function valueOf(object: IStoredObject | undefined): TJson | undefined {
  return object?.value;
}
