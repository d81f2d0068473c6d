import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideStart, type TKnownVersion } from '../../ts/control/startup.ts';

/** `3 active A`: version, state, hash of the file; newest first. */
function versions(...lines: readonly string[]): TKnownVersion[] {
  return lines.map((line) => {
    const [version, state, hash] = line.split(' ') as [string, TKnownVersion['state'], string];
    return { version: Number(version), state, hash };
  });
}

/** What serves and what is settled before. */
function decide(fileHash: string, ...lines: readonly string[]): [number | 'file', ...string[]] {
  const { version, settle } = decideStart(fileHash, versions(...lines));
  return [version ?? 'file', ...settle.map((one) => `${one.version} ${one.state}`)];
}

test('the first start serves the file', () => {
  assert.deepEqual(decide('A'), ['file']);
});

test('a store in which nothing ever served is as good as an empty one', () => {
  assert.deepEqual(decide('A', '2 failed A', '1 failed A'), ['file']);
});

test('a file that has not changed leaves the version that came from it', () => {
  assert.deepEqual(decide('A', '1 active A'), [1]);
});

test('what the API applied after the file survives a restart', () => {
  assert.deepEqual(decide('A', '3 active A', '2 superseded A', '1 superseded A'), [3]);
});

test('a file that has changed since serves as a new version', () => {
  assert.deepEqual(decide('B', '2 active A', '1 superseded A'), ['file']);
});

test('a file that was refused while the router ran is tried again at the start', () => {
  assert.deepEqual(decide('B', '2 failed B', '1 active A'), ['file']);
});

test('a version that was pending at a crash failed, and the one before it serves', () => {
  assert.deepEqual(decide('A', '3 pending A', '2 active A', '1 superseded A'), [2, '3 failed']);
});

test('a pending version of a file that has changed leaves the file its turn', () => {
  assert.deepEqual(decide('B', '2 pending B', '1 active A'), ['file', '2 failed']);
});

test('a version that was unconfirmed at a crash is reverted, and the one before it serves', () => {
  assert.deepEqual(decide('A', '3 unconfirmed A', '2 active A'), [2, '3 reverted']);
  assert.deepEqual(decide('A', '3 unconfirmed A', '2 superseded A', '1 superseded A'), [2, '3 reverted']);
});

test('an unconfirmed version that came from the file as it is does not come back through the file', () => {
  assert.deepEqual(decide('B', '2 unconfirmed B', '1 active A'), [1, '2 reverted']);
  assert.deepEqual(decide('B', '3 failed B', '2 reverted B', '1 active A'), [1]);
});

test('a file that has changed since the unconfirmed version serves', () => {
  assert.deepEqual(decide('C', '2 unconfirmed B', '1 active A'), ['file', '2 reverted']);
});

test('a version that was taken back long ago keeps no later file from serving', () => {
  assert.deepEqual(decide('B', '3 active A', '2 reverted B', '1 superseded A'), ['file']);
});

test('the version that served last is known also when the file is preferred', () => {
  assert.equal(decideStart('B', versions('3 failed B', '2 active A')).lastGood, 2);
});
