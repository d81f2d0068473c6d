// States turn after several results in a row, addresses are judged one by one, and checks run when they should.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Check } from '../../ts/health/check.ts';
import { Scheduler } from '../../ts/health/scheduler.ts';
import { readTarget, targetText } from '../../ts/health/targets.ts';
import { Votes } from '../../ts/health/votes.ts';
import { checkOf, FixedNames } from './support.ts';

const names = new FixedNames();
const now = (): number => 7;
const { signal } = new AbortController();

test('a state turns after `fall` failures and `rise` successes in a row, not before', async () => {
  let fault: string | null = null;
  const check = checkOf('it', { probe: async () => fault });
  const states: string[] = [];
  for (const next of [null, null, 'x', 'x', null, 'x', 'x', 'x', null, 'x', null, null]) {
    fault = next;
    await check.run(names, now, signal);
    states.push(check.state);
  }
  assert.deepEqual(states, ['unknown', 'up', 'up', 'up', 'up', 'up', 'up', 'down', 'down', 'down', 'down', 'up']);
  const status = check.status();
  assert.deepEqual([status.runs, status.failures, status.changes], [12, 6, 3]);
});

test('every address of a name is judged by itself; the name is down when all of them are', async () => {
  const resolver = new FixedNames();
  resolver.set('app.test', '192.0.2.1', '192.0.2.2');
  const bad = new Set(['192.0.2.2']);
  const check = checkOf('it', {
    targets: [readTarget('app.test:80')],
    probe: async ({ address }) => (bad.has(address) ? 'refused' : null),
    rise: 1,
    fall: 1,
  });
  const down = (): string[] => check.findings().flatMap((finding) => (finding.down ? [finding.target] : []));
  await check.run(resolver, now, signal);
  assert.equal(check.state, 'up');
  assert.deepEqual(down(), ['192.0.2.2:80']);
  bad.add('192.0.2.1');
  await check.run(resolver, now, signal);
  assert.equal(check.state, 'down');
  assert.deepEqual(down(), ['192.0.2.1:80', '192.0.2.2:80', 'app.test:80']);
  // The name moves: what was found out about the old addresses is over.
  resolver.set('app.test', '192.0.2.3');
  await check.run(resolver, now, signal);
  assert.deepEqual(down(), []);
  resolver.known.clear();
  await check.run(resolver, now, signal);
  assert.deepEqual(check.findings(), [{ target: 'app.test:80', down: true, reason: 'unresolved' }]);
});

test('a service is looked at on the ports of its servers', async () => {
  const resolver = new FixedNames();
  resolver.known.set('_http._tcp.app.test', [
    { name: 'a.test', addresses: ['192.0.2.1'], port: 81, priority: 0, weight: 0 },
    { name: 'b.test', addresses: ['2001:db8::2'], port: 82, priority: 0, weight: 0 },
  ]);
  const seen: string[] = [];
  const check = checkOf('it', {
    targets: [readTarget('_http._tcp.app.test:srv')],
    probe: async ({ address, port, host }) => {
      seen.push(`${host} ${targetText(address, port)}`);
      return null;
    },
  });
  await check.run(resolver, now, signal);
  assert.deepEqual(seen, ['a.test 192.0.2.1:81', 'b.test [2001:db8::2]:82']);
});

test('a check that is configured anew goes on from the state that it had', async () => {
  const before = checkOf('it', { probe: async () => 'refused', fall: 1 });
  await before.run(names, now, signal);
  const after = new Check({ ...before.options, intervalMs: 5_000 }, 0, before);
  assert.equal(after.state, 'down');
  assert.deepEqual(
    after.findings().map(({ down }) => down),
    [true],
  );
});

test('a target is told to be unwell once, and well when the last check that was against it is not', () => {
  const told: string[] = [];
  const votes = new Votes((target, healthy, reason) => told.push(`${target} ${healthy} ${reason}`));
  const against = (reason: string) => [{ target: 'a:1', down: true, reason }];
  votes.cast('one', against('refused'));
  votes.cast('two', against('status-500'));
  votes.cast('one', against('timeout'));
  assert.deepEqual(told, ['a:1 false refused']);
  votes.cast('one', [{ target: 'a:1', down: false, reason: null }]);
  assert.equal(told.length, 1);
  votes.repeat();
  assert.equal(told.at(-1), 'a:1 false status-500');
  votes.forget('two');
  assert.equal(told.at(-1), 'a:1 true null');
  votes.repeat();
  assert.equal(told.length, 3);
});

test('checks run at their interval, so many at once, the longest due first', async () => {
  const clock = { ms: 0 };
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const scheduler = new Scheduler({
    nowMs: () => clock.ms,
    // Half way: no jitter.
    random: () => 0.5,
    run: (check) => {
      begun.push(check.options.name);
      return new Promise((resolve) => ends.set(check.options.name, resolve));
    },
  });
  const settle = async (name: string): Promise<void> => {
    ends.get(name)!();
    await new Promise((resolve) => setImmediate(resolve));
  };
  scheduler.concurrency = 2;
  const [a, b, c] = [checkOf('a'), checkOf('b'), checkOf('c')];
  scheduler.set([a, b, c]);
  scheduler.tick();
  assert.deepEqual(begun, [], 'the first runs are spread');
  clock.ms = 200;
  scheduler.tick();
  assert.deepEqual([begun, scheduler.running, scheduler.delayed], [['a', 'b'], 2, 1]);
  scheduler.tick();
  assert.equal(scheduler.delayed, 1, 'counted once');
  await settle('a');
  clock.ms = 1_300;
  scheduler.tick();
  assert.deepEqual(begun, ['a', 'b', 'c'], 'c has waited longest; b is still under way');
  await settle('b');
  scheduler.tick();
  assert.deepEqual(begun, ['a', 'b', 'c', 'a']);
  // One that is gone does not run again; one that stays keeps its time.
  scheduler.set([b]);
  for (const name of ['c', 'a']) await settle(name);
  clock.ms = 1_301;
  scheduler.tick();
  assert.deepEqual(begun.slice(4), ['b']);
  await settle('b');
  clock.ms = 2_300;
  scheduler.tick();
  assert.equal(begun.length, 5);
  clock.ms = 2_301;
  scheduler.tick();
  assert.equal(begun.length, 6);
  scheduler.stop();
});
