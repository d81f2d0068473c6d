/**
 * The newest log lines, kept in memory for the management API: a bounded ring that can be looked through and followed.
 *
 * @module
 */
import { TAIL_CHARS_MAX, TAIL_FOLLOWERS_MAX, TAIL_LINES_MAX, TAIL_MATCH_CHARS_MAX } from './limits.ts';

/** From the least to the most severe. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type TLogLevel = (typeof logLevels)[number];

export interface ILogLine {
  /** Counts from 1 since the process started. A gap means that lines went by in between. */
  readonly id: number;
  readonly level: TLogLevel;
  /** One JSON object, without the line feed: `level`, `time`, `msg` and the line's fields. */
  readonly text: string;
}

/** What a reader wants to see; everything unless told otherwise. */
export interface ILogFilter {
  /** The least severe level shown. */
  readonly level?: TLogLevel;
  /** Text that must occur in the line; letter case does not matter. At most 256 characters. */
  readonly match?: string;
}

export interface ITailStats {
  /** Lines kept now. */
  readonly lines: number;
  /** Lines that made room for others, since the process started. */
  readonly evicted: number;
  readonly followers: number;
}

export interface ILogTail {
  /** The newest `count` lines that pass, oldest first. */
  latest(count: number, filter?: ILogFilter): ILogLine[];
  /**
   * Calls `listener` with each new line that passes. It must not block: lines are not kept for it.
   *
   * @returns lets go
   * @throws RangeError when there are too many followers
   */
  follow(listener: (line: ILogLine) => void, filter?: ILogFilter): () => void;
  stats(): ITailStats;
}

interface IFollower {
  readonly passes: (line: ILogLine) => boolean;
  readonly listener: (line: ILogLine) => void;
}

export class LogTail implements ILogTail {
  readonly #lines: Array<ILogLine | undefined>;
  readonly #charsMax: number;
  readonly #followers = new Set<IFollower>();
  #oldest = 0;
  #count = 0;
  #chars = 0;
  #lastId = 0;

  constructor(linesMax: number = TAIL_LINES_MAX, charsMax: number = TAIL_CHARS_MAX) {
    this.#lines = Array.from({ length: linesMax });
    this.#charsMax = charsMax;
  }

  /** Takes a line as the logger wrote it: one JSON object that begins with its level, and a line feed. */
  write(text: string): void {
    this.#lastId += 1;
    const line: ILogLine = {
      id: this.#lastId,
      level: levelOf(text),
      text: text.endsWith('\n') ? text.slice(0, -1) : text,
    };
    this.#keep(line);
    for (const { passes, listener } of this.#followers) if (passes(line)) listener(line);
  }

  latest(count: number, filter: ILogFilter = {}): ILogLine[] {
    const passes = compile(filter);
    const found: ILogLine[] = [];
    for (let at = this.#count - 1; at >= 0 && found.length < count; at -= 1) {
      const line = this.#lines[(this.#oldest + at) % this.#lines.length]!;
      if (passes(line)) found.push(line);
    }
    return found.reverse();
  }

  follow(listener: (line: ILogLine) => void, filter: ILogFilter = {}): () => void {
    if (this.#followers.size >= TAIL_FOLLOWERS_MAX)
      throw new RangeError(`${TAIL_FOLLOWERS_MAX} readers follow the log already; end one of them first`);
    const follower = { passes: compile(filter), listener };
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  stats(): ITailStats {
    return { lines: this.#count, evicted: this.#lastId - this.#count, followers: this.#followers.size };
  }

  #keep(line: ILogLine): void {
    const size = this.#lines.length;
    while (this.#count > 0 && (this.#count === size || this.#chars + line.text.length > this.#charsMax)) {
      this.#chars -= this.#lines[this.#oldest]!.text.length;
      this.#lines[this.#oldest] = undefined;
      this.#oldest = (this.#oldest + 1) % size;
      this.#count -= 1;
    }
    // A line that alone is larger than the whole tail is not kept; followers still get it.
    if (line.text.length > this.#charsMax) return;
    this.#lines[(this.#oldest + this.#count) % size] = line;
    this.#count += 1;
    this.#chars += line.text.length;
  }
}

const LEVEL = /^\{"level":"([a-z]+)"/;

function levelOf(text: string): TLogLevel {
  const level = LEVEL.exec(text)?.[1];
  return logLevels.find((known) => known === level) ?? 'info';
}

/** @throws RangeError when `match` is too long */
function compile({ level = 'trace', match }: ILogFilter): (line: ILogLine) => boolean {
  if (match !== undefined && match.length > TAIL_MATCH_CHARS_MAX)
    throw new RangeError(`match has ${match.length} characters; give at most ${TAIL_MATCH_CHARS_MAX}`);
  const least = logLevels.indexOf(level);
  const wanted = match?.toLowerCase();
  return (line) =>
    logLevels.indexOf(line.level) >= least && (wanted === undefined || line.text.toLowerCase().includes(wanted));
}
