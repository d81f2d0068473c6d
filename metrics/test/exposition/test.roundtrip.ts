import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from '@dcrouter/metrics';
import { parseExposition } from '../helpers/parse.ts';
import { Random } from '../helpers/random.ts';

const PIECES = [
  '"',
  '\\',
  '\n',
  '\\n',
  '\\"',
  '\r',
  '\t',
  '\0',
  '{',
  '}',
  ',',
  '=',
  ' ',
  '#',
  'a',
  'Z',
  '0',
  'é',
  '€',
  '\u{1f600}',
  '\u2028',
  '# EOF',
  'le=',
];

function anyText(random: Random): string {
  return Array.from({ length: random.below(8) }, () => random.pick(PIECES)).join('');
}

function anyNumber(random: Random): number {
  const kinds = [
    () => random.below(10),
    () => random.below(2 ** 31),
    () => Math.floor(random.next() * 2 ** 53),
    () => -random.below(1e6),
    () => random.next(),
    () => -random.next() * 1e-300,
    () => random.next() * 10 ** (random.below(600) - 300),
    () => 2 ** random.below(1_023),
    () =>
      random.pick([
        0,
        1,
        9,
        10,
        99,
        100,
        4_294_967_295,
        4_294_967_296,
        999_999_999_999,
        2 ** 53 - 1,
        2 ** 53,
        1e21,
        5e-324,
        1.7976931348623157e308,
      ]),
    () => random.pick([Infinity, -Infinity]),
  ];
  return random.pick(kinds)();
}

const same = (one: number, other: number): boolean => Object.is(one + 0, other + 0);

test('gauges read back as what was set, for any label values and numbers', async () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = new Random(seed);
    const registry = new Registry({ selfMetrics: false });
    const help = anyText(random) || '?';
    const gauge = registry.gauge({ name: 'g', help: `x${help}`, labelNames: ['a', 'b'], seriesMax: 10_000 });
    const exact = new Map<string, number>();
    for (let step = 0; step < 100; step += 1) {
      const labels = { a: anyText(random), b: anyText(random) };
      const value = anyNumber(random);
      gauge.set(labels, value);
      exact.set(JSON.stringify(labels), value);
    }
    for (const format of ['text', 'openmetrics'] as const) {
      const family = parseExposition(await registry.expose({ format }), format).get('g')!;
      assert.equal(family.samples.length, exact.size, `seed ${seed}`);
      for (const { labels, value } of family.samples) {
        const expected = exact.get(JSON.stringify({ a: labels['a'], b: labels['b'] }))!;
        assert.ok(same(value, expected), `seed ${seed}: ${value} for ${expected}`);
      }
    }
  }
});

test('histograms read back cumulative and complete', async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const random = new Random(seed);
    const registry = new Registry({ selfMetrics: false });
    const buckets = [...new Set(Array.from({ length: 1 + random.below(12) }, () => random.next() * 100))].sort(
      (a, b) => a - b,
    );
    const histogram = registry.histogram({ name: 'h', help: 'H.', labelNames: ['x'], buckets });
    const values = Array.from({ length: 200 }, () => random.next() * 120);
    for (const value of values) histogram.observe({ x: 'q"' }, value);
    for (const format of ['text', 'openmetrics'] as const) {
      const { samples } = parseExposition(await registry.expose({ format, created: false }), format).get('h')!;
      for (const { name, labels, value } of samples) {
        if (name !== 'h_bucket') continue;
        const bound = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
        assert.equal(value, values.filter((one) => one <= bound).length, `seed ${seed}`);
      }
      const [sum, count] = samples.slice(-2).map(({ value }) => value);
      assert.ok(Math.abs(sum! - values.reduce((total, one) => total + one, 0)) < 1e-6);
      assert.equal(count, values.length);
    }
  }
});
