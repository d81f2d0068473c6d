/**
 * A router from a file, as the process runs it: with reloads, restarts, log rotation and the hand-over of its store.
 *
 * @module
 */
import type { TConfig } from '../config/schema/index.ts';
import { ControlError } from '../control/error.ts';
import type { TLogger } from '../log/logger.ts';
import { Logs } from '../log/logs.ts';
import type { DcRouter } from '../router.ts';
import type { IProcessHost } from './host.ts';
import { processLimits } from './limits.ts';
import { RouterProcess } from './router-process.ts';
import type { IServing, IStopHow } from './run.ts';
import type { ISocketToPass } from './sockets.ts';

export class FileServing implements IServing {
  readonly #file: string;
  readonly #config: TConfig;
  readonly #host: IProcessHost;
  readonly #logs: Logs;
  #running: RouterProcess | null = null;

  /** @param config what the file says, for what must be known before it is served */
  constructor(file: string, config: TConfig, host: IProcessHost) {
    this.#file = file;
    this.#config = config;
    this.#host = host;
    this.#logs = new Logs(config.logging);
  }

  /** Only after the start. */
  get router(): DcRouter {
    return this.#started.router;
  }

  get logger(): TLogger {
    return this.#logs.logger;
  }

  get process(): TConfig['process'] {
    return this.#running?.router.config.process ?? this.#config.process;
  }

  get connectionsMax(): number {
    const { proxy } = this.#config;
    return proxy === undefined ? 0 : processLimits.proxyConnections;
  }

  get store(): IServing['store'] {
    return this.#running?.storeKeeper;
  }

  async start(): Promise<void> {
    this.#running = await RouterProcess.start(this.#file, { logs: this.#logs, host: this.#host });
  }

  async stop(how?: IStopHow): Promise<void> {
    await this.#started.stop(how);
  }

  listening(): ISocketToPass[] {
    return this.#started.router.listening();
  }

  async reload(): Promise<void> {
    this.logger.info('reading the configuration again');
    await this.#started.control.reload('signal').catch((error: unknown) => {
      // What it ended as has been told; what did not get its turn has not.
      if (error instanceof ControlError) this.logger.error({ code: error.code, error: error.message }, 'not reloaded');
    });
  }

  async reopenLogs(): Promise<void> {
    await this.#started.router.reopenLogs();
  }

  get #started(): RouterProcess {
    if (this.#running === null) throw new Error('the router has not been started');
    return this.#running;
  }
}
