/**
 * Telemetry as a part of the router: registers every metric, and keeps the history.
 *
 * @module
 */
import type { Registry } from '@dcrouter/metrics';
import type { TConfig } from '../config/schema/index.ts';
import { systemClock, type IClock } from '../control/clock.ts';
import type { IPart } from '../part.ts';
import type { IStore } from '../store/types.ts';
import { History } from './history/history.ts';
import { Reader } from './history/reader.ts';
import { registerRouterMetrics, type IMetricSources } from './register.ts';
import type { IHistory } from './types.ts';

export interface ITelemetryOptions {
  readonly registry: Registry;
  /** Everything but the history, which is made here. */
  readonly sources: Omit<IMetricSources, 'history'>;
  /** Where minutes are kept; null while there is no store. */
  readonly store: () => Pick<IStore, 'history'> | null;
  readonly clock?: IClock;
}

export class TelemetryPart implements IPart {
  readonly name = 'telemetry';
  readonly #options: ITelemetryOptions;
  readonly #reader: Reader;
  #history: History | null = null;
  #persist = false;
  #unregister: () => void = () => {};

  constructor(options: ITelemetryOptions) {
    this.#options = options;
    this.#reader = new Reader({ proxy: options.sources.proxy, dns: options.sources.dns });
  }

  /** Null while it is switched off. */
  get history(): IHistory | null {
    return this.#history;
  }

  async start(config: TConfig): Promise<void> {
    const { registry, sources } = this.#options;
    this.#unregister = registerRouterMetrics(registry, { ...sources, history: () => this.#history });
    await this.#follow(config);
  }

  async apply(next: TConfig, previous: TConfig): Promise<void> {
    if (JSON.stringify(next.telemetry.history) !== JSON.stringify(previous.telemetry.history)) await this.#follow(next);
  }

  listening(): [] {
    return [];
  }

  async stop(): Promise<void> {
    await this.#end();
    this.#unregister();
  }

  /** What was kept in memory is lost when the number of routes changes; the store has its minutes. */
  async #follow({ telemetry }: TConfig): Promise<void> {
    await this.#end();
    this.#persist = telemetry.history.persist;
    if (!telemetry.history.enabled) return;
    this.#reader.open();
    const history = new History({
      clock: this.#options.clock ?? systemClock,
      read: () => this.#reader.read(),
      store: () => (this.#persist ? (this.#options.store()?.history ?? null) : null),
      routesMax: telemetry.history.routes,
    });
    this.#history = history;
    await history.start();
  }

  async #end(): Promise<void> {
    const history = this.#history;
    this.#history = null;
    await history?.stop();
    this.#reader.close();
  }
}
