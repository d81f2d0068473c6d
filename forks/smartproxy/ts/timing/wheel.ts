/**
 * One timer for every deadline of the proxy: a hashed wheel whose entries are moved lazily.
 *
 * Traffic pushes deadlines further out far more often than they fire, so extending one is a field write: the entry
 * stays in its slot, and when the slot comes up an entry that is not due yet is put where it belongs.
 *
 * @module
 */
import { limits } from '../limits/limits.ts';

/** What has a deadline. */
export interface IDeadlineOwner {
  /** The deadline passed. It is disarmed already. */
  onDeadline(deadline: Deadline): void;
}

/** An entry of the wheel; made once per owner and armed many times. */
export class Deadline {
  /** When it fires, in wheel time (ms). */
  dueMs = 0;
  /** When the slot that it sits in comes up, in wheel ticks; -1 while it is in none. */
  tick = -1;
  next: Deadline | null = null;
  prev: Deadline | null = null;
  armed = false;
  readonly owner: IDeadlineOwner;

  constructor(owner: IDeadlineOwner) {
    this.owner = owner;
  }
}

export class TimerWheel {
  /** Coarse monotonic time in ms, as of the last tick. */
  nowMs: number;
  readonly #slots: Array<Deadline | null>;
  readonly #mask: number;
  readonly #onTick: (nowMs: number) => void;
  #tick: number;
  #timer: NodeJS.Timeout | null = null;
  readonly #due: Deadline[] = [];

  /** @param onTick runs once per tick, after the deadlines of that tick */
  constructor(onTick: (nowMs: number) => void = () => {}) {
    this.#slots = Array.from({ length: limits.wheelSlots }, () => null);
    this.#mask = limits.wheelSlots - 1;
    this.nowMs = performance.now();
    this.#tick = Math.floor(this.nowMs / limits.wheelTickMs);
    this.#onTick = onTick;
  }

  /** Starts the tick. It does not keep the process alive. */
  start(): void {
    if (this.#timer !== null) return;
    this.advance(performance.now());
    this.#timer = setInterval(() => this.advance(performance.now()), limits.wheelTickMs);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Arms or moves a deadline to `delayMs` from now. */
  arm(deadline: Deadline, delayMs: number): void {
    const dueMs = this.nowMs + delayMs;
    deadline.dueMs = dueMs;
    deadline.armed = true;
    // One tick more: the coarse clock may lag by one, and a deadline must never fire early.
    const tick = Math.floor(dueMs / limits.wheelTickMs) + 1;
    if (deadline.tick !== -1) {
      if (deadline.tick <= tick) return;
      this.#unlink(deadline);
    }
    this.#link(deadline, tick);
  }

  /** Disarms for good and forgets the entry. */
  cancel(deadline: Deadline): void {
    deadline.armed = false;
    if (deadline.tick !== -1) this.#unlink(deadline);
  }

  /** Fires what is due. Called by the timer; tests call it with a time of their own. */
  advance(nowMs: number): void {
    this.nowMs = nowMs;
    const target = Math.floor(nowMs / limits.wheelTickMs);
    // After a long stall every slot is visited once; more rounds would visit the same entries again.
    if (target - this.#tick > limits.wheelSlots) this.#tick = target - limits.wheelSlots;
    while (this.#tick < target) {
      this.#tick += 1;
      this.#fireSlot(this.#tick & this.#mask);
    }
    this.#onTick(nowMs);
  }

  #fireSlot(slot: number): void {
    let entry = this.#slots[slot] ?? null;
    this.#slots[slot] = null;
    while (entry !== null) {
      const next: Deadline | null = entry.next;
      entry.next = null;
      entry.prev = null;
      entry.tick = -1;
      if (entry.armed) this.#collect(entry);
      entry = next;
    }
    // Fired after the walk: an owner may cancel or arm any other deadline.
    for (const due of this.#due.splice(0)) {
      if (!due.armed || due.tick !== -1) continue;
      due.armed = false;
      due.owner.onDeadline(due);
    }
  }

  #collect(entry: Deadline): void {
    if (entry.dueMs <= this.nowMs) this.#due.push(entry);
    else this.#link(entry, Math.max(this.#tick + 1, Math.floor(entry.dueMs / limits.wheelTickMs) + 1));
  }

  #link(deadline: Deadline, tick: number): void {
    const at = tick & this.#mask;
    const head = this.#slots[at] ?? null;
    deadline.tick = tick;
    deadline.prev = null;
    deadline.next = head;
    if (head !== null) head.prev = deadline;
    this.#slots[at] = deadline;
  }

  #unlink(deadline: Deadline): void {
    if (deadline.prev !== null) deadline.prev.next = deadline.next;
    else if (this.#slots[deadline.tick & this.#mask] === deadline)
      this.#slots[deadline.tick & this.#mask] = deadline.next;
    if (deadline.next !== null) deadline.next.prev = deadline.prev;
    deadline.next = null;
    deadline.prev = null;
    deadline.tick = -1;
  }
}
