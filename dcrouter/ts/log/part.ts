/**
 * The log as a part of the router: files are opened with it, and its settings follow the configuration.
 *
 * @module
 */
import type { TConfig } from '../config/schema/index.ts';
import type { IPart } from '../part.ts';
import { StartError } from '../start-error.ts';
import type { Logs } from './logs.ts';

export class LogPart implements IPart {
  readonly name = 'log';
  readonly #logs: Logs;

  constructor(logs: Logs) {
    this.#logs = logs;
  }

  async start(config: TConfig): Promise<void> {
    await this.#follow(config);
  }

  async apply(next: TConfig, previous: TConfig): Promise<void> {
    if (JSON.stringify(next.logging) !== JSON.stringify(previous.logging)) await this.#follow(next);
  }

  listening(): [] {
    return [];
  }

  async stop(): Promise<void> {
    // The last lines of the stop itself are still to come: the router closes the log.
  }

  async #follow(next: TConfig): Promise<void> {
    await this.#logs.apply(next.logging).catch((error: unknown) => {
      throw cannotOpen(error);
    });
  }
}

/** The system's message names the file already. */
function cannotOpen(error: unknown): StartError {
  const reason = error instanceof Error ? error.message : String(error);
  return new StartError(
    `the log file cannot be opened: ${reason}; make its folder, and let the user of this process write there`,
    { cause: error },
  );
}
