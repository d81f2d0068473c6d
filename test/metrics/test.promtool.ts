import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { defaultMetrics, registerBuildInfo, Registry } from '@dcrouter/metrics';
import { missing } from './tools.ts';

const skip = missing('promtool');

function promtool(page: string): { status: number | null; complaints: string } {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: page, encoding: 'utf8' });
  return { status, complaints: stdout + stderr };
}

test('promtool finds nothing to complain about in a page with every type', { skip }, async (t) => {
  const registry = new Registry();
  t.after(defaultMetrics(registry));
  registerBuildInfo(registry, { name: 'shop', version: '1.0.0' });
  const labelNames = ['path'] as const;
  const path = 'a "quoted" \\ back\nslash é \u{1f600}';
  registry.counter({ name: 'shop_requests_total', help: 'Requests \\ with\nbreaks.', labelNames }).inc({ path }, 1e21);
  registry.gauge({ name: 'shop_open_carts', help: 'Carts.' }).set(-0.5);
  registry.histogram({ name: 'shop_request_seconds', help: 'Durations.', labelNames }).observe({ path }, 0.2);
  registry.summary({ name: 'shop_order_bytes', help: 'Sizes.', labelNames }).observe({ path }, 20);
  registry.summary({ name: 'shop_empty_bytes', help: 'No values yet.' });
  assert.deepEqual(promtool(await registry.expose()), { status: 0, complaints: '' });
});

test('promtool is awake: a bad name and a syntax error have their exit codes', { skip }, () => {
  assert.equal(promtool('# TYPE a_count gauge\na_count 1\n').status, 3);
  assert.equal(promtool('# TYPE a gauge\na{ 1\n').status, 1);
});
