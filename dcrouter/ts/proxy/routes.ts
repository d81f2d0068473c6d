/**
 * From the document's routes to smartproxy's.
 *
 * @module
 */
import type { IRouteAction, IRouteConfig, IRouteTarget } from '@dcrouter/smartproxy';
import type { TProxyConfig, TRouteConfig } from '../config/schema/index.ts';
import { redirectOf, targetsOf } from '../config/route-facts.ts';
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
  if (type === 'redirect') return { ...made, redirect: redirectOf(redirect) };
  const listed = targetsOf({ action });
  if (listed.length === 0) return made;
  const withTls: IRouteTarget[] = [];
  for (const [index, item] of listed.entries()) {
    const { tls: own, ...others } = item;
    withTls.push({ ...others, ...(own && { tls: await tlsOf(own, `${path}.targets[${index}].tls`) }) });
  }
  return { ...made, targets: withTls };
}
