/**
 * The configuration document's schema: one file per section.
 *
 * @module
 */
import { z } from 'zod';
import { api } from './api.ts';
import { dns } from './dns.ts';
import { health } from './health.ts';
import { logging } from './logging.ts';
import { proxy } from './proxy.ts';
import { resolve } from './resolve.ts';
import { rules } from './rules.ts';

export const configSchema = z.strictObject({
  api: api.prefault({}),
  logging: logging.prefault({}),
  proxy: proxy.optional(),
  dns: dns.optional(),
  resolve: resolve.prefault({}),
  health: health.prefault({}),
  rules: rules.prefault({}),
});

/** A validated configuration with every default filled in. */
export type TConfig = z.output<typeof configSchema>;
export type { TCheckConfig, THealthConfig } from './health.ts';
export type { TRouteConfig } from './route.ts';
export type { TRuleAction, TRuleConfig, TRulesConfig } from './rules.ts';
export type { TRecordConfig, TZoneConfig } from './zone.ts';
