// The bench's arithmetic: a wrong median or verdict would make every result a false claim.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { cpuSeconds } from '../../bench/harness/cpu.ts';
import { interleave, paired } from '../../bench/harness/interleave.ts';
import { makeRow, median, missingPeerRow } from '../../bench/harness/rows.ts';

const base = { suite: 's', row: 'r', unit: 'µs', peer: 'p' };

test('medians: middle, mean of the middle two, none', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('ratios are formed inside a round, then the median is taken', () => {
  const row = makeRow({ ...base, ours: [10, 40, 30], peerValues: [10, 20, 10], goal: { atMost: 2 } });
  assert.equal(row.ours, 30);
  assert.equal(row.peerValue, 10);
  assert.equal(row.ratio, 2);
  assert.equal(row.met, true);
  assert.equal(row.goal, '≤ 2 ×');
  assert.equal(row.rounds, 3);
});

test('goals: at most, at least, absolute, and none without a measurement', () => {
  assert.equal(makeRow({ ...base, ours: [3], peerValues: [1], goal: { atMost: 2 } }).met, false);
  assert.equal(makeRow({ ...base, ours: [3], peerValues: [1], goal: { atLeast: 3 } }).met, true);
  assert.equal(makeRow({ ...base, ours: [6], goal: { atMost: 5, absolute: true } }).met, false);
  const unmeasured = makeRow({ ...base, ours: [], peerValues: [1], goal: { atMost: 2 } });
  assert.deepEqual([unmeasured.ours, unmeasured.ratio, unmeasured.met], [null, null, null]);
  assert.match(missingPeerRow('s', 'r', 'µs', 'p', 'install it').note ?? '', /^missing: install it$/);
});

test('a round in which one side failed counts for neither', async () => {
  const results = await interleave(
    'title',
    [
      { name: 'ours', measure: async (round) => round },
      {
        name: 'peer',
        measure: async (round) => {
          if (round === 1) throw new Error('broken');
          return round * 10;
        },
      },
    ],
    3,
  );
  assert.deepEqual(
    paired(results.get('ours'), results.get('peer'), (value) => value),
    { ours: [0, 2], peer: [0, 20] },
  );
  assert.equal(results.get('peer')!.failure, 'broken');
});

test('CPU time is that of the whole process tree', async (t) => {
  const burn = 'const end = process.cpuUsage(); while (process.cpuUsage(end).user < 100000) Math.sqrt(2);';
  const parent = `require('child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(burn)}]); console.log('ready'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', parent], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill());
  await once(child.stdout, 'data');
  const seconds = cpuSeconds(child.pid!);
  assert.ok(seconds >= 0.1, `${seconds} s of a child that used 0.1 s and ended`);
});
