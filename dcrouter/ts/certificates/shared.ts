/**
 * Takes over what other nodes have put into the store: certificates that they ordered, keys that they made.
 *
 * @module
 */
import type { SmartProxy } from '@dcrouter/smartproxy';
import type { TConfig } from '../config/schema/index.ts';
import type { IPart, IRouterContext } from '../part.ts';
import { hearBell, type TBell } from './bell.ts';
import { standingChallenges, type IChallengeRecord } from './challenges.ts';
import type { IStore } from '../store/types.ts';
import { sharedLimits } from './limits.ts';

export interface ISharers {
  readonly proxy: () => SmartProxy | null;
  readonly refreshKeys: () => Promise<void>;
  readonly followChallenges: (standing: readonly IChallengeRecord[]) => void;
}

export class SharedPart implements IPart {
  readonly name = 'shared';
  readonly #context: IRouterContext;
  readonly #sharers: ISharers;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #running = false;
  /** Each bell at the last time that everything was taken over. */
  readonly #heard = new Map<TBell, string | undefined>();
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
      // First what a CA is about to ask for.
      await this.#hear(store, 'challenges', async () => {
        this.#sharers.followChallenges(await standingChallenges(store));
      });
      await this.#hear(store, 'kept', () => this.#takeOver());
      this.#failing = false;
      // Nobody else has the file: once is enough.
      if (store.dialect === 'sqlite') this.#running = false;
    } catch (error) {
      // Once for each time that it begins to fail: it is tried again every second.
      if (!this.#failing) logger.warn({ error: (error as Error).message }, 'what other nodes share cannot be read');
      this.#failing = true;
    }
  }

  async #hear(store: IStore, bell: TBell, takeOver: () => Promise<void>): Promise<void> {
    const heard = await hearBell(store, bell);
    if (this.#heard.has(bell) && this.#heard.get(bell) === heard) return;
    await takeOver();
    this.#heard.set(bell, heard);
  }

  /** All that can be; then the first error, so that it is tried again. */
  async #takeOver(): Promise<void> {
    const proxy = this.#sharers.proxy();
    const errors: unknown[] = [];
    await this.#sharers.refreshKeys().catch((error: unknown) => errors.push(error));
    for (const { name, action } of proxy?.settings.routes ?? []) {
      if (name === undefined || action.tls?.certificate !== 'auto') continue;
      await proxy?.reloadCertificate(name).catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
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
