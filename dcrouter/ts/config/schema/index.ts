/**
 * The configuration document's schema: one file per section.
 *
 * @module
 */
import { z } from 'zod';
import { api } from './api.ts';
import { oneOrMore } from './common.ts';
import { control } from './control.ts';
import { dns } from './dns.ts';
import { health } from './health.ts';
import { logging } from './logging.ts';
import { node } from './node.ts';
import { processSection } from './process.ts';
import { proxy } from './proxy.ts';
import { resolve } from './resolve.ts';
import { rules } from './rules.ts';
import { store } from './store.ts';
import { telemetry } from './telemetry.ts';
import { upstreams } from './upstream.ts';

export const configSchema = z.strictObject({
  include: oneOrMore(z.string().min(1))
    .optional()
    .describe(
      'Further files by pattern, such as `conf.d/*.yaml`, relative to this one. Groups are merged, lists of named things joined.',
    ),
  api: api.prefault({}).describe('The management listener.'),
  control: control.prefault({}).describe('How changes are made.'),
  logging: logging.prefault({}).describe('Log lines.'),
  telemetry: telemetry.prefault({}).describe('Metrics and their history.'),
  node: node.prefault({}).describe('This machine among those of one store.'),
  process: processSection.prefault({}).describe('Who the process is, and how it begins and ends.'),
  store: store.prefault({ type: 'memory' }).describe('What is kept.'),
  proxy: proxy.optional().describe('Connections: TCP, TLS and HTTP.'),
  dns: dns.optional().describe('The DNS server.'),
  resolve: resolve.prefault({}).describe('How targets by name are found.'),
  health: health.prefault({}).describe('Checks of targets.'),
  rules: rules.prefault({}).describe('What is decided beyond routes and zones.'),
  upstreams: upstreams.optional().describe('State and weight of targets, by `host:port`.'),
});

/** A validated configuration with every default filled in. */
export type TConfig = z.output<typeof configSchema>;
export type { TDnsConfig } from './dns.ts';
export type { TCheckConfig, THealthConfig } from './health.ts';
export type { TProcessConfig } from './process.ts';
export type { TProxyConfig } from './proxy.ts';
export type { TRouteConfig, TTargetConfig } from './route.ts';
export type { TGivenCertificate, TRouteTlsConfig } from './tls.ts';
export type { TUpstreamConfig } from './upstream.ts';
export type { TDnssecConfig, TRecordConfig, TZoneConfig } from './zone.ts';
export type { TStoreConfig } from './store.ts';
export type { TRuleAction, TRuleConfig, TRulesConfig } from './rules.ts';
