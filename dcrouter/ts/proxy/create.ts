/**
 * From the document's `proxy` section to a SmartProxy.
 *
 * @module
 */
import { selfSignedCertificate } from '@dcrouter/acme';
import { readFile } from 'node:fs/promises';
import { SmartProxy, type IRouteConfig, type IRouteTls } from '@dcrouter/smartproxy';
import { ConfigError } from '../config/error.ts';
import type { TConfig, TRouteConfig } from '../config/schema/index.ts';
import type { ISocketSource } from '../process/sockets.ts';

type TProxyConfig = NonNullable<TConfig['proxy']>;
type TTlsConfig = NonNullable<TRouteConfig['action']['tls']>;

/** What a socket of the proxy is called when it is handed over. */
export const proxySocketName = (port: number): string => `proxy-${port}`;

/** @throws ConfigError when a certificate file cannot be read. */
export async function createProxy(config: TProxyConfig, sockets: ISocketSource): Promise<SmartProxy> {
  return new SmartProxy({
    routes: await routesOf(config),
    listenAddress: config.address,
    takeListener: (port) =>
      sockets.take({ name: proxySocketName(port), protocol: 'tcp', address: config.address, port }),
    ...(config.acme && { acme: { enabled: true, ...config.acme } }),
  });
}

/**
 * The document's routes as the proxy takes them, certificates read.
 *
 * @throws ConfigError when a certificate file cannot be read.
 */
export async function routesOf(config: TProxyConfig): Promise<IRouteConfig[]> {
  const routes: IRouteConfig[] = [];
  for (const [index, route] of config.routes.entries()) {
    const { tls, ...action } = route.action;
    routes.push({ ...route, action: { ...action, ...(tls && { tls: await tlsOf(tls, route, index) }) } });
  }
  return routes;
}

async function tlsOf(tls: TTlsConfig, route: TRouteConfig, index: number): Promise<IRouteTls> {
  const { certificate } = tls;
  if (certificate === undefined || certificate === 'auto') return { mode: tls.mode, certificate };
  if (certificate === 'self-signed') {
    const { key, cert } = selfSignedCertificate(namesOf(route));
    return { mode: tls.mode, certificate: { key, cert } };
  }
  if ('key' in certificate) return { mode: tls.mode, certificate };
  const path = `proxy.routes[${index}].action.tls.certificate`;
  return {
    mode: tls.mode,
    certificate: {
      key: await pem(certificate.keyFile, `${path}.keyFile`),
      cert: await pem(certificate.certFile, `${path}.certFile`),
    },
  };
}

/** The names that a self-signed certificate of this route must hold; a route for every name gets `localhost`. */
function namesOf(route: TRouteConfig): string[] {
  const domains = route.match.domains ?? [];
  const names = (typeof domains === 'string' ? [domains] : domains).filter((name) => name !== '*');
  return names.length > 0 ? names : ['localhost'];
}

async function pem(file: string, path: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError([{ file, path, message: `the file cannot be read: ${(error as Error).message}` }]);
  }
}
