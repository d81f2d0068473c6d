/**
 * The configuration document's schema: one file per section.
 *
 * @module
 */
import { z } from 'zod';
import { api } from './api.ts';
import { control } from './control.ts';
import { dns } from './dns.ts';
import { logging } from './logging.ts';
import { proxy } from './proxy.ts';

export const configSchema = z.strictObject({
  api: api.prefault({}),
  control: control.prefault({}),
  logging: logging.prefault({}),
  proxy: proxy.optional(),
  dns: dns.optional(),
});

/** A validated configuration with every default filled in. */
export type TConfig = z.output<typeof configSchema>;
export type { TRouteConfig } from './route.ts';
export type { TRecordConfig, TZoneConfig } from './zone.ts';
