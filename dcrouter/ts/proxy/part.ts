/**
 * The proxy as a part of the router.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import type { IRouteConfig, SmartProxy } from '@dcrouter/smartproxy';
import type { TConfig } from '../config/schema/index.ts';
import type { IPart, IRouterContext } from '../part.ts';
import { explainStartError } from '../start-error.ts';
import { registerProxyMetrics } from '../telemetry/proxy.ts';
import { createProxy, routesOf } from './create.ts';

export class ProxyPart implements IPart {
  readonly name = 'proxy';
  readonly #context: IRouterContext;
  #proxy: SmartProxy | null = null;
  #stopLogging: () => void = () => {};
  #drainTimeoutMs = 0;
  /** As the proxy has them: files that a route names may change while the document stays as it is. */
  #routes: IRouteConfig[] = [];

  constructor(context: IRouterContext) {
    this.#context = context;
  }

  get proxy(): SmartProxy | null {
    return this.#proxy;
  }

  async start(config: TConfig): Promise<void> {
    const settings = config.proxy;
    if (!settings) return;
    const proxy = await createProxy(settings, config.upstreams);
    this.#stopLogging = this.#context.logs.attachProxy(proxy);
    await proxy.start().catch((error: unknown) => {
      this.#stopLogging();
      throw explainStartError('the proxy cannot start', error);
    });
    this.#proxy = proxy;
    this.#routes = proxy.settings.routes;
    this.#drainTimeoutMs = settings.drainTimeoutMs;
    registerProxyMetrics(this.#context.registry, proxy.stats);
  }

  async apply(next: TConfig): Promise<void> {
    if (this.#proxy === null) return await this.start(next);
    // Without the section there is no route, and so no port is open; what has been counted stays.
    const routes = next.proxy === undefined ? [] : await routesOf(next.proxy, next.upstreams);
    if (!isDeepStrictEqual(routes, this.#routes)) {
      await this.#proxy.updateRoutes(routes).catch((error: unknown) => {
        throw explainStartError('the routes cannot be changed', error);
      });
      this.#routes = routes;
    }
    this.#drainTimeoutMs = next.proxy?.drainTimeoutMs ?? this.#drainTimeoutMs;
  }

  async stop(): Promise<void> {
    await this.#proxy?.stop({ drainTimeout: this.#drainTimeoutMs });
    this.#stopLogging();
    this.#proxy = null;
  }
}
