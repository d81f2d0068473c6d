import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from '@dcrouter/metrics';

/** One of each type with fixed times, so that whole pages can be compared. */
function sample(): Registry {
  const registry = new Registry({ selfMetrics: false, wallMs: () => 1_700_000_000_500 });
  const counter = registry.counter({
    name: 'c_total',
    help: 'Help with \\ and\nnewline "quoted".',
    labelNames: ['path'],
  });
  counter.inc({ path: 'C:\\DIR\n"x"' }, 3);
  counter.inc({ path: '' });
  registry.counter({ name: 'plain', help: 'No suffix.' }).inc(7);
  registry.gauge({ name: 'g_bytes', help: 'G.', unit: 'bytes' }).set(-0.25);
  registry.histogram({ name: 'h_seconds', help: 'H.', unit: 'seconds', buckets: [0.5, 1] }).observe(0.75);
  registry.summary({ name: 's', help: 'S.', labelNames: ['x'], quantiles: [0.5, 1] }).observe({ x: 'ü' }, 2);
  return registry;
}

test('text 0.0.4 is written as its specification says', async () => {
  const expected = String.raw`# HELP c_total Help with \\ and\nnewline "quoted".
# TYPE c_total counter
c_total{path="C:\\DIR\n\"x\""} 3
c_total{path=""} 1
# HELP plain No suffix.
# TYPE plain counter
plain 7
# HELP g_bytes G.
# TYPE g_bytes gauge
g_bytes -0.25
# HELP h_seconds H.
# TYPE h_seconds histogram
h_seconds_bucket{le="0.5"} 0
h_seconds_bucket{le="1"} 1
h_seconds_bucket{le="+Inf"} 1
h_seconds_sum 0.75
h_seconds_count 1
# HELP s S.
# TYPE s summary
s{x="ü",quantile="0.5"} 2
s{x="ü",quantile="1"} 2
s_sum{x="ü"} 2
s_count{x="ü"} 1
`;
  assert.equal(await sample().expose(), expected);
});

test('OpenMetrics 1.0 is written as its specification says', async () => {
  const expected = String.raw`# TYPE c counter
# HELP c Help with \\ and\nnewline \"quoted\".
c_total{path="C:\\DIR\n\"x\""} 3
c_created{path="C:\\DIR\n\"x\""} 1700000000.5
c_total{path=""} 1
c_created{path=""} 1700000000.5
# TYPE plain counter
# HELP plain No suffix.
plain_total 7
plain_created 1700000000.5
# TYPE g_bytes gauge
# UNIT g_bytes bytes
# HELP g_bytes G.
g_bytes -0.25
# TYPE h_seconds histogram
# UNIT h_seconds seconds
# HELP h_seconds H.
h_seconds_bucket{le="0.5"} 0
h_seconds_bucket{le="1.0"} 1
h_seconds_bucket{le="+Inf"} 1
h_seconds_sum 0.75
h_seconds_count 1
h_seconds_created 1700000000.5
# TYPE s summary
# HELP s S.
s{x="ü",quantile="0.5"} 2
s{x="ü",quantile="1.0"} 2
s_sum{x="ü"} 2
s_count{x="ü"} 1
s_created{x="ü"} 1700000000.5
# EOF
`;
  assert.equal(await sample().expose({ format: 'openmetrics' }), expected);
});

test('_created can be left out', async () => {
  assert.doesNotMatch(await sample().expose({ format: 'openmetrics', created: false }), /_created/);
});

test('an empty registry is an empty page, in OpenMetrics one with its end', async () => {
  const registry = new Registry({ selfMetrics: false });
  assert.equal(await registry.expose(), '');
  assert.equal(await registry.expose({ format: 'openmetrics' }), '# EOF\n');
});

test('the order is that of registration and first use, and stays', async () => {
  const registry = new Registry({ selfMetrics: false });
  const late = registry.gauge({ name: 'z', help: 'Z.', labelNames: ['x'] });
  registry.gauge({ name: 'a', help: 'A.' });
  for (const x of ['m', 'a', 'z']) late.set({ x }, 1);
  const first = await registry.expose();
  late.set({ x: 'a' }, 1);
  assert.equal(await registry.expose(), first);
  assert.deepEqual(
    [...first.matchAll(/^(\w+(?:\{.*\})?) /gm)].map((match) => match[1]),
    ['z{x="m"}', 'z{x="a"}', 'z{x="z"}', 'a'],
  );
});
