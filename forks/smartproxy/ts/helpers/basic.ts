/**
 * Functions that build the usual routes. Parameters and results of `createHttpRoute`, `createHttpsTerminateRoute` and
 * `createHttpsPassthroughRoute` are confirmed for upstream 21.x, the others' names are, their parameters are recalled.
 *
 * @module
 */
import type { IRouteConfig, IRouteMatch, IRouteTarget } from '../interfaces/route.ts';
import type { ICertificateConfig, IRouteTls } from '../interfaces/tls.ts';

/** Where a helper's route forwards to. Confirmed. */
export interface IHelperTarget {
  host: IRouteTarget['host'];
  port: IRouteTarget['port'];
}

/** Confirmed. */
export type THttpsRouteOptions = Partial<IRouteConfig> & {
  /** Default `auto`. */
  certificate?: 'auto' | 'self-signed' | ICertificateConfig;
  /** Whether the target is spoken to in TLS. */
  reencrypt?: boolean;
};

export const HTTP_PORT = 80;
export const HTTPS_PORT = 443;
const MOVED_PERMANENTLY = 301;

/** HTTP on port 80. */
export function createHttpRoute(
  domains: string | string[],
  target: IHelperTarget,
  options: Partial<IRouteConfig> = {},
): IRouteConfig {
  return build(`HTTP: ${listed(domains)}`, { ports: HTTP_PORT, domains }, target, undefined, options);
}

/** HTTPS on port 443, decrypted here. */
export function createHttpsTerminateRoute(
  domains: string | string[],
  target: IHelperTarget,
  options: THttpsRouteOptions = {},
): IRouteConfig {
  const { certificate = 'auto', reencrypt = false, ...rest } = options;
  const tls: IRouteTls = { mode: reencrypt ? 'terminate-and-reencrypt' : 'terminate', certificate };
  return build(`HTTPS (terminate): ${listed(domains)}`, { ports: HTTPS_PORT, domains }, target, tls, rest);
}

/** TLS on port 443, tunnelled by its SNI. */
export function createHttpsPassthroughRoute(
  domains: string | string[],
  target: IHelperTarget,
  options: Partial<IRouteConfig> = {},
): IRouteConfig {
  const match = { ports: HTTPS_PORT, domains };
  return build(`HTTPS (passthrough): ${listed(domains)}`, match, target, { mode: 'passthrough' }, options);
}

/** Sends every request on port 80 to the same address under https, with status 301. */
export function createHttpToHttpsRedirect(
  domains: string | string[],
  httpsPort: number = HTTPS_PORT,
  options: Partial<IRouteConfig> = {},
): IRouteConfig {
  const port = httpsPort === HTTPS_PORT ? '' : `:${httpsPort}`;
  const to = `https://{domain}${port}{path}`;
  const own = options.action;
  return {
    name: `HTTP to HTTPS Redirect for ${listed(domains)}`,
    ...options,
    match: { ports: HTTP_PORT, domains, ...options.match },
    // A handler of one's own takes the redirect's place; everything else is laid over it.
    action: own?.socketHandler ? own : { redirect: { to, status: MOVED_PERMANENTLY }, ...own, type: 'forward' },
  };
}

/** HTTPS on port 443, and the redirect to it on port 80. */
export function createCompleteHttpsServer(
  domains: string | string[],
  target: IHelperTarget,
  options: THttpsRouteOptions & { httpPort?: number; httpsPort?: number } = {},
): IRouteConfig[] {
  const { httpPort = HTTP_PORT, httpsPort = HTTPS_PORT, ...rest } = options;
  const https = createHttpsTerminateRoute(domains, target, rest);
  https.match = { ...https.match, ports: rest.match?.ports ?? httpsPort };
  const plain = createHttpToHttpsRedirect(domains, httpsPort, { match: { ports: httpPort } });
  return [https, plain];
}

/** A forward route from its parts; what `options` say of match and action is laid over them. */
export function build(
  name: string,
  match: IRouteMatch,
  target: IHelperTarget,
  tls: IRouteTls | undefined,
  options: Partial<IRouteConfig>,
): IRouteConfig {
  return {
    name,
    ...options,
    match: { ...match, ...options.match },
    action: { type: 'forward', targets: [{ ...target }], ...(tls && { tls }), ...options.action },
  };
}

export function listed(domains: string | readonly string[]): string {
  return typeof domains === 'string' ? domains : domains.join(', ');
}
