import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptsGzip, negotiateFormat } from '@dcrouter/metrics';

const formats: ReadonlyArray<readonly [accept: string | undefined, format: 'text' | 'openmetrics']> = [
  [undefined, 'text'],
  ['', 'text'],
  ['*/*', 'text'],
  ['text/html,application/xhtml+xml,*/*;q=0.8', 'text'],
  ['application/json', 'text'],
  // Prometheus 2.42
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
  ],
  // Prometheus 2.42 with native histograms
  [
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
  ],
  // Prometheus 3
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    'openmetrics',
  ],
  ['text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.8', 'text'],
  ['application/openmetrics-text; version="1.0.0"; charset=utf-8', 'openmetrics'],
  ['Application/OpenMetrics-Text', 'openmetrics'],
  ['application/openmetrics-text;version=0.0.1', 'text'],
  ['application/openmetrics-text;version=2.0.0,text/plain;q=0.1', 'text'],
  ['application/openmetrics-text;q=0,text/plain;q=0.1', 'text'],
  ['application/openmetrics-text;q=0', 'text'],
  ['application/openmetrics-text;q=1.5', 'text'],
  ['application/openmetrics-text;q=x,;;=,', 'text'],
  ['text/plain,application/openmetrics-text', 'text'],
  ['application/openmetrics-text,text/plain', 'openmetrics'],
  [`${'x/y,'.repeat(100)}application/openmetrics-text`, 'text'],
];

for (const [accept, format] of formats) {
  test(`Accept: ${accept?.slice(0, 60) ?? '(none)'} gets ${format}`, () =>
    assert.equal(negotiateFormat(accept), format));
}

test('gzip is used only where it is allowed', () => {
  for (const field of ['gzip', 'GZIP;q=0.5', 'deflate, gzip', 'x-gzip', '*', 'br;q=1, *;q=0.1'])
    assert.ok(acceptsGzip(field), field);
  for (const field of [undefined, '', 'identity', 'gzip;q=0', 'br', '*;q=0', 'gzip;q=0, *', '*, gzip;q=0.000']) {
    assert.ok(!acceptsGzip(field), String(field));
  }
});
