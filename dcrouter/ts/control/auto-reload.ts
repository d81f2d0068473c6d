/**
 * Applies the file by itself when it, or a file that it is made of, has changed. What cannot be applied is told once
 * per content.
 *
 * @module
 */
import { StoreUnavailableError } from '../store/errors.ts';
import type { IClock } from './clock.ts';
import type { Control } from './control.ts';
import { ControlError } from './error.ts';
import type { IFileState } from './file.ts';
import { Follower } from './follower.ts';
import { messageOf, type Reporter } from './report.ts';
import { FolderWatch } from './watch.ts';

export interface IAutoReloadOptions {
  readonly control: Pick<Control, 'reload'>;
  readonly clock: IClock;
  readonly report: Reporter;
  readonly read: () => Promise<IFileState>;
}

export class AutoReload {
  readonly #options: IAutoReloadOptions;
  readonly #watch: FolderWatch;
  readonly #follower: Follower;
  /** Content that has had its turn, applied or refused; or the message of an error that reading it gave. */
  #tried: string;

  /** @param started - what the router was started from */
  constructor(options: IAutoReloadOptions, started: IFileState) {
    this.#options = options;
    this.#tried = started.hash;
    this.#follower = new Follower(options.clock, () => this.#reload());
    this.#watch = new FolderWatch({
      clock: options.clock,
      changed: () => this.#follower.tell(),
      failed: (folder, error) => options.report.warn(`the folder ${folder} cannot be watched`, error),
    });
  }

  /** @param files - what the running document was read from */
  async start(files: readonly string[]): Promise<void> {
    await this.#watch.follow(files);
    // What changed between the reading and the watching.
    this.#follower.tell();
  }

  stop(): void {
    this.#watch.stop();
    this.#follower.stop();
  }

  /** Rejects when it shall be tried again by itself. */
  async #reload(): Promise<void> {
    const { control, report, read } = this.#options;
    const state = await read().catch((error: unknown) => {
      const message = messageOf(error);
      // A file that is away for a moment, as while it is replaced, is told like one that is wrong.
      if (message !== this.#tried) report.failed(report.begin('file', 'file'), 'refused', error);
      this.#tried = message;
    });
    if (state === undefined) return;
    await this.#watch.follow(state.files);
    if (state.hash === this.#tried) return;
    try {
      await control.reload('file');
    } catch (error) {
      // The store is away, or too much is under way: the file is not at fault.
      if (error instanceof StoreUnavailableError || error instanceof ControlError) throw error;
    }
    this.#tried = state.hash;
  }
}
