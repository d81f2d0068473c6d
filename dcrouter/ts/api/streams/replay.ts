/**
 * The latest events, kept for clients that lost their stream and come back.
 *
 * Kinds are listened to only while somebody streams them, and for a short time after, so that an idle router pays for
 * none. What was missed beyond that is told, not guessed.
 *
 * @module
 */
import type { IEventBus, IRouterEvent } from '../../events/types.ts';
import { replayChars, replayEvents, replayLingerMs } from '../limits.ts';

interface IKept {
  readonly id: number;
  readonly kind: string;
  /** Place in the order in which this ring got them. */
  readonly place: number;
  readonly text: string;
}

interface IWatched {
  clients: number;
  /** Place of the first event that was kept for this pattern. */
  readonly from: number;
  readonly stop: () => void;
  timer: NodeJS.Timeout | undefined;
}

export interface IReplay {
  readonly events: ReadonlyArray<{ readonly id: number; readonly kind: string; readonly text: string }>;
  /** Whether nothing is missing between the last event that the client saw and these. */
  readonly complete: boolean;
}

export class ReplayRing {
  readonly #bus: IEventBus;
  readonly #lingerMs: number;
  readonly #watched = new Map<string, IWatched>();
  #kept: IKept[] = [];
  #chars = 0;
  #place = 0;
  #lastId = 0;

  constructor(bus: IEventBus, lingerMs: number = replayLingerMs) {
    this.#bus = bus;
    this.#lingerMs = lingerMs;
  }

  /** Patterns that are listened to now. */
  get watched(): number {
    return this.#watched.size;
  }

  /** Keeps what these patterns name until the returned function is called, and a little longer. */
  hold(patterns: readonly string[]): () => void {
    const own = [...new Set(patterns)];
    for (const pattern of own) this.#watch(pattern);
    return () => {
      for (const pattern of own) this.#leave(pattern);
    };
  }

  /** What came after an event that the client saw. To be asked before the patterns are held again. */
  after(lastId: number, patterns: readonly string[]): IReplay {
    const seen = this.#kept.find(({ id }) => id === lastId);
    const complete =
      seen !== undefined &&
      patterns.every((pattern) => {
        const watched = this.#watched.get(pattern);
        return watched !== undefined && watched.from <= seen.place;
      });
    const events = this.#kept.filter(({ id, kind }) => id > lastId && matches(patterns, kind));
    return { events, complete };
  }

  /** Lets go of everything. */
  stop(): void {
    for (const { stop, timer } of this.#watched.values()) {
      clearTimeout(timer);
      stop();
    }
    this.#watched.clear();
    this.#clear();
  }

  #watch(pattern: string): void {
    const watched = this.#watched.get(pattern);
    if (watched !== undefined) {
      watched.clients += 1;
      clearTimeout(watched.timer);
      return;
    }
    const stop = this.#bus.subscribe([pattern], (event) => this.#keep(event));
    this.#watched.set(pattern, { clients: 1, from: this.#place, stop, timer: undefined });
  }

  #leave(pattern: string): void {
    const watched = this.#watched.get(pattern);
    if (watched === undefined) return;
    watched.clients -= 1;
    if (watched.clients > 0) return;
    watched.timer = setTimeout(() => this.#end(pattern, watched), this.#lingerMs);
    watched.timer.unref();
  }

  #end(pattern: string, watched: IWatched): void {
    watched.stop();
    this.#watched.delete(pattern);
    if (this.#watched.size === 0) this.#clear();
  }

  #clear(): void {
    this.#kept = [];
    this.#chars = 0;
  }

  #keep(event: IRouterEvent): void {
    // Several patterns may name one event.
    if (event.id <= this.#lastId) return;
    this.#lastId = event.id;
    const kept = { id: event.id, kind: event.kind, place: this.#place, text: eventText(event) };
    this.#place += 1;
    this.#kept.push(kept);
    this.#chars += kept.text.length;
    while (this.#kept.length > replayEvents || (this.#chars > replayChars && this.#kept.length > 1)) {
      this.#chars -= this.#kept.shift()!.text.length;
    }
  }
}

export function eventText({ atMs, kind, data }: IRouterEvent): string {
  return JSON.stringify({ atMs, kind, data });
}

/** Whether one of the patterns (`a.b`, `a.*`, `*`) names the kind. */
export function matches(patterns: readonly string[], kind: string): boolean {
  return patterns.some(
    (pattern) =>
      pattern === '*' || pattern === kind || (pattern.endsWith('.*') && kind.startsWith(pattern.slice(0, -1))),
  );
}
