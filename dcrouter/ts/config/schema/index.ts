/**
 * The configuration document's schema: one file per section.
 *
 * @module
 */
import { z } from 'zod';
import { api } from './api.ts';
import { dns } from './dns.ts';
import { logging } from './logging.ts';
import { processSection } from './process.ts';
import { proxy } from './proxy.ts';

export const configSchema = z.strictObject({
  api: api.prefault({}),
  logging: logging.prefault({}),
  process: processSection.prefault({}),
  proxy: proxy.optional(),
  dns: dns.optional(),
});

/** A validated configuration with every default filled in. */
export type TConfig = z.output<typeof configSchema>;
export type { TProcessConfig } from './process.ts';
export type { TRouteConfig } from './route.ts';
export type { TRecordConfig, TZoneConfig } from './zone.ts';
