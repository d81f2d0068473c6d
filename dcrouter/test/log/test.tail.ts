import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogTail, type ILogLine } from '../../ts/log/tail.ts';

const line = (level: string, msg: string) => `{"level":"${level}","time":"2026-01-02T03:04:05.678Z","msg":"${msg}"}\n`;
const messages = (lines: readonly ILogLine[]) => lines.map(({ text }) => (JSON.parse(text) as { msg: string }).msg);

test('the newest lines come back oldest first, by level and by text', () => {
  const tail = new LogTail();
  for (const [level, msg] of [
    ['debug', 'a'],
    ['info', 'Request b'],
    ['warn', 'c'],
    ['error', 'request d'],
  ] as const)
    tail.write(line(level, msg));
  assert.deepEqual(messages(tail.latest(2)), ['c', 'request d']);
  assert.deepEqual(messages(tail.latest(10, { level: 'warn' })), ['c', 'request d']);
  assert.deepEqual(messages(tail.latest(10, { match: 'REQUEST' })), ['Request b', 'request d']);
  assert.deepEqual(
    tail.latest(10).map(({ id, level }) => [id, level]),
    [
      [1, 'debug'],
      [2, 'info'],
      [3, 'warn'],
      [4, 'error'],
    ],
  );
});

test('lines and characters are bounded, the oldest go', () => {
  const byLines = new LogTail(3);
  for (const msg of ['1', '2', '3', '4', '5']) byLines.write(line('info', msg));
  assert.deepEqual(messages(byLines.latest(10)), ['3', '4', '5']);
  assert.deepEqual(byLines.stats(), { lines: 3, evicted: 2, followers: 0 });

  const one = line('info', 'x').length - 1;
  const byChars = new LogTail(100, one * 2);
  for (const msg of ['a', 'b', 'c']) byChars.write(line('info', msg));
  assert.deepEqual(messages(byChars.latest(10)), ['b', 'c']);
  byChars.write(line('info', 'y'.repeat(one * 2)));
  assert.deepEqual(byChars.stats().lines, 0, 'a line larger than the tail makes room and is not kept');
  byChars.write(line('info', 'd'));
  assert.deepEqual(messages(byChars.latest(10)), ['d']);
});

test('followers get what passes their filter until they let go, and there are only so many', () => {
  const tail = new LogTail();
  const got: ILogLine[] = [];
  const stop = tail.follow((each) => got.push(each), { level: 'warn', match: 'up' });
  tail.write(line('info', 'up'));
  tail.write(line('warn', 'up'));
  tail.write(line('warn', 'down'));
  stop();
  tail.write(line('warn', 'up'));
  assert.deepEqual(
    got.map(({ id }) => id),
    [2],
  );
  const stops = Array.from({ length: 64 }, () => tail.follow(() => {}));
  assert.throws(() => tail.follow(() => {}), /end one of them first/);
  for (const each of stops) each();
  assert.equal(tail.stats().followers, 0);
  assert.throws(() => tail.latest(1, { match: 'x'.repeat(257) }), /at most 256/);
});
