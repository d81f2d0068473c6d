/**
 * Resolving targets as a part of the router. It starts first: the proxy and the checks ask it.
 *
 * @module
 */
import { DnsError } from '@dcrouter/smartdns/client';
import { ConfigError } from '../config/error.ts';
import type { TConfig } from '../config/schema/index.ts';
import type { IPart, IRouterContext } from '../part.ts';
import { TargetResolver, type ITargetResolverOptions } from './target-resolver.ts';
import type { IResolve } from './types.ts';

export class ResolvePart implements IPart {
  readonly name = 'resolve';
  readonly #context: IRouterContext;
  #resolver: TargetResolver | null = null;

  constructor(context: IRouterContext) {
    this.#context = context;
  }

  /** @throws Error before the start */
  get resolver(): TargetResolver {
    if (this.#resolver === null) throw new Error('the resolver has not been started');
    return this.#resolver;
  }

  /** Null before the start. */
  get resolve(): IResolve | null {
    return this.#resolver;
  }

  async start(config: TConfig): Promise<void> {
    const { events, logger } = this.#context;
    const listener = {
      onMoved: (name: string, endpoints: readonly unknown[]) =>
        events.publish('proxy.target-moved', { name, endpoints }),
      onFailed: (name: string, error: Error, stale: boolean) => {
        events.publish('proxy.target-unresolved', { name, error: error.message, stale });
        logger.debug({ name, error: error.message, stale }, 'a target cannot be resolved');
      },
    };
    this.#resolver = explained(() => new TargetResolver(optionsOf(config), listener));
  }

  async apply(next: TConfig, previous: TConfig): Promise<void> {
    if (JSON.stringify(next.resolve) === JSON.stringify(previous.resolve)) return;
    explained(() => this.resolver.configure(optionsOf(next)));
  }

  listening(): [] {
    return [];
  }

  async stop(): Promise<void> {
    this.#resolver?.destroy();
    this.#resolver = null;
  }
}

function optionsOf({ resolve }: TConfig): ITargetResolverOptions {
  const { minTtl, maxTtl, ...rest } = resolve;
  return { ...rest, minTtlSeconds: minTtl, maxTtlSeconds: maxTtl };
}

/** @throws ConfigError in place of what the client says about its servers */
function explained<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    throw new ConfigError([{ file: 'configuration', path: 'resolve.servers', message: error.message }]);
  }
}
