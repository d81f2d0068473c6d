/**
 * Watches the folders that a document's files lie in. Folders and not files, because a file that is replaced by
 * renaming, as editors do, or through a link, as Kubernetes does, is another file afterwards.
 *
 * @module
 */
import { watch, type FSWatcher } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { IClock } from './clock.ts';
import { WATCH_FOLDERS_MAX, WATCH_LONGEST_MS, WATCH_QUIET_MS } from './limits.ts';

export interface IWatchOptions {
  readonly clock: IClock;
  /** Something changed in a folder; called once things are quiet, and at the latest after the longest time. */
  readonly changed: () => void;
  /** A folder cannot be watched (any more). */
  readonly failed: (folder: string, error: unknown) => void;
}

export class FolderWatch {
  readonly #options: IWatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #firstAtMs: number | undefined;
  #callOff: () => void = () => {};

  constructor(options: IWatchOptions) {
    this.#options = options;
  }

  /** Watches the folders of these files, those that links lead to included, and no others any more. */
  async follow(files: readonly string[]): Promise<void> {
    const all = await foldersOf(files);
    const wanted = new Set([...all].slice(0, WATCH_FOLDERS_MAX));
    for (const folder of all)
      if (!wanted.has(folder))
        this.#options.failed(folder, new Error(`${WATCH_FOLDERS_MAX} folders are watched already`));
    for (const [folder, watcher] of this.#watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of wanted) if (!this.#watchers.has(folder)) this.#watch(folder);
  }

  stop(): void {
    this.#callOff();
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#touched());
      watcher.on('error', (error) => this.#lost(folder, error));
      this.#watchers.set(folder, watcher);
    } catch (error) {
      this.#options.failed(folder, error);
    }
  }

  /** It is watched again when the files are followed the next time. */
  #lost(folder: string, error: unknown): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
    this.#options.failed(folder, error);
  }

  #touched(): void {
    const { clock } = this.#options;
    const now = clock.nowMs();
    this.#firstAtMs ??= now;
    this.#callOff();
    const left = this.#firstAtMs + WATCH_LONGEST_MS - now;
    this.#callOff = clock.after(Math.max(0, Math.min(WATCH_QUIET_MS, left)), () => {
      this.#firstAtMs = undefined;
      this.#options.changed();
    });
  }
}

/** The folder of each file as it is named and as it is reached. A file that is missing now is awaited where it was. */
async function foldersOf(files: readonly string[]): Promise<Set<string>> {
  const folders = new Set<string>();
  for (const file of files) {
    const real = await realpath(file).catch(() => file);
    folders.add(dirname(file)).add(dirname(real));
  }
  return folders;
}
