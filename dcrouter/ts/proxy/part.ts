/**
 * The proxy as a part of the router.
 *
 * @module
 */
import type { SmartProxy } from '@dcrouter/smartproxy';
import type { TConfig } from '../config/schema/index.ts';
import { logProxyEvents } from '../log/access.ts';
import type { IPart, IRouterContext } from '../part.ts';
import { explainStartError } from '../start-error.ts';
import { registerProxyMetrics } from '../telemetry/proxy.ts';
import type { IStopHow } from '../process/run.ts';
import type { ISocketToPass } from '../process/sockets.ts';
import { createProxy, proxySocketName, routesOf } from './create.ts';

/** Where the proxy listens unless told otherwise: every address of both families. */
const anyAddress = '::';

export class ProxyPart implements IPart {
  readonly name = 'proxy';
  readonly #context: IRouterContext;
  #proxy: SmartProxy | null = null;
  #stopLogging: () => void = () => {};
  #drainTimeoutMs = 0;
  #address = anyAddress;

  constructor(context: IRouterContext) {
    this.#context = context;
  }

  get proxy(): SmartProxy | null {
    return this.#proxy;
  }

  async start(config: TConfig): Promise<void> {
    const settings = config.proxy;
    if (!settings) return;
    const proxy = await createProxy(settings, this.#context.sockets);
    this.#stopLogging = logProxyEvents(proxy, this.#context.logger, config.logging.access);
    await proxy.start().catch((error: unknown) => {
      this.#stopLogging();
      throw explainStartError('the proxy cannot start', error);
    });
    this.#proxy = proxy;
    this.#drainTimeoutMs = settings.drainTimeoutMs;
    this.#address = settings.address ?? anyAddress;
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

  listening(): ISocketToPass[] {
    const handles = this.#proxy?.listenerHandles() ?? new Map<number, ISocketToPass['handle']>();
    return Array.from(handles, ([port, handle]) => {
      return { name: proxySocketName(port), protocol: 'tcp', address: this.#address, port, handle };
    });
  }

  async stop(how: IStopHow = {}): Promise<void> {
    const { drainMs = this.#drainTimeoutMs, idleGraceMs } = how;
    await this.#proxy?.stop({ drainTimeout: drainMs, idleGrace: idleGraceMs });
    this.#stopLogging();
    this.#proxy = null;
  }
}
