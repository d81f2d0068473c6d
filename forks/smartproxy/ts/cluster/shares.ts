/**
 * Limits that hold over all workers: each tells the others, through the primary, what it holds against them.
 *
 * @module
 */
import { clusterLimits } from '../limits/cluster.ts';
import { Tally, type ITallies, type TTallyKind } from '../security/tally.ts';
import type { Member } from './member.ts';

/** What a worker holds more, or has spent, of one key of one limit. */
export type TShareChange = readonly [kind: TTallyKind, route: string, key: string, change: number];

const idOf = (kind: TTallyKind, route: string, key = ''): string => `${kind}\n${route}\n${key}`;

/** A worker's side. */
export class Shares implements ITallies {
  readonly #workers: number;
  readonly #send: (changes: readonly TShareChange[]) => void;
  readonly #tallies = new Map<string, Tally>();
  readonly #due = new Set<Tally>();
  /** Due as well, but not at once. */
  readonly #dueLoads = new Set<Tally>();
  #scheduled = false;
  /** A message is under way: what changes meanwhile waits for the answer, so that it is one message however much it is. */
  #underway = false;
  #telling: Tally[] = [];

  constructor(workers: number, send: (changes: readonly TShareChange[]) => void) {
    this.#workers = workers;
    this.#send = send;
  }

  of(kind: TTallyKind, route: string, limit: number): Tally {
    const id = idOf(kind, route);
    let tally = this.#tallies.get(id);
    if (tally === undefined) {
      tally = new Tally(kind, route, this.#workers, this.#onDue);
      this.#tallies.set(id, tally);
    }
    tally.isUsed = true;
    tally.quantum = Math.max(1, Math.floor(limit / (clusterLimits.shareParts * this.#workers)));
    return tally;
  }

  forget(route: string): void {
    for (const tally of this.#tallies.values()) if (tally.route === route) tally.isUsed = false;
  }

  /** What others told. Of a limit that there is not here it means nothing. */
  take(changes: readonly TShareChange[]): void {
    for (const [kind, route, key, change] of changes) this.#tallies.get(idOf(kind, route))?.take(key, change);
  }

  /** The others know what was told last. */
  heard(): void {
    this.#underway = false;
    for (const tally of this.#telling) tally.heard();
    this.#telling = [];
    if (this.#due.size > 0) this.#tellDue();
  }

  /** Tells also what is too small to be told at once, so that it does not add up. */
  tellAll(): void {
    if (!this.#underway) this.#tell(this.#tallies.values(), true);
    for (const [id, tally] of this.#tallies) if (!tally.isUsed && tally.isEmpty) this.#tallies.delete(id);
  }

  readonly #onDue = (tally: Tally): void => {
    if (tally.kind === 'load') {
      // It changes with every request, and nobody is let in or refused by it.
      this.#dueLoads.add(tally);
      if (this.#dueLoads.size === 1) setTimeout(this.#tellLoads, clusterLimits.loadMs);
      return;
    }
    this.#due.add(tally);
    if (this.#scheduled || this.#underway) return;
    this.#scheduled = true;
    setImmediate(this.#tellDue);
  };

  readonly #tellLoads = (): void => {
    for (const tally of this.#dueLoads) this.#due.add(tally);
    this.#dueLoads.clear();
    this.#tellDue();
  };

  readonly #tellDue = (): void => {
    this.#scheduled = false;
    if (this.#underway) return;
    this.#tell(this.#due, false);
    this.#due.clear();
  };

  #tell(tallies: Iterable<Tally>, all: boolean): void {
    const changes: TShareChange[] = [];
    for (const tally of tallies) {
      const before = changes.length;
      tally.tell(all, (key, change) => changes.push([tally.kind, tally.route, key, change]));
      if (changes.length > before) this.#telling.push(tally);
    }
    if (changes.length === 0) return;
    this.#underway = true;
    this.#send(changes);
  }
}

/** The primary's side: passes on what one worker tells, and takes back what a worker held that is gone. */
export class ShareDesk {
  readonly #members: Iterable<Member>;
  readonly #held = new Map<Member, Map<string, TShareChange>>();

  constructor(members: Iterable<Member>) {
    this.#members = members;
  }

  /** A worker was started, and learns what the others hold. */
  join(member: Member): void {
    const changes = [...this.#held].flatMap(([other, held]) => (other === member ? [] : [...held.values()]));
    if (changes.length > 0) member.tell({ proxy: 'shares', changes });
  }

  take(from: Member, changes: readonly TShareChange[]): void {
    // What it held was taken back; its last words may come after its end.
    if (from.isGone) return;
    let held = this.#held.get(from);
    if (held === undefined) {
      held = new Map();
      this.#held.set(from, held);
    }
    for (const [kind, route, key, change] of changes) {
      // What is spent stays spent; it comes back by time alone.
      if (kind === 'rate') continue;
      const id = idOf(kind, route, key);
      const sum = (held.get(id)?.[3] ?? 0) + change;
      if (sum === 0) held.delete(id);
      else held.set(id, [kind, route, key, sum]);
    }
    this.#pass(from, changes);
    from.tell({ proxy: 'shares-heard' });
  }

  leave(member: Member): void {
    const held = this.#held.get(member);
    this.#held.delete(member);
    if (held === undefined || held.size === 0) return;
    this.#pass(
      member,
      Array.from(held.values(), ([kind, route, key, sum]) => [kind, route, key, -sum] as const),
    );
  }

  #pass(from: Member, changes: readonly TShareChange[]): void {
    for (const member of this.#members) if (member !== from) member.tell({ proxy: 'shares', changes });
  }
}
