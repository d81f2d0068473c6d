/**
 * What fits the schema and still cannot work: settings that need each other, names that stand twice, routes and zones
 * that smartproxy and smartdns refuse.
 *
 * @module
 */
import { challengeComplaints } from '../certificates/config.ts';
import { zoneComplaints } from '../dns/zones.ts';
import { healthComplaints } from '../health/config.ts';
import type { IConfigDocument } from './document.ts';
import type { IConfigProblem } from './error.ts';
import { problemAt } from './problems.ts';
import { resolveComplaints } from '../resolve/config.ts';
import { ruleComplaints } from '../rules/complaints.ts';
import { routeComplaints } from './routes.ts';
import type { TConfig } from './schema/index.ts';

/** Everything that keeps a configuration of the right shape from working. */
export function meaningProblems(config: TConfig, document: IConfigDocument): IConfigProblem[] {
  const duplicates = [...duplicateRoutes(config), ...duplicateZones(config)];
  // What a name means twice cannot be checked further.
  const complaints = duplicates.length > 0 ? duplicates : [...routeProblems(config), ...zoneProblems(config)];
  if (duplicates.length === 0) {
    complaints.push(...resolveComplaints(config), ...healthComplaints(config), ...ruleProblems(config));
    complaints.push(...challengeComplaints(config));
  }
  return complaints.map(({ path, message }) => problemAt(document, path, message));
}

interface IComplaint {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function routeProblems(config: TConfig): IComplaint[] {
  const routes = config.proxy?.routes ?? [];
  const found = routeComplaints(routes).map(({ path, message }) => ({ path: ['proxy', 'routes', ...path], message }));
  for (const [index, { action }] of routes.entries()) {
    const path = ['proxy', 'routes', index, 'action'];
    if (action.tls?.certificate === 'auto' && config.proxy?.acme === undefined) {
      const message = "got 'auto', which needs proxy.acme with at least an email";
      found.push({ path: [...path, 'tls', 'certificate'], message });
    }
  }
  return found;
}

function ruleProblems(config: TConfig): IComplaint[] {
  const routes = (config.proxy?.routes ?? []).map(({ name }) => name);
  const hasWorkers = config.proxy?.workers !== undefined;
  return ruleComplaints(config.rules, routes, hasWorkers).map(({ path, message }) => ({
    path: ['rules', ...path],
    message,
  }));
}

function zoneProblems(config: TConfig): IComplaint[] {
  return Object.entries(config.dns?.zones ?? {}).flatMap(([name, zone]) => {
    const path = ['dns', 'zones', name];
    if (zone.file !== undefined && zone.text === undefined) {
      return [{ path: [...path, 'file'], message: 'the file was not read: this document did not come from a file' }];
    }
    return zoneComplaints(name, zone).map(({ line, message }) => {
      const where = line === undefined ? '' : `${zone.file ?? 'text'}:${line}: `;
      return { path, message: `${where}${message}` };
    });
  });
}

/** Route names key the counters: two routes under one name would be counted as one. */
function duplicateRoutes(config: TConfig): IComplaint[] {
  const first = new Map<string, number>();
  return (config.proxy?.routes ?? []).flatMap(({ name }, index) => {
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, index);
      return [];
    }
    const message = `got '${name}', which proxy.routes[${earlier}] already has; route names must be unique`;
    return [{ path: ['proxy', 'routes', index, 'name'], message }];
  });
}

/** Names of zones compare without regard to case and the final dot. */
function duplicateZones(config: TConfig): IComplaint[] {
  const first = new Map<string, string>();
  return Object.keys(config.dns?.zones ?? {}).flatMap((name) => {
    const plain = name.toLowerCase().replace(/\.$/, '');
    const earlier = first.get(plain);
    if (earlier === undefined) {
      first.set(plain, name);
      return [];
    }
    return [{ path: ['dns', 'zones', name], message: `is the same zone as dns.zones.${earlier}; keep one of both` }];
  });
}
