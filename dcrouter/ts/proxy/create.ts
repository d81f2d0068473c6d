/**
 * From the document's `proxy` section to a SmartProxy.
 *
 * @module
 */
import { OptionsError, SmartProxy, type IRequestIdOptions, type ISmartProxyOptions } from '@dcrouter/smartproxy';
import { ConfigError } from '../config/error.ts';
import type { TConfig, TProxyConfig } from '../config/schema/index.ts';
import { proxyOptions } from './options.ts';

export { routesOf } from './routes.ts';

/** What a socket of the proxy is called when it is handed over. */
export const proxySocketName = (port: number): string => `proxy-${port}`;

/** How requests are named, as the `telemetry` section says; undefined: not at all. */
export function requestIdOf({ requestId }: TConfig['telemetry']): IRequestIdOptions | undefined {
  if (requestId === false) return undefined;
  return requestId === true ? {} : requestId;
}

/**
 * @param further what other sections give the proxy: a logger, a resolver, request ids
 * @throws ConfigError when a certificate file cannot be read, or the proxy refuses an option
 */
export async function createProxy(config: TProxyConfig, further?: Partial<ISmartProxyOptions>): Promise<SmartProxy> {
  try {
    return new SmartProxy(await proxyOptions(config, further));
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    throw new ConfigError(error.problems.map(({ field, message }) => ({ file: 'proxy', path: field, message })));
  }
}
