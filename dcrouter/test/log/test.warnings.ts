import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Warnings } from '../../ts/log/warnings.ts';

function subject() {
  let nowMs = 0;
  const lines: Array<[string, Record<string, unknown>]> = [];
  const warnings = new Warnings({
    write: (fields, message) => lines.push([message, fields as Record<string, unknown>]),
    nowMs: () => nowMs,
  });
  return {
    lines,
    warnings,
    sleep: (ms: number) => {
      nowMs += ms;
    },
    told: () => lines.reduce((sum, [, { suppressed = 1 }]) => sum + (suppressed as number), 0),
  };
}

test('ten equal warnings are written, the others told as one line with their number', () => {
  const { warnings, lines, sleep, told } = subject();
  for (let n = 0; n < 25; n += 1) warnings.warn('refused', { reason: 'limit' }, { reason: 'limit', clientIp: `${n}` });
  warnings.warn('refused', { reason: 'other' }, { reason: 'other' });
  assert.equal(lines.length, 11);
  assert.deepEqual(lines[9], ['refused', { reason: 'limit', clientIp: '9' }]);
  sleep(10_000);
  warnings.warn('refused', { reason: 'limit' }, { reason: 'limit', clientIp: 'new' });
  assert.deepEqual(lines.slice(11), [
    ['refused', { reason: 'limit', suppressed: 15 }],
    ['refused', { reason: 'limit', clientIp: 'new' }],
  ]);
  assert.equal(told(), 27, 'every warning is either written or counted in a line');
  assert.equal(warnings.suppressed, 15);
});

test('what is left is told at the end, without another warning', () => {
  const { warnings, lines } = subject();
  for (let n = 0; n < 12; n += 1) warnings.warn('m', {}, {});
  warnings.close();
  assert.deepEqual(lines.at(-1), ['m', { suppressed: 2 }]);
  warnings.close();
  assert.equal(lines.length, 11);
});

test('kinds are bounded: those past it share one window, and none is lost', () => {
  const { warnings, told, sleep, lines } = subject();
  for (let n = 0; n < 1_000; n += 1) warnings.warn('m', { n }, { n });
  assert.equal(lines.length, 256 + 10);
  warnings.close();
  assert.equal(told(), 1_000);
  for (let n = 0; n < 256; n += 1) warnings.warn('m', { n }, { n });
  sleep(10_000);
  warnings.warn('m', { n: 'new' }, { n: 'new' });
  assert.deepEqual(lines.at(-1), ['m', { n: 'new' }], 'past windows make room');
});
