/**
 * Checks of routes in the form that upstream exports: results instead of errors.
 *
 * @module
 */
import type { IRouteAction, IRouteConfig, IRouteMatch, TRouteActionType } from '../interfaces/route.ts';
import { parseDomainPattern } from '../route/domain.ts';
import { RouteConfigError } from '../route/error.ts';
import { targetsOf } from '../route/kind.ts';
import { PORT_MAX } from '../route/ports.ts';
import { findRouteProblems } from '../route/validate.ts';

/** Confirmed. */
export interface IValidationResult {
  valid: boolean;
  errors: string[];
}

/** A port, a list of ports and ranges, a range, or a function. Confirmed. */
export function isValidPort(port: unknown): boolean {
  if (typeof port === 'function') return true;
  if (Array.isArray(port))
    return port.length > 0 && port.every((item) => typeof item !== 'function' && isValidPort(item));
  if (typeof port === 'object' && port !== null) {
    const { from, to } = port as { from?: unknown; to?: unknown };
    return isPort(from) && isPort(to) && from <= to;
  }
  return isPort(port);
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= PORT_MAX;
}

/** A name or a pattern with `*`. Confirmed. */
export function isValidDomain(domain: string): boolean {
  return parseDomainPattern(domain) !== null;
}

/** Confirmed. */
export function validateRouteMatch(match: IRouteMatch): IValidationResult {
  return problemsUnder('match', { match, action: harmlessAction });
}

/** Confirmed. */
export function validateRouteAction(action: IRouteAction): IValidationResult {
  return problemsUnder('action', { match: { ports: PORT_MAX }, action });
}

/** Confirmed. */
export function validateRouteConfig(route: IRouteConfig): IValidationResult {
  return problemsUnder('', route);
}

/** Every route, and which of them are wrong. Recalled. */
export function validateRoutes(routes: IRouteConfig[]): {
  valid: boolean;
  errors: Array<{ routeIndex: number; errors: string[] }>;
} {
  const errors = routes
    .map((route, routeIndex) => ({ routeIndex, errors: validateRouteConfig(route).errors }))
    .filter((result) => result.errors.length > 0);
  return { valid: errors.length === 0, errors };
}

/** Whether what the type of action cannot do without is there. Recalled. */
export function hasRequiredPropertiesForAction(route: IRouteConfig, actionType: TRouteActionType): boolean {
  if (actionType === 'socket-handler') return typeof route.action.socketHandler === 'function';
  const { advanced, redirect } = route.action;
  return targetsOf(route.action).length > 0 || advanced?.testResponse !== undefined || redirect !== undefined;
}

/**
 * Recalled.
 *
 * @throws RouteConfigError with everything that is wrong.
 */
export function assertValidRoute(route: IRouteConfig): void {
  const [first, ...others] = findRouteProblems(route);
  if (first) throw new RouteConfigError([first, ...others]);
}

const harmlessAction: IRouteAction = { type: 'forward', targets: [{ host: 'localhost', port: PORT_MAX }] };

function problemsUnder(part: string, route: IRouteConfig): IValidationResult {
  const errors = findRouteProblems(route)
    .filter(({ field }) => field === part || part === '' || field.startsWith(`${part}.`))
    .map(({ field, message }) => `${field}: ${message}`);
  return { valid: errors.length === 0, errors };
}
