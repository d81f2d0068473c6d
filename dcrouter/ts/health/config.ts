/**
 * From the document to checks.
 *
 * @module
 */
import type { TCheckConfig, TConfig, THealthConfig } from '../config/schema/index.ts';
import type { ICheckOptions } from './check.ts';
import { healthLimits } from './limits.ts';
import { probeDns } from './probes/dns.ts';
import { probeHttp } from './probes/http.ts';
import { probeTcp } from './probes/tcp.ts';
import { probeTlsExpiry } from './probes/tls-expiry.ts';
import type { TProbe } from './probes/types.ts';
import { readTarget, routeTargets, type ITargetRef } from './targets.ts';

/** What is wrong with the checks, or with records that follow them. */
export interface IHealthComplaint {
  /** Path in the document. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const PORT_MAX = 65_535;

/** The checks of a configuration, those of the routes' targets behind the named ones. */
export function checksOf(config: TConfig): ICheckOptions[] {
  return [...config.health.checks.map((check) => namedCheck(check, config)), ...targetChecks(config)];
}

/** What fits the schema and still cannot work. */
export function healthComplaints(config: TConfig): IHealthComplaint[] {
  const complaints: IHealthComplaint[] = [];
  const names = new Set<string>();
  const routes = new Map((config.proxy?.routes ?? []).map((route) => [route.name, route]));
  for (const [index, check] of config.health.checks.entries()) {
    const path = ['health', 'checks', index];
    if (names.has(check.name))
      complaints.push({ path: [...path, 'name'], message: `got '${check.name}' a second time` });
    names.add(check.name);
    complaints.push(...subjectComplaints(check, path, routes));
  }
  for (const [zone, { records }] of Object.entries(config.dns?.zones ?? {})) {
    for (const [index, { health }] of records.entries()) {
      if (health === undefined || names.has(health)) continue;
      const message = `got '${health}'; there is no such check in health.checks`;
      complaints.push({ path: ['dns', 'zones', zone, 'records', index, 'health'], message });
    }
  }
  return complaints;
}

function subjectComplaints(
  check: TCheckConfig,
  path: readonly PropertyKey[],
  routes: ReadonlyMap<string, Parameters<typeof routeTargets>[0]>,
): IHealthComplaint[] {
  const { target, route } = check;
  if ((target === undefined) === (route === undefined)) {
    return [{ path, message: 'needs one of both: target (host:port) or route (a name)' }];
  }
  if (target !== undefined) {
    const { port } = readTarget(target);
    const fits = target.endsWith(':srv') || (port >= 1 && port <= PORT_MAX);
    return fits ? [] : [{ path: [...path, 'target'], message: `got '${target}'; the port is not 1 to 65535` }];
  }
  const found = routes.get(route!);
  if (found === undefined) return [{ path: [...path, 'route'], message: `got '${route}'; there is no such route` }];
  if (routeTargets(found).length > 0) return [];
  return [
    { path: [...path, 'route'], message: `got '${route}', whose targets have no port of their own; name a target` },
  ];
}

function namedCheck(check: TCheckConfig, config: TConfig): ICheckOptions {
  const { name, type, intervalMs, timeoutMs, rise, fall } = check;
  const route = config.proxy?.routes.find((each) => each.name === check.route);
  return {
    name,
    type,
    target: check.target ?? `route '${check.route}'`,
    targets:
      check.target !== undefined ? [readTarget(check.target)] : unique(route === undefined ? [] : routeTargets(route)),
    probe: probeOf(check),
    intervalMs,
    timeoutMs,
    rise,
    fall,
    balances: type !== 'tls-expiry' && type !== 'dns',
  };
}

/** One check per target that a route names. */
function targetChecks({ health, proxy }: TConfig): ICheckOptions[] {
  const { targets } = health;
  if (targets === undefined) return [];
  const active = (proxy?.routes ?? []).filter(({ enabled }) => enabled !== false);
  const refs = unique(active.flatMap(routeTargets)).slice(0, healthLimits.targetChecksMax);
  return refs.map((ref) => ({
    ...targets,
    name: `target ${ref.name}`,
    target: ref.name,
    targets: [ref],
    probe: defaultProbe(targets),
    balances: true,
  }));
}

function probeOf(check: TCheckConfig): TProbe {
  switch (check.type) {
    case 'tcp':
      return probeTcp;
    case 'tls-expiry':
      return probeTlsExpiry(check.daysLeft, check.servername, Date.now);
    case 'dns':
      return probeDns(check.query);
    default:
      return probeHttp(check);
  }
}

function defaultProbe(targets: NonNullable<THealthConfig['targets']>): TProbe {
  return targets.type === 'tcp' ? probeTcp : probeHttp(targets);
}

function unique(refs: readonly ITargetRef[]): ITargetRef[] {
  return [...new Map(refs.map((ref) => [ref.name, ref])).values()];
}
