/**
 * What the router is made of: parts that start together, follow the configuration, and stop together.
 *
 * @module
 */
import type { Registry } from '@dcrouter/metrics';
import type { TConfig } from './config/schema/index.ts';
import type { IEventBus } from './events/types.ts';
import type { TLogger } from './log/logger.ts';
import type { IStopHow } from './process/run.ts';
import type { ISocketSource, ISocketToPass } from './process/sockets.ts';
import type { Logs } from './log/logs.ts';
import type { IStore } from './store/types.ts';

/** What every part can reach. */
export interface IRouterContext {
  readonly logger: TLogger;
  readonly logs: Logs;
  readonly registry: Registry;
  readonly events: IEventBus;
  /** Sockets that listen already; asked before one is bound. */
  readonly sockets: ISocketSource;
  /** Null without one, and while it has not been reached since the start. */
  readonly store: IStore | null;
  /** Whether there is a store that outlives the process, reached or not. */
  readonly hasStore: boolean;
}

export interface IPart {
  /** As it stands in errors and log lines: `proxy`, `dns`, `api`. */
  readonly name: string;
  /**
   * Begins to serve what the configuration says, which may be nothing.
   *
   * @throws ConfigError, StartError; nothing stays open then
   */
  start(config: TConfig): Promise<void>;
  /**
   * Goes over to another configuration, changing only what differs. When it rejects, the part serves as before.
   *
   * @throws ConfigError, StartError
   */
  apply(next: TConfig, previous: TConfig): Promise<void>;
  /** Lets what is under way finish, then closes. It stops accepting before it waits for anything. */
  stop(how?: IStopHow): Promise<void>;
  /** What it listens on, for a process that takes it over. */
  listening(): ISocketToPass[];
}
