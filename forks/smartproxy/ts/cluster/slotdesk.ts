/**
 * The primary's side of connections to targets with a maximum: who may open one, who waits for it, and who is to end one
 * for those who wait.
 *
 * @module
 */
import type { TSlotAnswer, TSlotChange } from '../http/slots.ts';
import { clusterLimits } from '../limits/cluster.ts';
import type { Member } from './member.ts';

/** What one worker has of one target. */
interface IPart {
  /** Its connections, granted ones that it does not have yet included. */
  held: number;
  /** How many of them it was told to end. */
  owed: number;
  /** How many wait there. */
  waiting: number;
}

interface IWaiting {
  readonly member: Member;
  readonly id: number;
  readonly max: number;
  readonly queueMax: number;
  /** It knows that it waits. */
  told: boolean;
}

interface ITarget {
  readonly key: string;
  readonly parts: Map<Member, IPart>;
  /** Longest first, over all workers. */
  queue: IWaiting[];
  /** Connections of all workers. */
  held: number;
  /** Workers that have not said yet what they have; until they did nobody gets one. */
  readonly unheard: Set<Member>;
}

export class SlotDesk {
  /** Workers that have been started: those that can be asked what they have. */
  readonly #members = new Set<Member>();
  readonly #targets = new Map<string, ITarget>();
  readonly #answers = new Map<Member, TSlotAnswer[]>();
  readonly #tell: (member: Member, answers: readonly TSlotAnswer[]) => void;

  /** @param tell sends answers to a worker */
  constructor(tell: (member: Member, answers: readonly TSlotAnswer[]) => void) {
    this.#tell = tell;
  }

  /** The worker was started. What came up meanwhile it is told now: it may have connections by then. */
  join(member: Member): void {
    this.#members.add(member);
    for (const key of this.#targets.keys()) this.#say(member, ['watch', key]);
    this.#flush();
  }

  take(from: Member, changes: readonly TSlotChange[]): void {
    // What it held was given back; its last words may come after its end.
    if (from.isGone) return;
    const touched = new Set<ITarget>();
    for (const change of changes) {
      const target = this.#target(change[1], from);
      touched.add(target);
      this.#apply(target, from, change);
    }
    for (const target of touched) this.#serve(target);
    this.#flush();
    if (this.#targets.size > clusterLimits.slotTargets) this.#forgetIdle();
  }

  /** The worker is gone, and its connections with it. */
  leave(member: Member): void {
    this.#members.delete(member);
    this.#answers.delete(member);
    for (const target of this.#targets.values()) {
      target.unheard.delete(member);
      target.held -= target.parts.get(member)?.held ?? 0;
      target.parts.delete(member);
      target.queue = target.queue.filter((waiting) => waiting.member !== member);
      this.#serve(target);
    }
    this.#flush();
  }

  #target(key: string, asker: Member): ITarget {
    let target = this.#targets.get(key);
    if (target === undefined) {
      const others = [...this.#members].filter((member) => member !== asker);
      target = { key, parts: new Map(), queue: [], held: 0, unheard: new Set(others) };
      this.#targets.set(key, target);
      for (const member of others) this.#say(member, ['watch', key]);
      if (others.length > 0) setTimeout(this.#stopListening, clusterLimits.slotAnswerMs, target).unref();
    }
    return target;
  }

  /** A worker that hangs must not hold up the others for long. */
  readonly #stopListening = (target: ITarget): void => {
    if (target.unheard.size === 0) return;
    target.unheard.clear();
    this.#serve(target);
    this.#flush();
  };

  #apply(target: ITarget, from: Member, change: TSlotChange): void {
    const part = partOf(target, from);
    switch (change[0]) {
      case 'ask':
        target.queue.push({ member: from, id: change[2], max: change[3], queueMax: change[4], told: false });
        part.waiting += 1;
        break;
      case 'leave': {
        const at = target.queue.findIndex(({ member, id }) => member === from && id === change[2]);
        // It may have been granted just now: then the worker gives it back.
        if (at === -1) break;
        target.queue.splice(at, 1);
        part.waiting -= 1;
        break;
      }
      case 'opened':
        target.unheard.delete(from);
        part.held += change[2];
        target.held += change[2];
        break;
      default:
        part.held -= 1;
        target.held -= 1;
        part.owed = Math.max(0, part.owed - 1);
    }
  }

  /** Grants what there is, in order, and has connections ended for those who still wait. */
  #serve(target: ITarget): void {
    if (target.unheard.size > 0) return;
    this.#grantAll(target);
    this.#queueNew(target);
    const { key, queue, parts } = target;
    const keep = partToKeep(target);
    const wanted = queue.length === 0 ? 0 : queue.length + Math.max(0, target.held - queue[0]!.max);
    for (const [member, part] of parts) {
      // One where nobody waits needs none of those that become idle.
      const spare = Math.max(0, part.held - (part.waiting === 0 ? 0 : keep));
      const owed = Math.min(wanted, spare);
      if (owed !== part.owed) {
        part.owed = owed;
        this.#say(member, ['owe', key, owed]);
      }
      if (part.held === 0 && part.waiting === 0) parts.delete(member);
    }
  }

  #grantAll(target: ITarget): void {
    const { key, queue } = target;
    let granted = 0;
    while (granted < queue.length && target.held < queue[granted]!.max) {
      const { member, id } = queue[granted]!;
      const part = partOf(target, member);
      granted += 1;
      part.waiting -= 1;
      part.held += 1;
      target.held += 1;
      this.#say(member, ['granted', key, id]);
    }
    if (granted > 0) queue.splice(0, granted);
  }

  /** Those who came last and have to wait, where there is room for them. */
  #queueNew(target: ITarget): void {
    const { key, queue } = target;
    let at = queue.length;
    while (at > 0 && !queue[at - 1]!.told) at -= 1;
    while (at < queue.length) {
      const waiting = queue[at]!;
      const { member, id, queueMax } = waiting;
      if (at < queueMax) {
        waiting.told = true;
        at += 1;
        this.#say(member, ['queued', key, id]);
      } else {
        queue.splice(at, 1);
        partOf(target, member).waiting -= 1;
        this.#say(member, ['refused', key, id]);
      }
    }
  }

  #forgetIdle(): void {
    for (const [key, { parts, unheard }] of this.#targets) {
      if (parts.size === 0 && unheard.size === 0) this.#targets.delete(key);
    }
  }

  #say(member: Member, answer: TSlotAnswer): void {
    const answers = this.#answers.get(member);
    if (answers === undefined) this.#answers.set(member, [answer]);
    else answers.push(answer);
  }

  #flush(): void {
    for (const [member, answers] of this.#answers) this.#tell(member, answers);
    this.#answers.clear();
  }
}

function partOf(target: ITarget, member: Member): IPart {
  let part = target.parts.get(member);
  if (part === undefined) {
    part = { held: 0, owed: 0, waiting: 0 };
    target.parts.set(member, part);
  }
  return part;
}

/**
 * How many a worker where somebody waits may keep for its own while others wait too: its share. Rounded down once one of
 * them has none at all: then somebody has more than that, so that each gets one in its turn.
 */
function partToKeep({ parts, queue }: ITarget): number {
  if (queue.length === 0) return 0;
  let workers = 0;
  let hasNone = false;
  for (const { held, waiting } of parts.values()) {
    if (held > 0 || waiting > 0) workers += 1;
    if (waiting > 0 && held === 0) hasNone = true;
  }
  const share = queue[0]!.max / workers;
  return hasNone ? Math.floor(share) : Math.ceil(share);
}
