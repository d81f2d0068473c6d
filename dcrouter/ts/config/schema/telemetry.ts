/**
 * The `telemetry` section: history, request ids.
 *
 * @module
 */
import { z } from 'zod';
import { HISTORY_ROUTES_DEFAULT, HISTORY_ROUTES_MAX } from '../../telemetry/limits.ts';

const requestId = z.strictObject({
  header: z.string().min(1).max(256).optional().describe('Field that carries the id; `X-Request-Id` unless given.'),
  accept: z.boolean().default(false).describe('Keep an id that the client sends, if it is one.'),
});

const history = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether there is a history.'),
  routes: z
    .int()
    .min(0)
    .max(HISTORY_ROUTES_MAX)
    .default(HISTORY_ROUTES_DEFAULT)
    .describe('Routes with series of their own; those that come first.'),
  persist: z.boolean().default(true).describe('Whether minutes are kept in the store.'),
});

export const telemetry = z.strictObject({
  requestId: z
    .union([z.boolean(), requestId])
    .default(false)
    .describe('An id for every HTTP request, told to target, client and log.'),
  history: history.prefault({}),
});
