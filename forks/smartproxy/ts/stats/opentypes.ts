/** @module */
import type { TConnectionType } from '../interfaces/events.ts';

/** Open connections by type. */
export function openTypes(connections: Iterable<{ readonly type: TConnectionType | 'unknown' }>): Map<string, number> {
  const types = new Map<string, number>();
  for (const { type } of connections) types.set(type, (types.get(type) ?? 0) + 1);
  return types;
}
