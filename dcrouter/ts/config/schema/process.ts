/**
 * The `process` section: who the process is, and how it begins and ends.
 *
 * @module
 */
import { z } from 'zod';
import { processLimits } from '../../process/limits.ts';

export const processSection = z.strictObject({
  user: z.string().min(1).optional().describe('Name or number; root becomes this user before it opens anything.'),
  group: z.string().min(1).optional().describe('Name or number; default the group of the user.'),
  allowRoot: z.boolean().default(false).describe('Root is what is wanted: no warning.'),
  drainDelayMs: z
    .int()
    .min(0)
    .max(processLimits.drainDelayMsMax)
    .default(0)
    .describe('Milliseconds between "not ready" and the end of listening when the process stops.'),
  handOverDrainMs: z
    .int()
    .min(0)
    .max(processLimits.drainMsMax)
    .default(processLimits.handOverDrainMs)
    .describe('Milliseconds that connections of the old process may go on after a restart.'),
  readyTimeoutMs: z
    .int()
    .min(1)
    .max(processLimits.readyMsMax)
    .default(processLimits.readyMs)
    .describe('Milliseconds that a new process has to serve after a restart.'),
});

export type TProcessConfig = z.output<typeof processSection>;
