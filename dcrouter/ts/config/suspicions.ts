/**
 * What is valid and still looks like a mistake.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import type { Zone } from '@dcrouter/smartdns/server';
import { composeZones } from '../dns/compose.ts';
import { zoneFrom } from '../dns/zones.ts';
import { suspicionLimits } from './limits.ts';
import { activeRoutes, domainsOf, targetsOf } from './route-facts.ts';
import type { TConfig, TRouteConfig } from './schema/index.ts';

/** Reads a certificate file, as PEM; undefined when it cannot be read. */
export type ICertificateSource = (file: string) => string | undefined;

/** One line for each thing that a person should look at, as many as the limits say. */
export function suspicions(config: TConfig, certificates?: ICertificateSource): string[] {
  // As they are served while all is well: with the records that routes bring along.
  const zones = Object.entries(composeZones(config, () => true)).map(([name, zone]) => zoneFrom(name, zone));
  const found = new Set<string>();
  for (const warning of allSuspicions(config, zones, certificates)) {
    if (found.size >= suspicionLimits.warningsMax) break;
    found.add(warning);
  }
  return [...found];
}

function* allSuspicions(
  config: TConfig,
  zones: readonly Zone[],
  certificates: ICertificateSource | undefined,
): Generator<string> {
  for (const route of activeRoutes(config)) {
    yield* certificateSuspicions(route, certificates);
    yield* addressSuspicions(route, zones);
  }
  for (const zone of zones) yield* zoneSuspicions(zone, zones);
  yield* stateSuspicions(config);
}

/** A target with a typing error in its name would be believed to be drained. */
function* stateSuspicions({ proxy, rules, upstreams = {} }: TConfig): Generator<string> {
  const { target } = proxy?.defaults ?? {};
  const targets = [
    ...(proxy?.routes ?? []).flatMap(targetsOf),
    ...rules.rules.flatMap(({ action }) => (action.type === 'route' && action.target) || []),
    ...(target === undefined ? [] : [target]),
  ];
  // Servers behind SRV records, and ports that clients choose, are known only while it runs.
  if (targets.some(({ port }) => typeof port !== 'number')) return;
  const named = new Set(targets.flatMap(({ host, port }) => [host].flat().map((one) => targetName(one, port))));
  for (const name of Object.keys(upstreams)) {
    if (!named.has(name.toLowerCase()))
      yield `upstreams: nothing goes to '${name}'; what is said about it has no effect`;
  }
}

function targetName(host: string, port: number | string): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`.toLowerCase();
}

function* certificateSuspicions(route: TRouteConfig, read: ICertificateSource | undefined): Generator<string> {
  const certificate = route.action.tls?.certificate;
  if (typeof certificate !== 'object') return;
  const { cert, certFile } = certificate;
  const pem = cert ?? (certFile === undefined ? undefined : read?.(certFile));
  if (pem === undefined) return;
  const leaf = parseCertificate(pem);
  if (leaf === undefined) return;
  for (const domain of domainsOf(route)) {
    if (!covers(leaf, domain)) yield `route '${route.name}': its certificate does not hold ${domain}`;
  }
}

/** What cannot be read as a certificate is an error when the proxy takes it, not a suspicion. */
function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** A wildcard of the route needs the same wildcard in the certificate; other patterns name no host to look for. */
export function covers(certificate: X509Certificate, domain: string): boolean {
  if (domain.startsWith('*.') && !domain.slice(2).includes('*')) {
    const names = (certificate.subjectAltName ?? '').toLowerCase().split(', ');
    return names.includes(`dns:${domain}`);
  }
  return domain.includes('*') || certificate.checkHost(domain) !== undefined;
}

function* addressSuspicions(route: TRouteConfig, zones: readonly Zone[]): Generator<string> {
  for (const domain of domainsOf(route)) {
    if (domain.includes('*')) continue;
    const zone = zoneOf(domain, zones);
    if (zone === undefined || hasAddress(domain, zone) !== false) continue;
    yield `route '${route.name}': ${domain} is in our zone ${zone.origin}, which has no address for it`;
  }
}

function* zoneSuspicions(zone: Zone, zones: readonly Zone[]): Generator<string> {
  for (const record of zone.records()) {
    if (record.type === 'CNAME') {
      const target = nameData(record.data);
      const home = zoneOf(target, zones);
      if (home !== undefined && home.lookup(target, 'A').kind === 'nxdomain') {
        yield `zone ${zone.origin}: ${record.name} is an alias of ${target}, which does not exist in our zone ${home.origin}`;
      }
    } else if (record.type === 'NS') {
      const server = nameData(record.data);
      const home = zoneOf(server, zones);
      if (home !== undefined && hasAddress(server, home, record.name) === false) {
        yield `zone ${zone.origin}: the name server ${server} of ${record.name} has no address in our zone ${home.origin}; nobody can reach it`;
      }
    }
  }
}

function nameData(data: unknown): string {
  return String(data).toLowerCase();
}

/** The most specific of our zones that a name is in. */
function zoneOf(name: string, zones: readonly Zone[]): Zone | undefined {
  let best: Zone | undefined;
  for (const zone of zones) {
    const inside = name === zone.origin || name.endsWith(`.${zone.origin}`);
    if (inside && (best === undefined || zone.origin.length > best.origin.length)) best = zone;
  }
  return best;
}

/**
 * Whether a zone answers an address for a name; undefined where others answer for it. Glue of a delegation counts for
 * the servers of that delegation alone.
 */
function hasAddress(name: string, zone: Zone, delegation?: string): boolean | undefined {
  if (zone.rrset(name, 'A') !== undefined || zone.rrset(name, 'AAAA') !== undefined) return true;
  const kinds = ['A', 'AAAA'].map((type) => zone.lookup(name, type));
  if (kinds.some((found) => found.kind === 'answer' || found.kind === 'cname')) return true;
  const below = delegation !== undefined && (name === delegation || name.endsWith(`.${delegation}`));
  return kinds.some((found) => found.kind === 'referral') && !below ? undefined : false;
}
