/**
 * Takes over what other nodes have put into the store: certificates that they ordered, keys that they made.
 *
 * @module
 */
import type { SmartProxy } from '@dcrouter/smartproxy';
import type { TConfig } from '../config/schema/index.ts';
import type { IPart, IRouterContext } from '../part.ts';
import { hearBell } from './bell.ts';
import { sharedLimits } from './limits.ts';

export interface ISharers {
  readonly proxy: () => SmartProxy | null;
  readonly refreshKeys: () => Promise<void>;
}

export class SharedPart implements IPart {
  readonly name = 'shared';
  readonly #context: IRouterContext;
  readonly #sharers: ISharers;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #running = false;
  /** The bell at the last time that everything was taken over; null before the first. */
  #heard: string | undefined | null = null;
  #failing = false;

  constructor(context: IRouterContext, sharers: ISharers) {
    this.#context = context;
    this.#sharers = sharers;
  }

  async start(_config: TConfig): Promise<void> {
    if (!this.#context.hasStore) return;
    this.#running = true;
    this.#next();
  }

  async apply(): Promise<void> {
    // Routes and zones that are new read the store themselves.
  }

  #next(): void {
    if (!this.#running) return;
    // Does not keep the process alive: what listens does.
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => this.#next());
    }, sharedLimits.lookMs).unref();
  }

  async #look(): Promise<void> {
    const { store, logger } = this.#context;
    if (store === null) return;
    try {
      const bell = await hearBell(store);
      if (bell === this.#heard) return;
      await this.#takeOver();
      this.#heard = bell;
      this.#failing = false;
      // Nobody else has the file: once is enough.
      if (store.dialect === 'sqlite') this.#running = false;
    } catch (error) {
      // Once for each time that it begins to fail: it is tried again every second.
      if (!this.#failing) logger.warn({ error: (error as Error).message }, 'what other nodes share cannot be read');
      this.#failing = true;
    }
  }

  async #takeOver(): Promise<void> {
    const proxy = this.#sharers.proxy();
    for (const { name, action } of proxy?.settings.routes ?? []) {
      if (name !== undefined && action.tls?.certificate === 'auto') await proxy?.reloadCertificate(name);
    }
    await this.#sharers.refreshKeys();
  }

  async stop(): Promise<void> {
    this.#running = false;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  listening(): [] {
    return [];
  }
}
