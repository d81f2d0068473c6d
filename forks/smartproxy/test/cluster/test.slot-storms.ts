// The conversation about connections to one target, with messages that are late in every way they can be: never more than
// the maximum, nobody forgotten, nothing lost when a worker dies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Member } from '#proxy/cluster/member';
import { SlotDesk } from '#proxy/cluster/slotdesk';
import { SlotClerk, type ISlotOwner, type TargetSlots, type TSlotAnswer, type TSlotChange } from '#proxy/http/slots';
import { seededRandom } from '../helpers/random.ts';

const KEY = '127.0.0.1 80';
const QUEUE_MAX = 20;

interface IUser {
  readonly connectionsMax: number;
  state: 'waiting' | 'served' | 'refused' | 'left';
}

/** A worker with the target as its pool has it, and the two ways of its channel. */
class Worker implements ISlotOwner<IUser> {
  readonly member = { isGone: false } as unknown as Member & { isGone: boolean };
  readonly sent: Array<readonly TSlotChange[]> = [];
  readonly coming: Array<readonly TSlotAnswer[]> = [];
  readonly clerk = new SlotClerk((changes) => this.sent.push(changes));
  readonly slots: TargetSlots<IUser> = this.clerk.attach(KEY, this);
  readonly waiting = new Set<IUser>();
  connections = 0;
  idle = 0;

  request(user: IUser): void {
    if (this.waiting.size === 0 && this.idle > 0) {
      this.idle -= 1;
      user.state = 'served';
      return;
    }
    this.waiting.add(user);
    this.slots.ask(user, QUEUE_MAX);
  }

  /** A busy connection becomes idle, is given to the next one here, or ends for others. */
  release(breaks: boolean): void {
    if (breaks || this.slots.owed > 0) {
      if (this.slots.owed > 0) this.slots.owed -= 1;
      this.#close();
      return;
    }
    const [next] = this.waiting;
    if (next === undefined) this.idle += 1;
    else this.#end(next, 'served');
  }

  give(user: IUser): void {
    this.#end(user, 'left');
  }

  onSlotGranted(user: IUser): void {
    this.waiting.delete(user);
    user.state = 'served';
    this.connections += 1;
  }

  onSlotQueued(user: IUser): void {
    assert.equal(user.state, 'waiting');
  }

  onSlotRefused(user: IUser): void {
    this.waiting.delete(user);
    user.state = 'refused';
  }

  onSlotsOwed(): void {
    while (this.slots.owed > 0 && this.idle > 0) {
      this.slots.owed -= 1;
      this.idle -= 1;
      this.#close();
    }
  }

  get busy(): number {
    return this.connections - this.idle;
  }

  #end(user: IUser, state: IUser['state']): void {
    this.waiting.delete(user);
    this.slots.leave(user);
    user.state = state;
  }

  #close(): void {
    this.connections -= 1;
    this.slots.closed();
  }
}

async function storm(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const below = (end: number): number => Math.floor(random() * end);
  const max = 1 + below(5);
  const users: IUser[] = [];
  const byMember = new Map<Member, Worker>();
  const desk = new SlotDesk((member, answers) => byMember.get(member)!.coming.push(answers));
  const start = (): void => {
    const worker = new Worker();
    byMember.set(worker.member, worker);
    desk.join(worker.member);
  };
  const kill = (worker: Worker): void => {
    for (const user of worker.waiting) user.state = 'left';
    // What it had said before is still heard.
    for (const changes of worker.sent) desk.take(worker.member, changes);
    worker.member.isGone = true;
    byMember.delete(worker.member);
    desk.leave(worker.member);
  };
  const pass = (worker: Worker): void => {
    const [changes] = worker.sent.splice(0, 1);
    if (changes !== undefined) desk.take(worker.member, changes);
  };
  const hear = (worker: Worker): void => {
    const [answers] = worker.coming.splice(0, 1);
    if (answers !== undefined) worker.clerk.take(answers);
  };
  for (let count = 1 + below(4); count > 0; count -= 1) start();
  const acts: Array<(worker: Worker) => void> = [
    pass,
    pass,
    hear,
    hear,
    (worker) => {
      const user: IUser = { connectionsMax: max, state: 'waiting' };
      users.push(user);
      worker.request(user);
    },
    (worker) => void (worker.busy > 0 && worker.release(below(4) === 0)),
    (worker) => void (below(4) === 0 && worker.waiting.size > 0 && worker.give([...worker.waiting][0]!)),
    (worker) => {
      if (below(40) !== 0) return;
      kill(worker);
      start();
    },
  ];
  const all = (): Worker[] => [...byMember.values()];
  const connections = (): number => all().reduce((sum, worker) => sum + worker.connections, 0);
  for (let step = 0; step < 400; step += 1) {
    acts[below(acts.length)]!(all()[below(byMember.size)]!);
    await Promise.resolve();
    assert.ok(connections() <= max, `seed ${seed}, step ${step}: ${connections()} of ${max}`);
  }
  // No new ones: everybody who waits is served while those who have one finish.
  for (let round = 0; users.some(({ state }) => state === 'waiting'); round += 1) {
    assert.ok(round < 2_000, `seed ${seed}: somebody waits for ever`);
    for (const worker of all()) {
      pass(worker);
      hear(worker);
      if (worker.busy > 0) worker.release(false);
    }
    await Promise.resolve();
    assert.ok(connections() <= max, `seed ${seed}`);
  }
  // The whole maximum can be had again, by one worker alone.
  const [one] = all();
  const last = Array.from({ length: max }, (): IUser => ({ connectionsMax: max, state: 'waiting' }));
  for (const worker of all()) while (worker.busy > 0) worker.release(false);
  for (const user of last) one!.request(user);
  for (let round = 0; last.some(({ state }) => state !== 'served'); round += 1) {
    assert.ok(round < 200, `seed ${seed}: a place is lost`);
    for (const worker of all()) {
      pass(worker);
      hear(worker);
    }
    await Promise.resolve();
  }
}

test('storms of late messages, deaths and broken connections', async () => {
  for (let seed = 1; seed <= 1_000; seed += 1) await storm(seed);
});

test('a worker that does not answer holds up the others for a second, not for ever', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const said = new Map<Member, TSlotAnswer[]>();
  const desk = new SlotDesk((member, answers) => said.set(member, [...(said.get(member) ?? []), ...answers]));
  const [one, hung] = [new Worker().member, new Worker().member];
  desk.join(one);
  desk.join(hung);
  desk.take(one, [['ask', KEY, 7, 1, QUEUE_MAX]]);
  assert.deepEqual([said.get(one), said.get(hung)], [undefined, [['watch', KEY]]]);
  t.mock.timers.tick(1_000);
  assert.deepEqual(said.get(one), [['granted', KEY, 7]]);
  // What it has after all counts from then on.
  desk.take(hung, [['opened', KEY, 2]]);
  desk.take(one, [
    ['closed', KEY],
    ['ask', KEY, 8, 1, QUEUE_MAX],
  ]);
  assert.deepEqual(said.get(one)!.slice(1), [['queued', KEY, 8]]);
  assert.deepEqual(said.get(hung)!.slice(1), [['owe', KEY, 2]]);
});
