/**
 * When sockets move into the ring.
 *
 * @module
 */
import { limits } from '../limits/limits.ts';

/** Tests of the ring let sockets move at once. */
export const moves: { reads: number; readsAgain: number } = {
  reads: limits.ringReads,
  readsAgain: limits.ringReadsAgain,
};
