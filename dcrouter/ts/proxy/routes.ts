/**
 * From the document's routes to smartproxy's.
 *
 * @module
 */
import {
  SocketHandlers,
  type IRouteAction,
  type IRouteConfig,
  type IRouteTarget,
  type TSocketHandler,
} from '@dcrouter/smartproxy';
import type { TProxyConfig, TRouteConfig } from '../config/schema/index.ts';
import { targetsOf } from '../config/route-facts.ts';
import { redirectLimits } from './limits.ts';
import { tlsOf } from './tls.ts';

/**
 * The document's routes as the proxy takes them: certificates read.
 *
 * @throws ConfigError when a certificate file cannot be read.
 */
export async function routesOf(config: TProxyConfig): Promise<IRouteConfig[]> {
  const routes: IRouteConfig[] = [];
  for (const [index, route] of config.routes.entries()) {
    const { dns: _dns, ...rest } = route;
    routes.push({ ...rest, action: await actionOf(route.action, `proxy.routes[${index}].action`) });
  }
  return routes;
}

async function actionOf(action: TRouteConfig['action'], path: string): Promise<IRouteAction> {
  const { type, tls, targets: _targets, target: _target, redirect, ...rest } = action;
  const made: IRouteAction = {
    ...rest,
    type: 'forward',
    ...(tls && { tls: await tlsOf(tls, `${path}.tls`) }),
  };
  if (type === 'redirect') {
    const { to = 'https://{domain}{path}', status = 308 } = redirect ?? {};
    return { ...made, type: 'socket-handler', socketHandler: redirectHandler(to, status) };
  }
  const listed = targetsOf({ action });
  if (listed.length === 0) return made;
  const withTls: IRouteTarget[] = [];
  for (const [index, item] of listed.entries()) {
    const { tls: own, ...others } = item;
    withTls.push({ ...others, ...(own && { tls: await tlsOf(own, `${path}.targets[${index}].tls`) }) });
  }
  return { ...made, targets: withTls };
}

const redirectHandlers = new Map<string, TSocketHandler>();

/** The same function for the same redirect, so that routes that did not change are equal to what they were. */
function redirectHandler(to: string, status: number): TSocketHandler {
  const key = `${status} ${to}`;
  const known = redirectHandlers.get(key);
  if (known !== undefined) return known;
  if (redirectHandlers.size >= redirectLimits.handlersMax) redirectHandlers.clear();
  const made = SocketHandlers.httpRedirect(to, status);
  redirectHandlers.set(key, made);
  return made;
}
