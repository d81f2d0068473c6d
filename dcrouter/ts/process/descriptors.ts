/**
 * Whether the process may open as many descriptors as its connections need.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { processLimits } from './limits.ts';

/** The limit of open files; undefined where the system does not tell, infinite where there is none. */
export function openFilesMax(text: string | undefined = readLimits()): number | undefined {
  const soft = /^Max open files\s+(\S+)/m.exec(text ?? '')?.[1];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Infinity : Number(soft);
}

/** Descriptors for that many proxied connections at once. */
export function descriptorsFor(connections: number): number {
  return connections * processLimits.descriptorsPerConnection + processLimits.descriptorsReserved;
}

function readLimits(): string | undefined {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return undefined;
  }
}
