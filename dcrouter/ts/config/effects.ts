/**
 * What a change of the configuration would do: ports, names, certificates, and what looks like a mistake.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import type { IEffects } from '../control/types.ts';
import { composeZones } from '../dns/compose.ts';
import { zoneFrom } from '../dns/zones.ts';
import { needsRestart } from './restart.ts';
import { activeRoutes, domainsOf, routePorts } from './route-facts.ts';
import type { TConfig, TZoneConfig } from './schema/index.ts';
import { suspicions, type ICertificateSource } from './suspicions.ts';

/**
 * Compares two configurations that were validated.
 *
 * @param certificates reads the certificates that routes name as files; without it only those in the document are
 *   looked at
 */
export function effects(previous: TConfig, next: TConfig, certificates?: ICertificateSource): IEffects {
  const ports = changes(portsOf(previous), portsOf(next));
  const lost = changes(routedNames(previous), routedNames(next));
  const dns = dnsNames(previous, next);
  const names = changes(dns.before, dns.after);
  return {
    portsOpened: ports.gained.sort(numerically),
    portsClosed: ports.lost.sort(numerically),
    namesLost: [...new Set([...lost.lost, ...names.lost])].sort(),
    namesGained: [...new Set([...lost.gained, ...names.gained])].sort(),
    certificatesNeeded: changes(automaticNames(previous), automaticNames(next)).gained.sort(),
    needsRestart: needsRestart(previous, next),
    warnings: suspicions(next, certificates),
  };
}

function numerically(left: number, right: number): number {
  return left - right;
}

function changes<T>(before: ReadonlySet<T>, after: ReadonlySet<T>): { lost: T[]; gained: T[] } {
  return {
    lost: [...before].filter((item) => !after.has(item)),
    gained: [...after].filter((item) => !before.has(item)),
  };
}

/** Every port that the router listens on. */
function portsOf(config: TConfig): Set<number> {
  const ports = new Set<number>([config.api.port]);
  for (const route of activeRoutes(config)) for (const port of routePorts(route)) ports.add(port);
  if (config.dns !== undefined) ports.add(config.dns.port);
  return ports;
}

function routedNames(config: TConfig): Set<string> {
  return new Set(activeRoutes(config).flatMap(domainsOf));
}

function automaticNames(config: TConfig): Set<string> {
  return new Set(
    activeRoutes(config)
      .filter((route) => route.action.tls?.certificate === 'auto')
      .flatMap(domainsOf),
  );
}

/** The names of zones that differ; a zone that stayed as it was neither loses nor gains any. */
function dnsNames(previous: TConfig, next: TConfig): { before: Set<string>; after: Set<string> } {
  const isUp = (): boolean => true;
  const zones = { before: composeZones(previous, isUp), after: composeZones(next, isUp) };
  const differs = (name: string): boolean => !isDeepStrictEqual(zones.before[name], zones.after[name]);
  const names = (of: Readonly<Record<string, TZoneConfig>>): Set<string> =>
    new Set(
      Object.entries(of)
        .filter(([name]) => differs(name))
        .flatMap(([name, zone]) => zoneFrom(name, zone).records())
        .map((record) => record.name),
    );
  return { before: names(zones.before), after: names(zones.after) };
}
