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
import type { TProxyConfig, TRouteConfig, TTargetConfig, TUpstreamConfig } from '../config/schema/index.ts';
import { redirectLimits } from './limits.ts';
import { tlsOf } from './tls.ts';

type TUpstreams = Readonly<Record<string, TUpstreamConfig>>;

/**
 * The document's routes as the proxy takes them: certificates read, states of upstreams put in.
 *
 * @throws ConfigError when a certificate file cannot be read.
 */
export async function routesOf(config: TProxyConfig, upstreams: TUpstreams = {}): Promise<IRouteConfig[]> {
  const routes: IRouteConfig[] = [];
  for (const [index, route] of config.routes.entries()) {
    routes.push({ ...route, action: await actionOf(route, `proxy.routes[${index}].action`, upstreams) });
  }
  return routes;
}

async function actionOf(route: TRouteConfig, path: string, upstreams: TUpstreams): Promise<IRouteAction> {
  const { type, tls, targets, target, redirect, ...rest } = route.action;
  const made: IRouteAction = {
    ...rest,
    type: 'forward',
    ...(tls && { tls: await tlsOf(tls, `${path}.tls`) }),
  };
  if (type === 'redirect') {
    const { to = 'https://{domain}{path}', status = 308 } = redirect ?? {};
    return { ...made, type: 'socket-handler', socketHandler: redirectHandler(to, status) };
  }
  const listed = targets ?? (target === undefined ? [] : [target]);
  if (listed.length === 0) return made;
  const used = listed.flatMap((item) => inService(item, upstreams));
  // Without a target left the route still has to answer: the proxy must not fall back to another route.
  if (used.length === 0) return unavailable(made, route);
  const withTls: IRouteTarget[] = [];
  for (const [index, item] of used.entries()) {
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

/** A target without those hosts that an operator took out, and with the weight that one gave it; none if all are out. */
function inService(target: TTargetConfig, upstreams: TUpstreams): TTargetConfig[] {
  const hosts = typeof target.host === 'string' ? [target.host] : target.host;
  const ready = hosts.filter((host) => (upstreams[upstreamName(host, target.port)]?.state ?? 'ready') === 'ready');
  if (ready.length === 0) return [];
  const weight = ready.map((host) => upstreams[upstreamName(host, target.port)]?.weight).find(isNumber);
  if (ready.length === hosts.length && weight === undefined) return [target];
  const host = typeof target.host === 'string' ? target.host : ready;
  return [{ ...target, host, ...(weight !== undefined && { weight }) }];
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined;
}

/** As upstreams are named: `127.0.0.1:3000`, `[::1]:3000`. */
export function upstreamName(host: string, port: number | 'preserve'): string {
  return `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
}

/** RFC 6761 §6.4: a name that resolves nowhere, so that tunnels end as they do when nobody answers. */
const NOWHERE: IRouteTarget = { host: 'out-of-service.invalid', port: 1 };

function unavailable(action: IRouteAction, route: TRouteConfig): IRouteAction {
  const tunnel = action.tls?.mode === 'passthrough' || route.match.protocol === 'tcp';
  if (tunnel) return { ...action, targets: [NOWHERE] };
  const testResponse = { status: 503, headers: {}, body: 'Service Unavailable\n' };
  return { ...action, targets: [NOWHERE], advanced: { ...action.advanced, testResponse } };
}
