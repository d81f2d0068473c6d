/**
 * The `telemetry` section: history, request ids.
 *
 * @module
 */
import { z } from 'zod';
import { HISTORY_ROUTES_DEFAULT, HISTORY_ROUTES_MAX } from '../../telemetry/limits.ts';

const requestId = z.strictObject({
  header: z.string().min(1).max(256).optional(),
  accept: z.boolean().default(false),
});

const history = z.strictObject({
  enabled: z.boolean().default(true),
  /** Routes with series of their own; those that come first. */
  routes: z.int().min(0).max(HISTORY_ROUTES_MAX).default(HISTORY_ROUTES_DEFAULT),
  /** Whether minutes are kept in the store. */
  persist: z.boolean().default(true),
});

export const telemetry = z.strictObject({
  requestId: z.union([z.boolean(), requestId]).default(false),
  history: history.prefault({}),
});
