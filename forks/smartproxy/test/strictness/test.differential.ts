import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDifferential } from './differential.ts';

const STREAMS = 20_000;

for (const seed of [1, 20_261_121]) {
  test(`nothing is accepted that llhttp refuses or frames differently (seed ${seed}, ${STREAMS} streams)`, (t) => {
    const result = runDifferential(seed, STREAMS);
    assert.equal(result.difference, undefined);
    t.diagnostic(`${result.accepted} messages accepted, ${result.refused} streams refused`);
    // The test would prove nothing if everything were refused, or nothing.
    assert.ok(result.accepted > STREAMS / 4, `${result.accepted} messages accepted`);
    assert.ok(result.refused > STREAMS / 4, `${result.refused} streams refused`);
    assert.ok(result.reasons.size > 15, [...result.reasons.keys()].join(' '));
  });
}
