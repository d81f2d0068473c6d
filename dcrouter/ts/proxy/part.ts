/**
 * The proxy as a part of the router.
 *
 * @module
 */
import type { SmartProxy } from '@dcrouter/smartproxy';
import type { TConfig } from '../config/schema/index.ts';
import { logProxyEvents } from '../log/access.ts';
import type { IPart, IRouterContext } from '../part.ts';
import type { ResolvePart } from '../resolve/part.ts';
import { explainStartError } from '../start-error.ts';
import { registerProxyMetrics } from '../telemetry/proxy.ts';
import { createProxy, routesOf } from './create.ts';

export class ProxyPart implements IPart {
  readonly name = 'proxy';
  readonly #context: IRouterContext;
  readonly #resolve: ResolvePart;
  #proxy: SmartProxy | null = null;
  #stopLogging: () => void = () => {};
  #drainTimeoutMs = 0;

  constructor(context: IRouterContext, resolve: ResolvePart) {
    this.#context = context;
    this.#resolve = resolve;
  }

  get proxy(): SmartProxy | null {
    return this.#proxy;
  }

  async start(config: TConfig): Promise<void> {
    const settings = config.proxy;
    if (!settings) return;
    const proxy = await createProxy(settings, this.#resolve.resolver);
    this.#stopLogging = logProxyEvents(proxy, this.#context.logger, config.logging.access);
    await proxy.start().catch((error: unknown) => {
      this.#stopLogging();
      throw explainStartError('the proxy cannot start', error);
    });
    this.#proxy = proxy;
    this.#drainTimeoutMs = settings.drainTimeoutMs;
    registerProxyMetrics(this.#context.registry, proxy.stats);
  }

  async apply(next: TConfig, previous: TConfig): Promise<void> {
    if (this.#proxy === null || next.proxy === undefined) return;
    if (JSON.stringify(next.proxy.routes) !== JSON.stringify(previous.proxy?.routes)) {
      await this.#proxy.updateRoutes(await routesOf(next.proxy)).catch((error: unknown) => {
        throw explainStartError('the routes cannot be changed', error);
      });
    }
    this.#drainTimeoutMs = next.proxy.drainTimeoutMs;
  }

  async stop(): Promise<void> {
    await this.#proxy?.stop({ drainTimeout: this.#drainTimeoutMs });
    this.#stopLogging();
    this.#proxy = null;
  }
}
