/**
 * Where lines go: standard output or a file. Never blocks the event loop; what a slow destination does not take in time
 * is dropped and counted.
 *
 * @module
 */
import { close, open, openSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { OUTPUT_CHARS_MAX, OUTPUT_EXIT_TRIES, OUTPUT_RETRY_MS, OUTPUT_WRITE_CHARS } from './limits.ts';

const STDOUT = 1;
/** Read by the group: log collectors run as another user. */
const FILE_MODE = 0o640;
const openFile = promisify(open);
const closeFile = promisify(close);

/** What is counted; outputs that follow one another count into one. */
export interface IOutputCounts {
  /** Lines handed over to the system. */
  written: number;
  /** Lines given up: as too much waited, or as the destination failed. */
  dropped: number;
  /** Failed writes and opens. */
  failures: number;
}

export function outputCounts(): IOutputCounts {
  return { written: 0, dropped: 0, failures: 0 };
}

export interface IOutputStats extends Readonly<IOutputCounts> {
  /** Lines that wait now. */
  readonly waiting: number;
}

/** Outputs that are open, for the end of the process. */
const opened = new Set<LogOutput>();

function writeRests(): void {
  for (const output of opened) output.writeRest();
}

export class LogOutput {
  /** Path of the file; undefined for standard output. */
  readonly file: string | undefined;
  readonly #charsMax: number;
  #fd: number | null = null;
  #lines: string[] = [];
  #chars = 0;
  /** What is being written, and how many lines that is. */
  #bytes: Buffer | null = null;
  #bytesLines = 0;
  #retry: NodeJS.Timeout | undefined;
  #idle: Array<() => void> = [];
  #afterWrite: Array<() => void> = [];
  readonly #counts: IOutputCounts;

  constructor(file?: string, counts: IOutputCounts = outputCounts(), charsMax: number = OUTPUT_CHARS_MAX) {
    this.file = file;
    this.#counts = counts;
    this.#charsMax = charsMax;
  }

  /** Opens the file, for appending. @throws the system's error when it cannot be opened */
  open(): void {
    if (this.#fd !== null) return;
    this.#fd = this.file === undefined ? STDOUT : openSync(this.file, 'a', FILE_MODE);
    opened.add(this);
    if (opened.size === 1) process.on('exit', writeRests);
  }

  /** Takes a line with its line feed. */
  write(line: string): void {
    if (this.#chars + line.length > this.#charsMax || !this.#isOpen()) {
      this.#counts.dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#chars += line.length;
    this.#next();
  }

  /**
   * Opens the file by its name anew, for log rotation: lines from now on go to the new file, none is lost. The old file
   * serves on when that fails.
   *
   * @throws the system's error when the file cannot be opened
   */
  async reopen(): Promise<void> {
    if (this.file === undefined || this.#fd === null) return;
    const fd = await openFile(this.file, 'a', FILE_MODE).catch((error: unknown) => {
      this.#counts.failures += 1;
      throw error;
    });
    const before = this.#fd;
    this.#fd = fd;
    // A write under way has the old descriptor, whose number must not be given to another file meanwhile.
    if (this.#bytes !== null) await new Promise<void>((resolve) => this.#afterWrite.push(resolve));
    await closeFile(before);
  }

  /** Resolves when everything taken so far was handed to the system, or given up. */
  async flushed(): Promise<void> {
    if (this.#bytes === null && this.#lines.length === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Writes what waits and closes the file. A later line opens it again. */
  async close(): Promise<void> {
    await this.flushed();
    const fd = this.#fd;
    this.#fd = null;
    opened.delete(this);
    if (opened.size === 0) process.off('exit', writeRests);
    if (fd !== null && fd !== STDOUT) await closeFile(fd);
  }

  stats(): IOutputStats {
    return { ...this.#counts, waiting: this.#waiting() };
  }

  #waiting(): number {
    return this.#lines.length + (this.#bytes === null ? 0 : this.#bytesLines);
  }

  #isOpen(): boolean {
    try {
      this.open();
      return true;
    } catch {
      this.#counts.failures += 1;
      return false;
    }
  }

  /** Begins the next write, unless one is under way. */
  #next(): void {
    if (this.#bytes !== null || this.#fd === null) return;
    if (this.#lines.length === 0) {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    let chars = 0;
    let count = 0;
    while (count < this.#lines.length && (count === 0 || chars + this.#lines[count]!.length <= OUTPUT_WRITE_CHARS)) {
      chars += this.#lines[count]!.length;
      count += 1;
    }
    this.#bytes = Buffer.from(this.#lines.splice(0, count).join(''), 'utf8');
    this.#bytesLines = count;
    this.#chars -= chars;
    this.#writeOn(this.#fd);
  }

  #writeOn(fd: number): void {
    const bytes = this.#bytes!;
    write(fd, bytes, 0, bytes.length, null, (error, count) => {
      if (error !== null) this.#failed(error, fd);
      else if (count < bytes.length) {
        this.#bytes = bytes.subarray(count);
        this.#writeOn(fd);
      } else this.#done(true);
    });
  }

  #failed(error: NodeJS.ErrnoException, fd: number): void {
    if (error.code === 'EAGAIN') {
      // What waits does not keep the process alive: it is written at its end.
      this.#retry = setTimeout(() => this.#writeOn(fd), OUTPUT_RETRY_MS).unref();
      return;
    }
    this.#counts.failures += 1;
    this.#done(false);
  }

  #done(written: boolean): void {
    if (written) this.#counts.written += this.#bytesLines;
    else this.#counts.dropped += this.#bytesLines;
    this.#bytes = null;
    for (const resolve of this.#afterWrite.splice(0)) resolve();
    this.#next();
  }

  /**
   * Writes what waits before the process ends. A write that is under way then may be done twice: better than not at all.
   *
   * @internal
   */
  writeRest(): void {
    clearTimeout(this.#retry);
    if (this.#fd === null) return;
    let bytes = Buffer.concat([this.#bytes ?? Buffer.alloc(0), Buffer.from(this.#lines.join(''), 'utf8')]);
    for (let tries = 0; bytes.length > 0 && tries < OUTPUT_EXIT_TRIES;) {
      try {
        bytes = bytes.subarray(writeSync(this.#fd, bytes));
      } catch {
        tries += 1;
      }
    }
  }
}
