import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Access, metricsHandler, Registry } from '@dcrouter/metrics';
import { FakeClock } from '../helpers/clock.ts';

test('loopback only, unless told otherwise', () => {
  const access = new Access();
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', undefined]) {
    assert.equal(access.refusal(address, undefined), undefined, String(address));
  }
  for (const address of ['10.0.0.1', '::ffff:10.0.0.1', '2001:db8::1', 'fe80::1', '0.0.0.0']) {
    assert.equal(access.refusal(address, undefined), 'forbidden', address);
  }
});

test('networks and single addresses are allowed by name', () => {
  const access = new Access({ allow: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'] });
  for (const address of ['10.200.0.1', '::FFFF:10.1.1.1', '2001:db8:1::5', '192.0.2.7']) {
    assert.equal(access.refusal(address, undefined), undefined, String(address));
  }
  for (const address of ['127.0.0.1', '11.0.0.1', '192.0.2.8', '2001:db9::1']) {
    assert.equal(access.refusal(address, undefined), 'forbidden', address);
  }
  assert.equal(new Access({ allow: 'any' }).refusal('203.0.113.5', undefined), undefined);
});

test('a bearer token must match exactly', () => {
  const access = new Access({ bearerToken: 's3cret' });
  assert.equal(access.refusal('::1', 'Bearer s3cret'), undefined);
  assert.equal(access.refusal('::1', 'bearer  s3cret '), undefined);
  for (const field of [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer s3cre',
    'Bearer s3cret2',
    'Basic s3cret',
    's3cret',
    'Bearer s3cret x',
  ]) {
    assert.equal(access.refusal('::1', field), 'unauthorized', String(field));
  }
});

test('requests past the rate are refused until time has passed; refused addresses use up nothing', () => {
  const clock = new FakeClock();
  const access = new Access({ requestsPerMinute: 3, nowMs: clock.now });
  for (let count = 0; count < 100; count += 1) assert.equal(access.refusal('10.0.0.1', undefined), 'forbidden');
  for (let count = 0; count < 3; count += 1) assert.equal(access.refusal('::1', undefined), undefined);
  assert.equal(access.refusal('::1', undefined), 'rate_limited');
  clock.pass(20_000);
  assert.equal(access.refusal('::1', undefined), undefined);
  assert.equal(access.refusal('::1', undefined), 'rate_limited');
  clock.pass(1e9);
  for (let count = 0; count < 3; count += 1) assert.equal(access.refusal('::1', undefined), undefined);
  assert.equal(access.refusal('::1', undefined), 'rate_limited');
});

test('guessing a token is slowed down by the rate', () => {
  const access = new Access({ bearerToken: 'x', requestsPerMinute: 1, nowMs: () => 0 });
  assert.equal(access.refusal('::1', 'Bearer y'), 'unauthorized');
  assert.equal(access.refusal('::1', 'Bearer x'), 'rate_limited');
});

test('options that make no sense are refused when the handler is made', () => {
  const bad = [
    { bearerToken: '' },
    { requestsPerMinute: 0 },
    { requestsPerMinute: NaN },
    ...['localhost', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/-1', '::1/129', '', '/8'].map((entry) => ({
      allow: [entry],
    })),
  ];
  for (const options of bad) {
    assert.throws(
      () => metricsHandler(new Registry(), options),
      { code: 'METRICS_BAD_OPTION' },
      JSON.stringify(options),
    );
  }
});
