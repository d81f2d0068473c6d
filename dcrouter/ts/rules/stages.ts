/**
 * The stages at which rules are asked, as bits.
 *
 * @module
 */
import type { TStage } from './types.ts';

export const STAGE = { connection: 1, request: 2, query: 4, mail: 8 } as const;
export const ALL_STAGES = 15;

/** In the order of their bits. */
export const STAGE_NAMES: readonly TStage[] = ['connection', 'request', 'query', 'mail'];

export function stageNames(bits: number): TStage[] {
  return STAGE_NAMES.filter((name) => (bits & STAGE[name]) !== 0);
}

export function stageBits(names: readonly TStage[]): number {
  return names.reduce((bits, name) => bits | STAGE[name], 0);
}
