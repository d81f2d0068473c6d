/**
 * What smartproxy itself says about the document's routes, with the place in the document.
 *
 * @module
 */
import { RouteConfigError, RouteTable, type IRouteConfig } from '@dcrouter/smartproxy';
import type { TRouteConfig } from './schema/index.ts';

export interface IRouteComplaint {
  /** Path below `proxy.routes`. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Compiles the routes as the proxy will, and returns what it refuses. */
export function routeComplaints(routes: readonly TRouteConfig[]): IRouteComplaint[] {
  try {
    RouteTable.compile(routes.map(withoutCertificate));
    return [];
  } catch (error) {
    if (!(error instanceof RouteConfigError)) throw error;
    return error.problems.map((problem) => {
      const index = routes.findIndex((route) => route.name === problem.routeName);
      return { path: [index, ...fieldPath(problem.field)], message: problem.message };
    });
  }
}

/** Certificates of a document are made or read at start; what is checked here is everything else. */
function withoutCertificate(route: TRouteConfig): IRouteConfig {
  const { dns: _dns, ...rest } = route;
  const { tls, ...action } = route.action;
  if (tls === undefined) return { ...rest, action };
  const files = { keyFile: 'at start', certFile: 'at start' };
  const certificate = tls.certificate === undefined || tls.certificate === 'auto' ? tls.certificate : files;
  return { ...rest, action: { ...action, tls: { ...tls, certificate } } };
}

/** `action.targets[0].port` as path parts. */
function fieldPath(field: string): PropertyKey[] {
  return [...field.matchAll(/[^.[\]]+/g)].map(([part]) => (/^\d+$/.test(part) ? Number(part) : part));
}
