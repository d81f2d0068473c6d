/**
 * What smartproxy itself says about the document's routes, with the place in the document.
 *
 * @module
 */
import {
  RouteConfigError,
  RouteTable,
  type IRouteAction,
  type IRouteBackendTls,
  type IRouteClientAuth,
  type IRouteConfig,
  type IRouteTarget,
  type IRouteTls,
} from '@dcrouter/smartproxy';
import { redirectOf } from './route-facts.ts';
import type { TRouteConfig, TRouteTlsConfig, TTargetConfig } from './schema/index.ts';

export interface IRouteComplaint {
  /** Path below `proxy.routes`. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Compiles the routes as the proxy will, and returns what it refuses. */
export function routeComplaints(routes: readonly TRouteConfig[]): IRouteComplaint[] {
  try {
    RouteTable.compile(routes.map(withoutFiles));
    return [];
  } catch (error) {
    if (!(error instanceof RouteConfigError)) throw error;
    return error.problems.map((problem) => {
      const index = routes.findIndex((route) => route.name === problem.routeName);
      return { path: [index, ...fieldPath(problem.field)], message: problem.message };
    });
  }
}

const AT_START = 'at start';

/** Certificates of a document are read at start; what is checked here is everything else. */
function withoutFiles(route: TRouteConfig): IRouteConfig {
  const { tls, type, redirect, targets, target, ...rest } = route.action;
  const action: IRouteAction = {
    ...rest,
    type: 'forward',
    ...(tls && { tls: tlsWithoutFiles(tls) }),
    ...(targets && { targets: targets.map(targetWithoutFiles) }),
    ...(target && { target: targetWithoutFiles(target) }),
  };
  const { dns: _dns, ...others } = route;
  return { ...others, action: type === 'redirect' ? { ...action, redirect: redirectOf(redirect) } : action };
}

function targetWithoutFiles({ tls, ...target }: TTargetConfig): IRouteTarget {
  return { ...target, ...(tls && { tls: tlsWithoutFiles(tls) }) };
}

function tlsWithoutFiles({ certificate, clientAuth, backend, ...tls }: TRouteTlsConfig): IRouteTls {
  return {
    ...tls,
    ...(certificate !== undefined && { certificate: certificateWithoutFiles(certificate) }),
    ...(clientAuth && { clientAuth: clientAuthWithoutFiles(clientAuth) }),
    ...(backend && { backend: backendWithoutFiles(backend) }),
  };
}

function certificateWithoutFiles(
  certificate: NonNullable<TRouteTlsConfig['certificate']>,
): NonNullable<IRouteTls['certificate']> {
  return typeof certificate === 'string' ? certificate : { keyFile: AT_START, certFile: AT_START };
}

type TClientAuth = NonNullable<TRouteTlsConfig['clientAuth']>;

function clientAuthWithoutFiles({ mode, ca, subjectHeader }: TClientAuth): IRouteClientAuth {
  return { mode, ca: ca ?? '-----BEGIN -----', ...(subjectHeader !== undefined && { subjectHeader }) };
}

function backendWithoutFiles(backend: NonNullable<TRouteTlsConfig['backend']>): IRouteBackendTls {
  const { caFile: _ca, certFile: _cert, keyFile: _key, ...rest } = backend;
  return rest;
}

/** `action.targets[0].port` as path parts. */
function fieldPath(field: string): PropertyKey[] {
  return [...field.matchAll(/[^.[\]]+/g)].map(([part]) => (/^\d+$/.test(part) ? Number(part) : part));
}
