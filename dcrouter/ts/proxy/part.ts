/**
 * The proxy as a part of the router.
 *
 * @module
 */
import type { SmartProxy } from '@dcrouter/smartproxy';
import type { TConfig } from '../config/schema/index.ts';
import type { IPart, IRouterContext } from '../part.ts';
import type { RulesPart } from '../rules/part.ts';
import { explainStartError } from '../start-error.ts';
import { registerProxyMetrics } from '../telemetry/proxy.ts';
import { createProxy, routesOf } from './create.ts';

export class ProxyPart implements IPart {
  readonly name = 'proxy';
  readonly #context: IRouterContext;
  readonly #rules: RulesPart;
  #proxy: SmartProxy | null = null;
  #stopLogging: () => void = () => {};
  #drainTimeoutMs = 0;

  constructor(context: IRouterContext, rules: RulesPart) {
    this.#context = context;
    this.#rules = rules;
  }

  get proxy(): SmartProxy | null {
    return this.#proxy;
  }

  async start(config: TConfig): Promise<void> {
    const settings = config.proxy;
    if (!settings) return;
    const proxy = await createProxy(settings);
    this.#rules.attachProxy(proxy);
    this.#stopLogging = this.#context.logs.attachProxy(proxy);
    await proxy.start().catch((error: unknown) => {
      this.#stopLogging();
      throw explainStartError('the proxy cannot start', error);
    });
    this.#proxy = proxy;
    this.#drainTimeoutMs = settings.drainTimeoutMs;
    registerProxyMetrics(this.#context.registry, proxy.stats);
  }

  async apply(next: TConfig, previous: TConfig): Promise<void> {
    if (this.#proxy === null) return await this.start(next);
    // Without the section no route is left, and so no port is open; what is counted stays.
    if (next.proxy === undefined) return await this.#proxy.updateRoutes([]);
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
