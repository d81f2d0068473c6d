/**
 * What stands against one limit in all processes that share it. The limiter counts its own; here it learns what the
 * others hold, and they learn of its changes once these matter.
 *
 * @module
 */
import { securityLimits } from '../limits/security.ts';

/** What is counted: open connections in all or by address, what is spent of a rate, or what targets have to do. */
export type TTallyKind = 'connections' | 'addresses' | 'rate' | 'load';

/** Takes what others spent out of a budget. */
export interface ISpender {
  spend(key: string, count: number): void;
}

export class Tally {
  readonly kind: TTallyKind;
  /** Route that the limit belongs to, '' for the whole proxy. */
  readonly route: string;
  /** Change of a key from which on the others are told at once. */
  quantum = 1;
  /** A limit is held against it; false when its route is gone. */
  isUsed = true;
  /** The limiter that spends by it now. */
  spender: ISpender | null = null;
  readonly #processes: number;
  readonly #due: (tally: Tally) => void;
  /** Ours by key; of a rate only what was not told yet. */
  readonly #own = new Map<string, number>();
  readonly #told = new Map<string, number>();
  readonly #others = new Map<string, number>();
  /** Told, and not heard of yet: until then the others may not know. */
  readonly #underway = new Map<string, number>();
  /** Keys whose change is large enough to be told. */
  readonly #changed = new Set<string>();

  /**
   * @param processes how many share the limit
   * @param due called when there is something to tell
   */
  constructor(kind: TTallyKind, route: string, processes: number, due: (tally: Tally) => void) {
    this.kind = kind;
    this.route = route;
    this.#processes = processes;
    this.#due = due;
  }

  /** Nothing is held by anybody. */
  get isEmpty(): boolean {
    return this.#own.size === 0 && this.#told.size === 0 && this.#others.size === 0;
  }

  /** What the others hold of a key, as far as they told. */
  others(key: string): number {
    return this.#others.get(key) ?? 0;
  }

  /** Whether one more can be held, all processes together. */
  hasRoom(key: string, limit: number): boolean {
    return this.#holds(key, limit, this.untold(key) + 1);
  }

  /** Whether what is held already is not too much, all processes together. */
  fits(key: string, limit: number): boolean {
    return this.#holds(key, limit, this.untold(key));
  }

  #holds(key: string, limit: number, untold: number): boolean {
    const known = (this.#own.get(key) ?? 0) - this.untold(key) + this.others(key);
    return untold <= this.shareOf(limit - known) && untold + known <= limit;
  }

  /** Ours that the others do not know of. */
  untold(key: string): number {
    return (this.#own.get(key) ?? 0) - (this.#told.get(key) ?? 0) + (this.#underway.get(key) ?? 0);
  }

  /** How many of what is left may be taken before the others know. */
  shareOf(room: number): number {
    return Math.ceil(Math.max(0, room) / this.#processes) + 1;
  }

  /** Counts a change of ours. */
  add(key: string, change: number): void {
    const before = this.#own.get(key);
    // One that there was no room for when it came is not given back either.
    if (before === undefined && (change < 0 || this.#own.size >= securityLimits.trackedIpsMax)) return;
    const own = (before ?? 0) + change;
    if (own === 0) this.#own.delete(key);
    else this.#own.set(key, own);
    if (Math.abs(own - (this.#told.get(key) ?? 0)) < this.quantum) return;
    this.#changed.add(key);
    this.#due(this);
  }

  /** Tells what changed; not again before {@link heard}. @param all also what is too small to be told at once */
  tell(all: boolean, told: (key: string, change: number) => void): void {
    const isRate = this.kind === 'rate';
    for (const key of all && isRate ? this.#own.keys() : this.#changed) {
      const own = this.#own.get(key) ?? 0;
      const change = own - (this.#told.get(key) ?? 0);
      if (change === 0) continue;
      told(key, change);
      this.#underway.set(key, change);
      if (isRate) this.#own.delete(key);
      else if (own === 0) this.#told.delete(key);
      else this.#told.set(key, own);
    }
    this.#changed.clear();
  }

  /** What was told has reached the others. */
  heard(): void {
    this.#underway.clear();
  }

  /** What another process told. */
  take(key: string, change: number): void {
    if (this.kind === 'rate') {
      this.spender?.spend(key, change);
      return;
    }
    const others = (this.#others.get(key) ?? 0) + change;
    if (others === 0) this.#others.delete(key);
    else this.#others.set(key, others);
  }
}

/** Gives out the tallies of a process. */
export interface ITallies {
  /** The tally of a limit: one for each kind and route, whatever the limit is now. */
  of(kind: TTallyKind, route: string, limit: number): Tally;
  /** The route is gone: its tallies go as soon as nothing is held against them. */
  forget(route: string): void;
}
