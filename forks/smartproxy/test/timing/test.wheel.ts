// The timer wheel under a clock of the test's own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadline, TimerWheel, type IDeadlineOwner } from '../../ts/timing/wheel.ts';

class Owner implements IDeadlineOwner {
  readonly fired: number[] = [];
  readonly deadline = new Deadline(this);
  readonly #wheel: TimerWheel;
  onFire: () => void = () => {};

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel;
  }

  onDeadline(): void {
    this.fired.push(this.#wheel.nowMs);
    this.onFire();
  }
}

test('deadlines fire after their time and within a tick or two, however far away', () => {
  const wheel = new TimerWheel();
  const start = wheel.nowMs;
  const delays = [1, 99, 100, 101, 5_000, 102_400, 102_401, 1_000_000];
  const owners = delays.map((delay) => {
    const owner = new Owner(wheel);
    wheel.arm(owner.deadline, delay);
    return owner;
  });
  for (let nowMs = start; nowMs <= start + 1_100_000; nowMs += 50) wheel.advance(nowMs);
  for (const [at, owner] of owners.entries()) {
    assert.equal(owner.fired.length, 1);
    const late = owner.fired[0]! - start - delays[at]!;
    assert.ok(late >= 0 && late <= 250, `${delays[at]} ms fired ${late} ms late`);
  }
});

test('pushing a deadline out, pulling it in, cancelling it and arming it while firing all hold', () => {
  const wheel = new TimerWheel();
  const start = wheel.nowMs;
  const [out, into, gone, again, victim] = Array.from({ length: 5 }, () => new Owner(wheel)) as [
    Owner,
    Owner,
    Owner,
    Owner,
    Owner,
  ];
  wheel.arm(out.deadline, 200);
  wheel.arm(into.deadline, 10_000);
  wheel.arm(gone.deadline, 200);
  wheel.arm(again.deadline, 200);
  wheel.arm(victim.deadline, 200);
  again.onFire = () => {
    wheel.cancel(victim.deadline);
    if (again.fired.length < 3) wheel.arm(again.deadline, 200);
  };
  wheel.arm(out.deadline, 3_000);
  wheel.arm(into.deadline, 300);
  wheel.cancel(gone.deadline);
  for (let nowMs = start; nowMs <= start + 5_000; nowMs += 100) wheel.advance(nowMs);
  assert.equal(out.fired.length, 1);
  assert.ok(out.fired[0]! >= start + 3_000);
  assert.ok(into.fired[0]! < start + 700);
  assert.equal(gone.fired.length, 0);
  assert.equal(again.fired.length, 3);
  assert.ok(victim.fired.length <= 1);
});

test('after a long stall everything that is due fires once', () => {
  const wheel = new TimerWheel();
  const owners = Array.from({ length: 50 }, () => new Owner(wheel));
  for (const [at, owner] of owners.entries()) wheel.arm(owner.deadline, at * 10_000);
  wheel.advance(wheel.nowMs + 10_000_000);
  wheel.advance(wheel.nowMs + 200);
  assert.ok(owners.every((owner) => owner.fired.length === 1));
});
