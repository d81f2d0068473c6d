/**
 * Connections to targets that all worker processes may have together: a worker asks before it opens one to a target that
 * has a maximum, and tells of every one that is gone. Who answers is the primary, which knows them all.
 *
 * @module
 */

/** What a worker says about its connections to one target. */
export type TSlotChange =
  /** May it open one, while all have fewer than `max`? Else it waits, unless `queueMax` wait already. */
  | readonly [say: 'ask', key: string, id: number, max: number, queueMax: number]
  /** Who asked needs none any more. */
  | readonly [say: 'leave', key: string, id: number]
  /** It has so many that it did not ask for: their routes have no maximum, or had none. */
  | readonly [say: 'opened', key: string, count: number]
  | readonly [say: 'closed', key: string];

/** What a worker is told. */
export type TSlotAnswer =
  /** Who asked may open one, waits for its turn, or found the queue full. */
  | readonly [say: 'granted' | 'queued' | 'refused', key: string, id: number]
  /** Others wait: so many of its connections end as soon as they are idle, even where somebody here waits for one. */
  | readonly [say: 'owe', key: string, count: number]
  /** Connections to this target are counted from now on, also those of routes without a maximum. */
  | readonly [say: 'watch', key: string];

/** Somebody who asked. */
export interface ISlotUser {
  readonly connectionsMax: number;
}

/** The target's side. */
export interface ISlotOwner<TUser> {
  /** Connections now. */
  readonly connections: number;
  onSlotGranted(user: TUser): void;
  onSlotQueued(user: TUser): void;
  onSlotRefused(user: TUser): void;
  /** Some connections are owed: see {@link TargetSlots.owed}. */
  onSlotsOwed(): void;
}

/** One target's part of the conversation. */
export class TargetSlots<TUser extends ISlotUser = ISlotUser> {
  /** Connections that are to end for others as soon as they can. */
  owed = 0;
  readonly #key: string;
  readonly #clerk: SlotClerk;
  readonly #owner: ISlotOwner<TUser>;
  readonly #askers = new Map<number, TUser>();
  readonly #ids = new Map<TUser, number>();

  constructor(key: string, clerk: SlotClerk, owner: ISlotOwner<TUser>) {
    this.#key = key;
    this.#clerk = clerk;
    this.#owner = owner;
  }

  /** Asks for a connection; the owner hears of it, unless the user leaves. */
  ask(user: TUser, queueMax: number): void {
    const id = this.#clerk.nextId();
    this.#askers.set(id, user);
    this.#ids.set(user, id);
    this.#clerk.say(['ask', this.#key, id, user.connectionsMax, queueMax]);
  }

  leave(user: TUser): void {
    const id = this.#ids.get(user);
    if (id === undefined) return;
    this.#ids.delete(user);
    this.#askers.delete(id);
    this.#clerk.say(['leave', this.#key, id]);
  }

  /** Connections that nobody asked for. */
  opened(count: number): void {
    this.#clerk.say(['opened', this.#key, count]);
  }

  closed(): void {
    this.#clerk.say(['closed', this.#key]);
  }

  take(answer: TSlotAnswer): void {
    if (answer[0] === 'watch') return;
    if (answer[0] === 'owe') {
      this.owed = answer[2];
      if (this.owed > 0) this.#owner.onSlotsOwed();
      return;
    }
    const [say, , id] = answer;
    const user = this.#askers.get(id);
    if (user === undefined) {
      // It left while the answer was on its way: what was granted goes back.
      if (say === 'granted') this.closed();
      return;
    }
    if (say === 'queued') {
      this.#owner.onSlotQueued(user);
      return;
    }
    this.#askers.delete(id);
    this.#ids.delete(user);
    if (say === 'granted') this.#owner.onSlotGranted(user);
    else this.#owner.onSlotRefused(user);
  }
}

/** A worker's side of all targets. */
export class SlotClerk {
  readonly #send: (changes: readonly TSlotChange[]) => void;
  readonly #targets = new Map<string, TargetSlots>();
  /** Targets that are counted, whether there is a connection to them or not. */
  readonly #watched = new Set<string>();
  /** Begins to count a target that is there already. */
  #onWatch: (key: string) => void = () => {};
  #changes: TSlotChange[] = [];
  #lastId = 0;

  constructor(send: (changes: readonly TSlotChange[]) => void) {
    this.#send = send;
  }

  /** @param onWatch called with targets that are to be counted from now on */
  serve(onWatch: (key: string) => void): void {
    this.#onWatch = onWatch;
  }

  isWatched(key: string): boolean {
    return this.#watched.has(key);
  }

  /** Counts a target's connections from now on. */
  attach<TUser extends ISlotUser>(key: string, owner: ISlotOwner<TUser>): TargetSlots<TUser> {
    const slots = new TargetSlots(key, this, owner);
    this.#watched.add(key);
    // A target gives its slots no users but its own.
    this.#targets.set(key, slots as unknown as TargetSlots);
    if (owner.connections > 0) slots.opened(owner.connections);
    return slots;
  }

  take(answers: readonly TSlotAnswer[]): void {
    for (const answer of answers) {
      const [say, key] = answer;
      if (say === 'watch') this.#watch(key);
      else this.#targets.get(key)?.take(answer);
    }
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** One message for all that is said in one go. */
  say(change: TSlotChange): void {
    this.#changes.push(change);
    if (this.#changes.length === 1) queueMicrotask(this.#flush);
  }

  readonly #flush = (): void => {
    const changes = this.#changes;
    this.#changes = [];
    this.#send(changes);
  };

  #watch(key: string): void {
    this.#watched.add(key);
    if (!this.#targets.has(key)) this.#onWatch(key);
    // Whoever waits, waits until all have said what they have, be it nothing.
    this.say(['opened', key, 0]);
  }
}
