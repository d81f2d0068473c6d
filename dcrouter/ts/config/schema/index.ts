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
import { node } from './node.ts';
import { proxy } from './proxy.ts';
import { rules } from './rules.ts';
import { store } from './store.ts';
import { telemetry } from './telemetry.ts';

export const configSchema = z.strictObject({
  api: api.prefault({}),
  control: control.prefault({}),
  logging: logging.prefault({}),
  telemetry: telemetry.prefault({}),
  node: node.prefault({}),
  store: store.prefault({ type: 'memory' }),
  proxy: proxy.optional(),
  dns: dns.optional(),
  rules: rules.prefault({}),
});

/** A validated configuration with every default filled in. */
export type TConfig = z.output<typeof configSchema>;
export type { TStoreConfig } from './store.ts';
export type { TRouteConfig } from './route.ts';
export type { TRuleAction, TRuleConfig, TRulesConfig } from './rules.ts';
export type { TRecordConfig, TZoneConfig } from './zone.ts';
