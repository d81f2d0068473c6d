/**
 * Applies the file by itself when it has changed. What cannot be applied is told once per content.
 *
 * @module
 */
import { StoreUnavailableError } from '../store/errors.ts';
import type { IClock } from './clock.ts';
import type { Control } from './control.ts';
import { ControlError } from './error.ts';
import type { IFileDocument } from './file.ts';
import { Follower } from './follower.ts';
import { messageOf, type Reporter } from './report.ts';
import { FolderWatch } from './watch.ts';

export interface IAutoReloadOptions {
  readonly control: Control;
  readonly clock: IClock;
  readonly report: Reporter;
  readonly read: () => Promise<IFileDocument>;
}

export class AutoReload {
  readonly #options: IAutoReloadOptions;
  readonly #watch: FolderWatch;
  readonly #follower: Follower;
  /** Content that was tried and refused, or the reading's error. */
  #refused: string | undefined;

  constructor(options: IAutoReloadOptions) {
    this.#options = options;
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
    let content: string;
    try {
      const document = await read();
      content = document.fileHash;
      await this.#watch.follow(document.files);
    } catch (error) {
      const message = messageOf(error);
      if (message !== this.#refused) report.failed(report.begin('file', 'file'), 'refused', error);
      this.#refused = message;
      return;
    }
    if (content === this.#refused) return;
    if (content === control.fileHash) {
      this.#refused = undefined;
      return;
    }
    try {
      await control.reload('file');
      this.#refused = undefined;
    } catch (error) {
      // The store is away, or too much is under way: the file is not at fault.
      if (error instanceof StoreUnavailableError || error instanceof ControlError) throw error;
      this.#refused = content;
    }
  }
}
