/**
 * Checks routes before they are compiled: each field for itself, then what fields mean together.
 *
 * @module
 */
import type { IRouteAction, IRouteConfig } from '../interfaces/route.ts';
import { routeLimits } from '../limits/route.ts';
import { isRecord, showValue, type TReport } from '../validation/rules.ts';
import type { IRouteProblem } from './error.ts';
import { hasDomains, httpFieldOf, scopedListOf, targetsOf } from './kind.ts';
import { routeNameOf } from './names.ts';
import { expandPorts } from './ports.ts';
import { routeRule } from './schema.ts';

/** Every problem of a list of routes, at most as many as the limits say; empty when they can be compiled. */
export function findProblems(routes: unknown): IRouteProblem[] {
  const whole = (code: IRouteProblem['code'], message: string): IRouteProblem[] => [
    { code, routeName: '*', field: 'routes', message },
  ];
  if (!Array.isArray(routes)) return whole('ROUTE_BAD_TYPE', `is ${showValue(routes)}; expected a list of routes`);
  if (routes.length > routeLimits.routesMax) {
    return whole('ROUTE_TOO_MANY', `has ${routes.length} entries; at most ${routeLimits.routesMax} are allowed`);
  }
  const problems: IRouteProblem[] = [];
  const ports = new Set<number>();
  for (const [index, route] of routes.entries()) {
    const found = findRouteProblems(route, index);
    problems.push(...found);
    if (problems.length >= routeLimits.problemsMax) break;
    const config = route as IRouteConfig;
    if (found.length === 0 && config.enabled !== false)
      for (const port of expandPorts(config.match.ports)) ports.add(port);
  }
  if (ports.size > routeLimits.portsMax) {
    return whole('ROUTE_TOO_MANY', `listen on ${ports.size} ports; at most ${routeLimits.portsMax} are allowed`);
  }
  return problems.slice(0, routeLimits.problemsMax);
}

/** Every problem of one route; `index` is its position, which names it when it has no name. */
export function findRouteProblems(route: unknown, index = 0): IRouteProblem[] {
  const routeName = routeNameOf(route, index);
  const problems: IRouteProblem[] = [];
  const report: TReport = (code, field, message) => {
    problems.push({ code, routeName, field: field === '' ? `routes[${index}]` : field, message });
  };
  routeRule(route, '', report);
  // What fields mean together can only be said when each of them is sound.
  if (problems.length === 0) checkTogether(route as IRouteConfig, report);
  return problems;
}

function checkTogether(route: IRouteConfig, report: TReport): void {
  checkAction(route, report);
  checkRedirectHeaders(route, report);
  checkProtocol(route, report);
  if (route.match.tlsVersion?.length && !route.action.tls && route.match.protocol === 'http') {
    report('ROUTE_CONFLICT', 'match.tlsVersion', 'never matches: the route has no tls, and HTTP on it is plain');
  }
}

function checkAction({ action }: IRouteConfig, report: TReport): void {
  if (action.targets?.length && action.target) {
    report('ROUTE_CONFLICT', 'action.target', 'stands beside action.targets; move it into action.targets');
  }
  const targets = targetsOf(action);
  if (action.redirect) checkRedirect(action, report);
  if (action.type === 'socket-handler') {
    if (!action.socketHandler) {
      report('ROUTE_MISSING', 'action.socketHandler', 'is missing; type "socket-handler" needs a function');
    }
    if (action.tls?.mode === 'passthrough' || action.tls?.mode === 'terminate-and-reencrypt') {
      report(
        'ROUTE_CONFLICT',
        'action.tls.mode',
        `is "${action.tls.mode}"; a socket handler needs "terminate" or no tls`,
      );
    }
    return;
  }
  const cannedAnswer = action.advanced?.testResponse !== undefined || action.redirect !== undefined;
  if (targets.length === 0 && !cannedAnswer) {
    report('ROUTE_MISSING', 'action.targets', 'is missing; type "forward" needs [{ host, port }]');
  }
  if (action.socketHandler) {
    report('ROUTE_CONFLICT', 'action.socketHandler', 'has no effect: the type is "forward"; use type "socket-handler"');
  }
  for (const [i, target] of targets.entries()) {
    if (target.tls && target.tls.mode !== action.tls?.mode) {
      report(
        'ROUTE_CONFLICT',
        `action.targets[${i}].tls.mode`,
        `is "${target.tls.mode}" while the action's is ${showValue(action.tls?.mode)}; both must be the same, because TLS is handled before a target is chosen`,
      );
    }
  }
}

/** What is said about targets. */
const NOT_WITH_REDIRECT = ['targets', 'target', 'sendProxyProtocol', 'websocket', 'loadBalancing', 'advanced'] as const;

function checkRedirect(action: IRouteAction, report: TReport): void {
  if (action.type === 'socket-handler') {
    report('ROUTE_CONFLICT', 'action.redirect', 'has no effect: the type is "socket-handler"; use type "forward"');
    return;
  }
  for (const key of NOT_WITH_REDIRECT) {
    if (action[key] === undefined) continue;
    report('ROUTE_CONFLICT', `action.${key}`, 'has no effect beside action.redirect, which asks no target; remove it');
  }
  if (action.tls?.mode === 'terminate-and-reencrypt') {
    report('ROUTE_CONFLICT', 'action.tls.mode', `is "${action.tls.mode}"; a redirect needs "terminate" or no tls`);
  }
}

/** Set by every redirect itself. */
const REDIRECT_FIELDS = ['location', 'content-type', 'date'];

function checkRedirectHeaders({ action, headers }: IRouteConfig, report: TReport): void {
  if (action.redirect === undefined) return;
  for (const name of Object.keys(headers?.response ?? {})) {
    if (!REDIRECT_FIELDS.includes(name.toLowerCase())) continue;
    report('ROUTE_CONFLICT', `headers.response.${name}`, 'is set by action.redirect itself; remove it');
  }
}

/** What needs HTTP on a route that never reads it would be ignored in silence; a limit must not be. */
function checkProtocol(route: IRouteConfig, report: TReport): void {
  const { match, action } = route;
  const passthrough = action.tls?.mode === 'passthrough';
  if (passthrough && match.protocol === 'http') {
    report('ROUTE_CONFLICT', 'match.protocol', 'is "http"; with tls.mode "passthrough" nothing is decrypted');
    return;
  }
  if (!passthrough && match.protocol !== 'tcp') return;
  const why = passthrough ? 'tls.mode "passthrough" does not decrypt' : 'match.protocol is "tcp"';
  const field = httpFieldOf(route);
  if (field) report('ROUTE_CONFLICT', field, `needs HTTP, but ${why}; use tls.mode "terminate" or remove the field`);
  if (match.protocol === 'tcp' && hasDomains(route) && !action.tls) {
    report(
      'ROUTE_CONFLICT',
      'match.domains',
      'cannot be known for plain TCP; use a tls.mode, or remove match.protocol',
    );
  }
  const scoped = scopedListOf(route);
  if (match.protocol === 'tcp' && scoped !== null && !action.tls) {
    const message = 'has entries for some domains, which cannot be known for plain TCP; give the addresses alone';
    report('ROUTE_CONFLICT', `security.${scoped}`, message);
  }
}

/** A route that passed {@link findRouteProblems}; narrows for callers that hold unknown input. */
export function isRouteConfig(route: unknown): route is IRouteConfig {
  return isRecord(route) && findRouteProblems(route).length === 0;
}
