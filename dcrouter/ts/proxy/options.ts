/**
 * From the document's `proxy` section to smartproxy's options.
 *
 * @module
 */
import type { ISmartProxyOptions } from '@dcrouter/smartproxy';
import { readNamedFile } from '../config/files.ts';
import type { TProxyConfig } from '../config/schema/index.ts';
import { routesOf } from './routes.ts';
import { certificateOf } from './tls.ts';

/**
 * @param further what other sections give the proxy: a logger, a resolver, request ids
 * @throws ConfigError when a certificate file cannot be read
 */
export async function proxyOptions(
  config: TProxyConfig,
  further: Partial<ISmartProxyOptions> = {},
): Promise<ISmartProxyOptions> {
  const { workers, proxyIPs, acceptProxyProtocol, sendProxyProtocol, limits, defaults, metrics } = config;
  return given({
    ...further,
    routes: await routesOf(config),
    listenAddress: config.address,
    workers,
    proxyIPs,
    acceptProxyProtocol,
    sendProxyProtocol,
    defaults,
    metrics,
    acme: config.acme && { ...config.acme, ...further.acme },
    ...limits,
    ...timeoutsOf(config.timeouts),
    ...socketOf(config.socket),
    ...(await tlsOptions(config.tls)),
  });
}

function timeoutsOf(timeouts: TProxyConfig['timeouts']): Partial<ISmartProxyOptions> {
  return {
    initialDataTimeout: timeouts?.initialDataTimeoutMs,
    connectionTimeout: timeouts?.connectionTimeoutMs,
    socketTimeout: timeouts?.socketTimeoutMs,
    inactivityTimeout: timeouts?.inactivityTimeoutMs,
    disableInactivityCheck: timeouts?.disableInactivityCheck,
    keepAliveTreatment: timeouts?.keepAliveTreatment,
    keepAliveInactivityMultiplier: timeouts?.keepAliveInactivityMultiplier,
    maxConnectionLifetime: timeouts?.maxConnectionLifetimeMs,
    extendedKeepAliveLifetime: timeouts?.extendedKeepAliveLifetimeMs,
  };
}

function socketOf(socket: TProxyConfig['socket']): Partial<ISmartProxyOptions> {
  return {
    noDelay: socket?.noDelay,
    sockets: socket?.kind,
    keepAlive: socket?.keepAlive,
    keepAliveInitialDelay: socket?.keepAliveInitialDelayMs,
  };
}

async function tlsOptions(tls: TProxyConfig['tls']): Promise<Partial<ISmartProxyOptions>> {
  if (tls === undefined) return {};
  const { certificate, pfxFile, pfxPassphrase, ...rest } = tls;
  if (pfxFile !== undefined) {
    return { ...rest, pfx: await readNamedFile(pfxFile, 'proxy.tls.pfxFile'), passphrase: pfxPassphrase };
  }
  if (certificate === undefined) return rest;
  const { key, cert, ca, passphrase } = await certificateOf(certificate, 'proxy.tls.certificate');
  return { ...rest, key, cert, ca, passphrase };
}

/** Without members that are undefined: the proxy has its own defaults, and tells unknown ones from missing ones. */
function given(options: ISmartProxyOptions): ISmartProxyOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as ISmartProxyOptions;
}
