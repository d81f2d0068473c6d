/**
 * Which settings cannot change while the router runs.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import { isGroup } from './json.ts';
import type { TConfig } from './schema/index.ts';

/** Settings of a section that take effect at once; every other one of that section needs a restart. */
const RUNTIME_SETTINGS: Readonly<Partial<Record<keyof TConfig, readonly string[]>>> = {
  proxy: ['routes', 'drainTimeoutMs'],
  dns: ['zones', 'autoRecords', 'failOpen'],
};

/** Settings inside of one that needs a restart which take effect at once nevertheless. */
const RUNTIME_INNER: Readonly<Record<string, string>> = { 'dns.https': 'certificate', 'dns.tls': 'certificate' };

/** Sections and settings that are read once, at the start. */
const START_SETTINGS: readonly string[] = [
  'api.address',
  'api.port',
  'api.tls',
  'api.metricsAllow',
  'control.watch',
  'process.user',
  'process.group',
  'store',
  'telemetry.requestId',
];

/** The settings that differ and take effect only after a restart, as paths: `dns.port`, `proxy.workers`. */
export function needsRestart(previous: TConfig, next: TConfig): string[] {
  const found: string[] = [];
  for (const [section, runtime] of Object.entries(RUNTIME_SETTINGS)) {
    const before = groupAt(previous, section);
    const after = groupAt(next, section);
    // A section that comes or goes is started or stopped while the rest runs on.
    if (before === undefined || after === undefined) continue;
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (runtime.includes(key)) continue;
      const path = `${section}.${key}`;
      if (!isDeepStrictEqual(atStart(path, before[key]), atStart(path, after[key]))) found.push(path);
    }
  }
  for (const path of START_SETTINGS) {
    const [section = '', key] = path.split('.');
    const pick = (config: TConfig): unknown =>
      key === undefined ? (config as Record<string, unknown>)[section] : groupAt(config, section)?.[key];
    if (!isDeepStrictEqual(pick(previous), pick(next))) found.push(path);
  }
  return [...found, ...zoneSettings(previous, next)];
}

/** A setting without what takes effect at once. */
function atStart(path: string, value: unknown): unknown {
  const inner = RUNTIME_INNER[path];
  if (inner === undefined || !isGroup(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== inner));
}

/** How a serial moves on belongs to the zone object, which is signed as long as it is served. */
function zoneSettings(previous: TConfig, next: TConfig): string[] {
  return Object.entries(next.dns?.zones ?? {}).flatMap(([name, zone]) => {
    const before = previous.dns?.zones[name];
    return before === undefined || before.serialPolicy === zone.serialPolicy ? [] : [`dns.zones[${name}].serialPolicy`];
  });
}

function groupAt(config: TConfig, section: string): Record<string, unknown> | undefined {
  const value = (config as Record<string, unknown>)[section];
  return isGroup(value) ? value : undefined;
}
