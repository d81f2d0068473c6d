/**
 * The `process` section: who the process is, and how it begins and ends.
 *
 * @module
 */
import { z } from 'zod';
import { processLimits } from '../../process/limits.ts';

export const processSection = z.strictObject({
  /** Name or number; root becomes this user before it opens anything. */
  user: z.string().min(1).optional(),
  /** Name or number; default the user's own group. */
  group: z.string().min(1).optional(),
  /** Root is what is wanted: no warning. */
  allowRoot: z.boolean().default(false),
  /** Milliseconds between "not ready" and the end of listening when the process stops. */
  drainDelayMs: z.int().min(0).max(processLimits.drainDelayMsMax).default(0),
  /** Milliseconds that connections of the old process may go on after a restart. */
  handOverDrainMs: z.int().min(0).max(processLimits.drainMsMax).default(processLimits.handOverDrainMs),
  /** Milliseconds that a new process has to serve after a restart. */
  readyTimeoutMs: z.int().min(1).max(processLimits.readyMsMax).default(processLimits.readyMs),
});

export type TProcessConfig = z.output<typeof processSection>;
