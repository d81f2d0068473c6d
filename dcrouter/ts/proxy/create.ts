/**
 * From the document's `proxy` section to a SmartProxy.
 *
 * @module
 */
import { OptionsError, SmartProxy } from '@dcrouter/smartproxy';
import { ConfigError } from '../config/error.ts';
import type { TConfig, TProxyConfig } from '../config/schema/index.ts';
import { proxyOptions } from './options.ts';

export { routesOf } from './routes.ts';

/** @throws ConfigError when a certificate file cannot be read, or the proxy refuses an option */
export async function createProxy(config: TProxyConfig, upstreams?: TConfig['upstreams']): Promise<SmartProxy> {
  try {
    return new SmartProxy(await proxyOptions(config, upstreams));
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    throw new ConfigError(error.problems.map(({ field, message }) => ({ file: 'proxy', path: field, message })));
  }
}
