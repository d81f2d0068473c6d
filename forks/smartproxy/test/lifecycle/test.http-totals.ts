import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouteCounters } from '#proxy/stats/counters';
import { HttpTotals } from '#proxy/stats/httptotals';
import { LATENCY_BOUNDS_SECONDS } from '#proxy/limits/windows';

function count(route: RouteCounters, seconds: number, status: number): void {
  route.requests += 1;
  route.statusClasses[status]! += 1;
  route.latency.observe(seconds);
}

test('the totals are the sum over the routes, at every reading, also when routes are folded together', () => {
  const totals = new HttpTotals();
  const [one, two, removed] = [new RouteCounters('one'), new RouteCounters('two'), new RouteCounters('(removed)')];
  const check = (routes: RouteCounters[]): void => {
    const read = totals.read(routes);
    assert.deepEqual(
      read.latencyBuckets.map(({ le }) => le),
      [...LATENCY_BOUNDS_SECONDS, Infinity],
    );
    for (const [at, { count: shown }] of read.latencyBuckets.entries()) {
      const sum = routes.reduce((all, { latency }) => all + latency.cumulative(LATENCY_BOUNDS_SECONDS)[at]!.count, 0);
      assert.equal(shown, sum);
    }
    assert.equal(
      read.statusClasses['2xx'],
      routes.reduce((all, { statusClasses }) => all + statusClasses[2]!, 0),
    );
    assert.deepEqual(
      [...read.requestsByRoute],
      routes.map(({ name, requests }) => [name, requests]),
    );
  };
  check([one, two]);
  count(one, 0.003, 2);
  check([one, two]);
  count(one, 20, 5);
  count(two, 0.2, 2);
  check([one, two]);
  removed.absorb(one);
  check([two, removed]);
  count(two, 0.001, 3);
  check([two, removed]);
});
