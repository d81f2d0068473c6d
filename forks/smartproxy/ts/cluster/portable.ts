/**
 * Options and routes as data: what can be handed to another process, and what cannot.
 *
 * @module
 */
import type { ISmartProxyOptions } from '../interfaces/options.ts';
import type { IRouteConfig } from '../interfaces/route.ts';
import { routeLimits } from '../limits/route.ts';
import { OptionsError, type IOptionProblem } from '../validation/error.ts';

/** @throws OptionsError naming every route and field that holds a function */
export function assertPortable(routes: readonly IRouteConfig[]): void {
  const problems: IOptionProblem[] = [];
  routes.forEach((route, at) => {
    const title = route.name === undefined ? `routes[${at}]` : `routes[${at}] (${route.name})`;
    findFunctions({ ...route, metadata: undefined }, title, new Set(), problems);
  });
  const [first, ...others] = problems.slice(0, routeLimits.problemsMax);
  if (first !== undefined) throw new OptionsError([first, ...others]);
}

function findFunctions(value: unknown, field: string, seen: Set<object>, problems: IOptionProblem[]): void {
  if (typeof value === 'function' || typeof value === 'symbol') {
    const message = `is a ${typeof value}, which worker processes cannot be given; write it as data, or leave workers out`;
    problems.push({ field, message });
    return;
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof RegExp) return;
  // The same object may stand in several places; one that holds itself must not hold us.
  if (seen.has(value)) return;
  seen.add(value);
  for (const [key, member] of Object.entries(value)) {
    findFunctions(member, Array.isArray(value) ? `${field}[${key}]` : `${field}.${key}`, seen, problems);
  }
}

/** Routes without what is never read. */
export function portableRoutes(routes: readonly IRouteConfig[]): IRouteConfig[] {
  return routes.map((route) => ({ ...route, metadata: undefined }));
}

/** The options of a worker: what only the primary process does is left out. */
export function portableOptions(options: ISmartProxyOptions): ISmartProxyOptions {
  const {
    workers: _,
    logger: _logger,
    resolver: _resolver,
    certProvisionFunction: _provision,
    acme,
    ...rest
  } = options;
  return {
    ...rest,
    routes: portableRoutes(options.routes),
    acme: acme === undefined ? undefined : { ...acme, dnsChallenge: undefined, storage: undefined },
    ephemeralPorts: false,
    ticketKeyRotationHours: 0,
    metrics: { enabled: false },
  };
}
